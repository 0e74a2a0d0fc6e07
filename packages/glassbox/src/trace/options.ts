/** The targets and options of a trace. */
import type { TraceEvent } from './events.ts'

/**
 * A program to start under trace.
 *
 * @example { program: 'ls', args: ['-l'], cwd: '/tmp' }
 */
export interface TraceCommand {
  /** A path, or a name that is searched for in PATH. */
  readonly program: string
  /** Arguments after argv[0]. Default: none. */
  readonly args?: readonly string[]
  /** argv[0]. Default: the program. */
  readonly argv0?: string
  /**
   * The whole environment; undefined variables are left out. Default: the environment of this
   * process.
   */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** The working directory. Default: that of this process. */
  readonly cwd?: string
  /** The user to run as (strace's -u). Needs root. */
  readonly user?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }
  /** Descriptors of this process that become 0, 1 and 2. Default: 0, 1 and 2. */
  readonly stdio?: readonly [number, number, number]
}

/**
 * How to trace. An invalid option throws InvalidOptionError.
 *
 * @example { syscalls: ['openat', 'connect'], events: ['syscall-exit'] }
 */
export interface TraceOptions {
  /** Whether to trace threads and children too. Default: true. */
  readonly follow?: boolean
  /** Names of the calls to report. With a filter (`seccomp`), only these stop. Default: all. */
  readonly syscalls?: readonly string[]
  /**
   * Install a seccomp filter so that other calls never stop. Needs `syscalls`, `follow`, and a
   * command that the trace starts; otherwise there is no filter. Default: true.
   */
  readonly seccomp?: boolean
  /**
   * A module of handlers, which runs in a worker, and data for it that structuredClone() can copy.
   * See HandlersModule.
   */
  readonly handlers?: { readonly module: string | URL; readonly data?: unknown }
  /** Which events the iterable yields. Default: all; none if there are handlers. */
  readonly events?: readonly TraceEvent['type'][] | 'none'
  /** How many events may wait for the reader before `slowReader` applies. Default: 10 000. */
  readonly queue?: number
  /**
   * What happens if the reader is too slow: `pause` makes the tracees wait for it; `drop` drops
   * events and counts them in `dropped` of the next one. Default: pause.
   */
  readonly slowReader?: 'pause' | 'drop'
  /**
   * Keep tracer and tracee on one CPU while only one thread runs: 5–10 times as fast if a wake-up
   * across CPUs is expensive. The program does not see it. With a filter, it applies only if
   * `openat` is among the calls. It does not apply to processes that were attached to. Default:
   * true.
   */
  readonly sameCpu?: boolean
  /** Kill the tracees when the tracer dies. Default: true for a command; not possible for pids. */
  readonly killOnExit?: boolean
  /** Running processes to attach to in addition to the target. */
  readonly attach?: readonly number[]
  /** Aborting kills every traced process. */
  readonly signal?: AbortSignal
  /** How many bytes of strings and buffers an event holds at most. Default: 4096. */
  readonly bufferLimit?: number
}
