/**
 * How a run ended: the verdict. A verdict is data, derived from causes and never guessed from
 * numbers.
 */
import type { SignalName } from '../linux/signals.ts'
import type { MeasuredBy, Violation } from './ending.ts'
import type { CollectedDirectory, CollectedFile, FileError } from './files.ts'

/**
 * - `exited`: the program ended by itself, with any code
 * - `signaled`: a signal ended it, and no limit of ours had sent it
 * - `*-limit`: that limit ended it
 * - `syscall-denied`: it made a call that the policy ends programs for
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

/** The runners that there are. */
export type RunnerName = 'namespace'

export type LimitKind =
  | 'cpuTimeMs'
  | 'wallTimeMs'
  | 'memoryBytes'
  | 'outputBytes'
  | 'fileSizeBytes'
  | 'processes'

/**
 * Files that came out of a sandbox: each name that `collect` asked for is in one of the three.
 * What is below a directory that was asked for is here too, as `directory/name`.
 */
export interface CollectedFiles {
  /**
   * Regular files, as they can be given to `files` of another run. Those that went to the host are
   * not here.
   */
  readonly files: Readonly<Record<string, CollectedFile>>
  /** Directories, empty ones too. Those that went to the host are not here. */
  readonly directories: Readonly<Record<string, CollectedDirectory>>
  /** What could not be had, and why. */
  readonly fileErrors: Readonly<Record<string, FileError>>
}

/** How a run ended. `Output` is text, or bytes where the option `encoding` is `buffer`. */
export interface RunResult<Output extends string | Uint8Array = string> extends CollectedFiles {
  readonly status: Status
  /** Exited with code 0. */
  readonly ok: boolean
  /** Exactly one of `exitCode` and `signal` is there whenever the program itself ended. */
  readonly exitCode?: number
  readonly signal?: SignalName
  /** CPU time of the whole tree, whether or not anyone waited for it; `user + system`. */
  readonly cpuTimeMs: number
  readonly userTimeMs: number
  readonly systemTimeMs: number
  /** From exec to the end of the program, by the monotonic clock. */
  readonly wallTimeMs: number
  /** From the call of run() to exec. */
  readonly setupTimeMs: number
  /** Peak of the whole tree; never glassbox's own size. */
  readonly memoryBytes: number
  /** Peak number of processes and threads at a time, where the host can tell. */
  readonly processes?: number
  /**
   * Text where the option `encoding` is `utf8` (the default), bytes where it is `buffer`; empty
   * unless captured.
   */
  readonly stdout: Output
  readonly stderr: Output
  readonly stdoutTruncated: boolean
  readonly stderrTruncated: boolean
  /** Which limit ended it; `limit` and `used` in the unit of the kind's name. */
  readonly limit?: { readonly kind: LimitKind; readonly limit: number; readonly used: number }
  /** What was denied, in strace's notation: `socket`, `AF_INET, SOCK_STREAM, IPPROTO_IP`. */
  readonly violation?: Violation
  readonly runner: RunnerName
  /** Who measured what, and so how far to trust it. */
  readonly measuredBy: MeasuredBy
}

/** A result whatever its output comes back as. */
export type AnyResult = RunResult<string | Uint8Array>
