/**
 * What a caller may say to run(), to a box and to a pool. Units stand in the names; `Infinity`
 * spells "unlimited". An option that is left out, or undefined, has its default. Anything else
 * that is not described here rejects with an `InvalidOptionError` before anything is started.
 *
 * Options are copied when the call is made: what the caller does with the objects later changes
 * nothing. Bytes (`stdin`, `files`) are not copied; leave them as they are until the run has
 * ended.
 */
import type { Policy } from '../seccomp/policy.ts'
import type { TraceOptions } from '../trace/options.ts'
import type { Trace } from '../trace/trace.ts'
import type { Collect, Files } from './files.ts'
import type { RunnerName } from './result.ts'
import type { ErrorOutput, Input, Output } from './streams.ts'

/**
 * What the program may use. A limit that is left out has the default of `DEFAULT_LIMITS`; zero is
 * an error, and no limit is spelled `Infinity`.
 *
 * @example
 * await run('./solution', [], { limits: { cpuTimeMs: 1000, memoryBytes: 256 * 2 ** 20, processes:
 * 1 } })
 */
export interface Limits {
  /** CPU time of all its processes together, user and system, in milliseconds. Default 10 000. */
  readonly cpuTimeMs?: number
  /**
   * Time by the clock from exec, in milliseconds. Default three times `cpuTimeMs`, at least 10
   * 000.
   */
  readonly wallTimeMs?: number
  /**
   * Memory of all its processes together, with tmpfs files and swap, in bytes. Default 512 MiB.
   */
  readonly memoryBytes?: number
  /**
   * Processes and threads at a time; at most 4 194 304, the most that Linux can have. Default 128.
   */
  readonly processes?: number
  /**
   * Bytes written to stdout and to stderr, each. Default 64 MiB. What is captured as text cannot
   * be longer than a string of JavaScript: ask for `encoding: 'buffer'`, or for a stream or a
   * file, with more than 512 MiB.
   */
  readonly outputBytes?: number
  /** Stack of the main thread, in bytes (RLIMIT_STACK). Default 64 MiB. */
  readonly stackBytes?: number
  /** Descriptors at a time, of each process (RLIMIT_NOFILE). Default 256. */
  readonly openFiles?: number
  /** Size of each file that it writes, in bytes (RLIMIT_FSIZE). Default 256 MiB. */
  readonly fileSizeBytes?: number
}

/**
 * A directory or file of the host that is seen in the box.
 *
 * @example
 * await run('make', [], { binds: [{ source: 'project', target: '/project' }], cwd: '/project' })
 */
export interface Bind {
  /** On the host; a relative path begins in the current directory. It has to exist. */
  readonly source: string
  /** In the box, absolute, and not the root itself; the whole path of `source` if left out. */
  readonly target?: string
  /** Whether programs may write it. Default false. */
  readonly writable?: boolean
}

/** The box itself: what is fixed when it is opened. */
export interface BoxOptions {
  /** Which runner. There is no fallback from one to another. Default `namespace`. */
  readonly runner?: RunnerName
  /** What of the host is shown in the box, besides its system directories. Default: nothing. */
  readonly binds?: readonly Bind[]
  /** `none` (default): a network of its own with nothing but loopback. `host`: the host's. */
  readonly net?: 'none' | 'host'
  /** Host name in the box: at most 64 letters, digits, dots and dashes. Default `glassbox`. */
  readonly hostname?: string
  /** Size of the working directory and of /tmp, in bytes each. Default 256 MiB. */
  readonly diskBytes?: number
  /** Files and directories in the working directory and in /tmp, each. Default 16384. */
  readonly diskFiles?: number
  /**
   * Files and directories put into the working directory before the program starts, by relative
   * path.
   *
   * @example
   * { 'main.c': 'int main(void) { return 0; }', 'data/in.csv': { file: '/srv/in.csv' } }
   */
  readonly files?: Files
  /** Ends the opening of the box. */
  readonly signal?: AbortSignal
}

/**
 * What is asked of a trace of the program; see `trace()`. It needs a `reader` or `handlers`.
 * Process ids are those of the host. The time that tracing takes counts in the limits.
 *
 * @example
 * await run('make', [], {
 *   trace: {
 *     events: ['exec'],
 *     reader: async trace => {
 *       for await (const event of trace) console.log(event)
 *     },
 *   },
 * })
 */
export interface ProgramTrace extends Omit<TraceOptions, 'attach' | 'killOnExit' | 'seccomp' | 'signal'> {
  /**
   * Given the trace before the program runs: to loop over its events, or to listen to what
   * handlers post. run() waits for it; if it rejects, the program is ended and run() rejects with
   * the same.
   */
  readonly reader?: (trace: Trace) => Promise<void>
}

/** How captured output comes back: as text, or as bytes. */
export type Encoding = 'utf8' | 'buffer'

/** The type of captured output for an encoding: of both, if either may be meant. */
export type OutputOf<E extends Encoding> = E extends 'buffer' ? Uint8Array : string

/** One command in a box. */
export interface CommandOptions<E extends Encoding = Encoding> {
  /** What the program may use. */
  readonly limits?: Limits
  /** Where stdin comes from. Default: it is empty. */
  readonly stdin?: Input
  /** Where stdout goes. Default `capture`. */
  readonly stdout?: Output
  /** Where stderr goes. Default `capture`; `stdout` for one pipe with stdout. */
  readonly stderr?: ErrorOutput
  /** How captured output comes back. Default `utf8`. */
  readonly encoding?: E
  /** Working directory in the box, absolute. Default `/box`. */
  readonly cwd?: string
  /**
   * The program's whole environment. Default: PATH, HOME, LANG=C.UTF-8 and nothing of the host's.
   * Variables that are undefined are left out, so `process.env` can be given as it is.
   *
   * @example
   * { ...process.env, PATH: '/usr/bin:/bin' }
   */
  readonly env?: Readonly<Record<string, string | undefined>>
  /**
   * System calls: what is refused and what ends the program. Default `DEFAULT_POLICY`; `null` for
   * the guard alone.
   */
  readonly policy?: Policy | null
  /** Traces the program and everything that it starts. */
  readonly trace?: ProgramTrace
  /**
   * Files and directories of the working directory to bring out when everything in the box is
   * dead: into the result, or to a file of the host (`{ 'out.txt': { file: 'out.txt' } }`). Of a
   * directory at most 16 384 entries.
   */
  readonly collect?: Collect
  /** Bytes of all collected files together. Default 64 MiB. */
  readonly collectBytes?: number
  /** Ends the program when it is aborted; the result's status is then `canceled`. */
  readonly signal?: AbortSignal
}

/** The options of run(): those of its box and those of its command. */
export interface RunOptions<E extends Encoding = Encoding> extends BoxOptions, CommandOptions<E> {
  /** With a pool the options are `PooledOptions`. */
  readonly pool?: undefined
}
