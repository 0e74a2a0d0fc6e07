/**
 * The result of a run, with its verdict. A verdict is data: it is derived from causes, never
 * guessed from an exit code.
 */
import type { SignalName } from '../linux/signals.ts'
import type { MeasuredBy, Unserved, Violation, WeakerWall } from './ending.ts'
import type { PossibleLimit } from './possible-limit.ts'
import type { CollectedDirectory, CollectedFile, FileError } from './files.ts'

/**
 * Why a run ended. See docs/limits-and-verdicts.md for the exact rules.
 *
 * - `exited`: the program ended by itself, with any code
 * - `signaled`: a signal ended it that no limit of glassbox explains
 * - `*-limit`: it reached that limit
 * - `syscall-denied`: it made a system call that the policy ends programs for
 * - `canceled`: the caller ended it
 */
export type Status =
  | 'exited'
  | 'signaled'
  | 'cpu-time-limit'
  | 'wall-time-limit'
  | 'memory-limit'
  | 'output-limit'
  | 'process-limit'
  | 'syscall-denied'
  | 'canceled'

/**
 * The names of the runners:
 * - `namespace`: a box made of kernel namespaces and cgroups
 * - `ptrace`: a traced program on the host, in a private directory. It needs no namespace, no
 *   cgroup and no privilege, so it also runs inside an ordinary container.
 * - `kernel`: a program on a Linux kernel written in TypeScript. None of its system calls reaches
 *   the host.
 */
export type RunnerName = 'namespace' | 'ptrace' | 'kernel'

/** The limits that can be the reason of a verdict, by their option names. */
export type LimitKind =
  | 'cpuTimeMs'
  | 'wallTimeMs'
  | 'memoryBytes'
  | 'outputBytes'
  | 'fileSizeBytes'
  | 'processes'

/**
 * Collected files. Each name of `collect` is in one of the three objects, unless it went to the
 * host. The contents of a collected directory are included, as `directory/name`.
 */
export interface CollectedFiles {
  /**
   * Regular files, in the form that the option `files` of another run takes. Files that went to
   * the host are not included.
   */
  readonly files: Readonly<Record<string, CollectedFile>>
  /** Directories, including empty ones. Those that went to the host are not included. */
  readonly directories: Readonly<Record<string, CollectedDirectory>>
  /** Files and directories that could not be collected, and why. */
  readonly fileErrors: Readonly<Record<string, FileError>>
}

/**
 * The result of a run. `Output` is `string`, or `Uint8Array` if the option `encoding` is `buffer`.
 *
 * @example
 * const { status, exitCode, limit } = await run('./solution')
 * if (limit) console.log(`${status}: used ${limit.used} of ${limit.limit}`)
 */
export interface RunResult<Output extends string | Uint8Array = string> extends CollectedFiles {
  readonly status: Status
  /** Whether `status` is `exited` and `exitCode` is 0. */
  readonly ok: boolean
  /** If the program itself ended, exactly one of `exitCode` and `signal` is present. */
  readonly exitCode?: number
  readonly signal?: SignalName
  /** CPU time of the whole process tree in ms: `userTimeMs + systemTimeMs`. */
  readonly cpuTimeMs: number
  readonly userTimeMs: number
  readonly systemTimeMs: number
  /** Time in ms from execve to the end of the program, on the monotonic clock. */
  readonly wallTimeMs: number
  /** Time in ms from the call of run() to execve. */
  readonly setupTimeMs: number
  /** Peak memory of the whole process tree, in bytes. glassbox's own memory is not included. */
  readonly memoryBytes: number
  /**
   * About how much of `memoryBytes` was the program's own memory, without page cache: the same
   * whether or not the files that it read were in the cache before. An estimate, made from
   * samples. Present with a cgroup.
   */
  readonly ownMemoryBytes?: number
  /**
   * Page cache of files, in bytes, that was charged to the program when it ended. It counts
   * against the limit, but the kernel takes it back before it ends a program. Present with a
   * cgroup.
   */
  readonly pageCacheBytes?: number
  /** Peak number of processes and threads at a time, if the host records it. */
  readonly processes?: number
  /**
   * Captured stdout: text if the option `encoding` is `utf8` (the default), bytes if it is
   * `buffer`. Empty if stdout is not captured.
   */
  readonly stdout: Output
  /** Captured stderr, like `stdout`. */
  readonly stderr: Output
  /** Whether stdout was cut at `limits.outputBytes`. */
  readonly stdoutTruncated: boolean
  readonly stderrTruncated: boolean
  /** The limit that was reached. The unit of `limit` and `used` is in the name of the kind. */
  readonly limit?: { readonly kind: LimitKind; readonly limit: number; readonly used: number }
  /**
   * Limits that may be the reason why the program failed: they refuse something by an error or a
   * signal, and there is a sign of that in how the program ended, in its directories, or in
   * captured stderr. Nothing proves it, and `status` does not depend on it. Present if there are
   * any.
   */
  readonly possibleLimits?: readonly PossibleLimit[]
  /** The denied call: `{ syscall: 'socket', args: 'AF_INET, SOCK_STREAM, IPPROTO_IP' }`. */
  readonly violation?: Violation
  /**
   * Calls that the policy denied without ending the program, in their order: at most 100. Present
   * if the runner reports such calls: the ptrace runner, with paths of the tier `named`. A denial
   * that Landlock alone made is not among them.
   */
  readonly denials?: readonly Violation[]
  /** How many more calls were denied than `denials` has. Present together with it. */
  readonly moreDenials?: number
  /**
   * Of the kernel runner: the calls that it does not have, with how often each was made, and
   * faults of the kernel itself. Absent if it served every call.
   */
  readonly unserved?: Unserved
  readonly runner: RunnerName
  /** What measured each value, and so how far to trust it. */
  readonly measuredBy: MeasuredBy
  /**
   * What is weaker in the box than usual, because the container or service around it refuses the
   * usual way. Absent if nothing is.
   */
  readonly weaker?: readonly WeakerWall[]
}

/** A result with text or bytes as output. */
export type AnyResult = RunResult<string | Uint8Array>
