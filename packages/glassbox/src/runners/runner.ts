/**
 * The contract between the API and its runners. `run()`, boxes and pools know a runner only by
 * this contract, and a runner does not know them.
 *
 * - A runner opens sandboxes. A sandbox runs one job at a time, and its jobs share its files.
 * - The streams of a job are three descriptors of this process.
 * - The end of a job is data (`Ending`). A promise rejects only for a fault of the caller, of the
 *   host or of glassbox.
 */
import type { Ending } from '../job/ending.ts'
import type { Job, JobTerms } from '../job/job.ts'
import type { CollectedFile, DirectoryEntry } from '../job/files.ts'
import type { ResolvedBox } from '../job/resolved.ts'
import type { RunnerName } from '../job/result.ts'
import type { FileVisitor } from '../stdio/files/visitor.ts'
import type { HostPaths } from '../stdio/host-paths.ts'
import type { InputFile, StopSignal } from '../stdio/input-files.ts'
import type { Owner } from '../stdio/pipe.ts'

export interface Runner {
  readonly name: RunnerName
  /**
   * Whether its programs see the host's files under their own names. Otherwise they see the
   * system's directories, and what is bound.
   */
  readonly showsHost: boolean
  /** Whether its programs would run as another user than this process, if they started now. */
  readonly strangers: () => boolean
  /**
   * Throws InvalidOptionError for an option that this runner cannot honour, and
   * MissingFeatureError for one that it cannot honour on this host. Starts nothing.
   */
  check(box: ResolvedBox, terms?: JobTerms): void
  /** Opens a sandbox. On failure nothing is left. */
  open(spec: SandboxSpec): Promise<Sandbox>
  /** Every system call that running the job would make, as text. Starts nothing. */
  plan(spec: SandboxSpec, job: Job): Promise<string>
}

/** The contents and the purpose of a sandbox. */
export interface SandboxSpec {
  readonly box: ResolvedBox
  /** Opens the host's files that the caller names, safely below the writable binds of the box. */
  readonly paths: HostPaths
  /** Programs of the host that the sandbox has to show in addition. */
  readonly programs: readonly string[]
  /**
   * `once`: for one job, which may be started before the sandbox is ready. `often`: for several
   * jobs, which find the files of the jobs before them. `pooled`: for several jobs, each of which
   * finds an empty sandbox; only such a sandbox can be reset.
   */
  readonly use: 'once' | 'often' | 'pooled'
  /** The expected terms of the first job, so the sandbox can prepare for them. */
  readonly expects?: JobTerms
}

/** An open sandbox. Its owner closes it. */
export interface Sandbox extends AsyncDisposable {
  /**
   * False if it was ended from outside, or if its last job may have left something behind that
   * `reset` cannot see.
   */
  readonly reusable: boolean
  /** The user of its programs, if it differs from the user of this process. */
  readonly owner: Owner | undefined
  readonly files: SandboxFiles
  /**
   * Starts a job. `stdio` are descriptors of this process. They stay the caller's, and may be
   * closed once the promise has resolved. Rejects if the program cannot be started.
   */
  start(job: Job, stdio: readonly [number, number, number]): Promise<Started>
  /** Prepares the sandbox for the next job, which finds the files of the last one. */
  renew(): Promise<void>
  /**
   * Prepares the sandbox for the next job, which finds nothing of the last one. Resolves with
   * `dirty` if that is impossible; the sandbox then has to be closed.
   */
  reset(): Promise<'clean' | 'dirty'>
  /** Kills every process in it and removes it. May be called at any time. */
  close(): Promise<void>
}

/**
 * The files of a sandbox's working directory, by relative path. Links are never followed. Errors
 * are ERR_GLASSBOX_FILE and name the file. Long work is done in pieces, so the event loop is not
 * blocked.
 */
export interface SandboxFiles {
  /** Whether a regular file or a link of that name exists. False before the sandbox is ready. */
  has(path: string): boolean
  /**
   * Writes a file or directory, and replaces an existing file of that name. If the signal is
   * aborted, rejects with its reason; a part may have been written.
   */
  write(input: InputFile, signal?: StopSignal): Promise<void>
  /** Reads a regular file of at most `maxBytes`. */
  read(path: string, maxBytes: number): Promise<CollectedFile>
  /**
   * Calls a visitor for a file, or for a directory and everything in it. Failures are passed to
   * the visitor too.
   */
  visit(path: string, visitor: FileVisitor, maxEntries: number): Promise<void>
  /** Lists a directory, sorted by name; `.` is the working directory. */
  list(path: string): Promise<DirectoryEntry[]>
  /** Removes a file, or a directory with everything in it. */
  remove(path: string): Promise<void>
}

/** A running job. */
export interface Started {
  /** Resolves when every process of the job is dead. */
  readonly ended: Promise<Ending>
  /** Kills all of its processes. Has no effect after their end. */
  stop(reason: 'canceled' | 'output'): void
}
