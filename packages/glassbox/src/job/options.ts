/** What a caller may say to run() and openBox(). Units stand in the names; `Infinity` spells "unlimited". */
import type { Policy } from '../seccomp/policy.ts'
import type { Trace, TraceOptions } from '../trace/types.ts'
import type { RunnerName } from './result.ts'
import type { ErrorOutput, Input, Output } from './streams.ts'

/** What the program may use. A limit left out has the default of `DEFAULT_LIMITS`; zero is an error. */
export interface Limits {
  /** CPU time of all processes together, user and system, ms. */
  readonly cpuTimeMs?: number
  /** Time by the clock from exec, ms. */
  readonly wallTimeMs?: number
  /** Memory of all processes together, with tmpfs files and swap, bytes. */
  readonly memoryBytes?: number
  /** Processes and threads at a time. */
  readonly processes?: number
  /** Bytes written to stdout and stderr, each. */
  readonly outputBytes?: number
  /** Stack of the main thread, bytes (RLIMIT_STACK). */
  readonly stackBytes?: number
  /** Descriptors at a time, each process (RLIMIT_NOFILE). */
  readonly openFiles?: number
  /** Size of a file that it writes, bytes (RLIMIT_FSIZE). */
  readonly fileSizeBytes?: number
}

/** A directory or file of the host that is seen in the box. */
export interface Bind {
  /** On the host. */
  readonly source: string
  /** In the box, absolute; the same as `source` where left out. */
  readonly target?: string
  /** Read-only unless true. */
  readonly writable?: boolean
}

/** The box itself: what is fixed when it is opened. */
export interface BoxOptions {
  /** Which runner; no fallback from one to another. Default `namespace`. */
  readonly runner?: RunnerName
  readonly binds?: readonly Bind[]
  /** `none` (default): a network of its own with nothing but loopback. `host`: the host's. */
  readonly net?: 'none' | 'host'
  /** Host name in the box. Default `glassbox`. */
  readonly hostname?: string
  /** Size of the working directory and of /tmp, bytes each. Default 256 MiB. */
  readonly diskBytes?: number
  /** Files and directories in the working directory and in /tmp, each. Default 16384. */
  readonly diskFiles?: number
  /** Files put into the working directory before the program starts, by relative path. */
  readonly files?: Readonly<
    Record<string, string | Uint8Array | { readonly file: string; readonly mode?: number }>
  >
  readonly signal?: AbortSignal
}

/** What is asked of a trace of the program; see `trace()`. Process ids are those of the host. Its times count in the limits. */
export interface ProgramTrace extends Omit<TraceOptions, 'attach' | 'killOnExit' | 'seccomp' | 'signal'> {
  /**
   * Given the trace before the program runs: to loop over its events, or to listen to what handlers post. run() waits for it; where it
   * rejects, the program is ended and run() rejects with the same.
   */
  readonly reader?: (trace: Trace) => Promise<void>
}

/** One command in a box. */
export interface CommandOptions {
  readonly limits?: Limits
  /** Where stdin comes from. Default: it is empty. */
  readonly stdin?: Input
  /** Where stdout goes. Default `capture`. */
  readonly stdout?: Output
  /** Where stderr goes. Default `capture`; `stdout` for one pipe with stdout. */
  readonly stderr?: ErrorOutput
  /** How captured output comes back. Default `utf8`. */
  readonly encoding?: 'utf8' | 'buffer'
  /** Working directory in the box. Default `/box`. */
  readonly cwd?: string
  /** The program's whole environment. Default: PATH, HOME, LANG=C.UTF-8 and nothing of the host's. */
  readonly env?: Readonly<Record<string, string>>
  /** System calls: what is refused and what ends the program. Default `DEFAULT_POLICY`; `null` for no filter. */
  readonly policy?: Policy | null
  /** Traces the program and everything that it starts. */
  readonly trace?: ProgramTrace
  /** Paths in the working directory to bring out when everything in the box is dead. */
  readonly collect?: readonly string[]
  /** Bytes of all collected files together. Default 64 MiB. */
  readonly collectBytes?: number
  readonly signal?: AbortSignal
}

export interface RunOptions extends BoxOptions, CommandOptions {}

/** Asks for captured output as bytes. */
export interface AsBytes {
  readonly encoding: 'buffer'
}
