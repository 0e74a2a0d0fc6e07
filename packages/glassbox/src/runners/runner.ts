/**
 * The contract between the API and its runners. `run()`, boxes and pools know this and nothing
 * else of a runner; a runner knows nothing of them.
 *
 * - A runner opens sandboxes; a sandbox runs one job at a time, and jobs of one sandbox find its
 *   files.
 * - Streams are three descriptors of this process, which every runner can serve.
 * - A job's end is data (`Ending`). What rejects is a fault of the caller, of the host or of
 *   glassbox.
 */
import type { Ending } from '../job/ending.ts'
import type { Job, JobTerms } from '../job/job.ts'
import type { CollectedFile, DirectoryEntry } from '../job/files.ts'
import type { ResolvedBox } from '../job/resolved.ts'
import type { RunnerName } from '../job/result.ts'
import type { FileVisitor } from '../stdio/files/visitor.ts'
import type { HostPaths } from '../stdio/host-paths.ts'
import type { InputFile } from '../stdio/input-files.ts'
import type { Owner } from '../stdio/pipe.ts'

export interface Runner {
  readonly name: RunnerName
  /** On failure nothing is left. */
  open(spec: SandboxSpec): Promise<Sandbox>
  /** Every system call that running the job would make, as text. Starts nothing. */
  plan(spec: SandboxSpec, job: Job): string
}

/** What a sandbox shows, and what it is for. */
export interface SandboxSpec {
  readonly box: ResolvedBox
  /**
   * How files of the host that the caller names are reached, in view of what programs of the box
   * may write.
   */
  readonly paths: HostPaths
  /** Files of the host that it must show although it would not by itself. */
  readonly programs: readonly string[]
  /**
   * `once`: for one job, which may be started before the sandbox is ready. `often`: for several,
   * which find the files of those before them. `pooled`: for several that find nothing of each
   * other; only such a sandbox can be reset.
   */
  readonly use: 'once' | 'often' | 'pooled'
  /** What the first job is expected to ask for: the sandbox can prepare for it. */
  readonly expects?: JobTerms
}

export interface Sandbox extends AsyncDisposable {
  /**
   * False if it was ended from outside, or if its last job may have left something behind that
   * `reset` cannot see.
   */
  readonly reusable: boolean
  /** The user of its programs, if that is not the user of this process. */
  readonly owner: Owner | undefined
  readonly files: SandboxFiles
  /**
   * Starts a job. `stdio` are descriptors of this process, and stay the caller's: they may be
   * closed when the promise resolves. Rejects if the program cannot be started.
   */
  start(job: Job, stdio: readonly [number, number, number]): Promise<Started>
  /** Makes ready for a job that finds the files of the last one. */
  renew(): Promise<void>
  /**
   * Makes ready for a job that finds nothing of the last one. `dirty`: that cannot be done, and
   * the sandbox must be closed.
   */
  reset(): Promise<'clean' | 'dirty'>
  /** Ends whatever runs in it and removes it. May be called at any time. */
  close(): Promise<void>
}

/**
 * The files of a sandbox's working directory, by relative path. Links are never followed. What
 * rejects is an ERR_GLASSBOX_FILE that names the file. Nothing stops the event loop for long.
 */
export interface SandboxFiles {
  /** Whether there is a regular file or a link of that name. False before the sandbox is ready. */
  has(path: string): boolean
  /**
   * Replaces what has that name. Rejects with the reason of the signal when that is aborted; then
   * a part may be there.
   */
  write(input: InputFile, signal?: AbortSignal): Promise<void>
  /** A regular file of at most `maxBytes`. */
  read(path: string, maxBytes: number): Promise<CollectedFile>
  /**
   * Shows a file, or a directory and everything in it, to a visitor, and what cannot be had too.
   */
  visit(path: string, visitor: FileVisitor, maxEntries: number): Promise<void>
  /** What is in a directory, sorted by name; `.` is the working directory. */
  list(path: string): Promise<DirectoryEntry[]>
  /** Removes a file, or a directory with everything in it. */
  remove(path: string): Promise<void>
}

/** A job that runs. */
export interface Started {
  /** Resolves when every process of the job is dead. */
  readonly ended: Promise<Ending>
  /** Ends all of its processes. Harmless after their end. */
  stop(reason: 'canceled' | 'output'): void
}
