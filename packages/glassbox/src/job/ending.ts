/**
 * How a job ended, as any runner tells it when every process of the job is dead. The verdict is
 * derived from this alone, so a runner reports causes and counts here, never conclusions.
 */

/**
 * What ended the program: itself, a limit that the runner enforced, a denied call, or the caller.
 */
export type EndCause = 'itself' | 'cpu' | 'wall' | 'memory' | 'denied' | 'canceled' | 'output'

/** Who measured a value or enforced a limit, so that a reader can tell how far to trust it. */
export type Measurer = 'cgroup-v1' | 'cgroup-v2' | 'rlimit' | 'init' | 'none'

/** Who measured what. */
export interface MeasuredBy {
  readonly cpuTime: Measurer
  readonly memory: Measurer
  readonly processes: Measurer
}

/** What all processes of a job used together. */
export interface Usage {
  /** User and system time of the whole tree, whether or not anyone waited for it, in ms. */
  readonly cpuTimeMs: number
  readonly userTimeMs: number
  readonly systemTimeMs: number
  /** Peak, in bytes. */
  readonly memoryBytes: number
  /** Peak of processes and threads at a time; `undefined` if the host cannot tell. */
  readonly processes?: number
}

/** A call that the policy ends programs for, in strace's notation. */
export interface Violation {
  readonly syscall: string
  readonly args: string
  readonly path?: string
}

export interface Ending {
  readonly cause: EndCause
  /**
   * How the program's own process ended; `undefined` if it never started. `signal` is a signal
   * number.
   */
  readonly exit?: { readonly code: number } | { readonly signal: number }
  /** CLOCK_MONOTONIC in ns: just before execve, and when the runner saw the end. */
  readonly startedNs: bigint
  readonly endedNs: bigint
  readonly usage: Usage
  readonly measuredBy: MeasuredBy
  /** Processes that the kernel killed because the job's memory was used up. */
  readonly oomKills: number
  /** How often a new process was refused because of the job's own limit. */
  readonly refusedProcesses: number
  /** Whether a file of the job has reached the file size limit. */
  readonly fileAtLimit: boolean
  readonly denied?: Violation
}

const NO_USAGE: Usage = { cpuTimeMs: 0, userTimeMs: 0, systemTimeMs: 0, memoryBytes: 0 }

/** The ending of a job that was canceled before its program started. `nowNs`: CLOCK_MONOTONIC. */
export function canceledBeforeStart(nowNs: bigint): Ending {
  return {
    cause: 'canceled',
    startedNs: nowNs,
    endedNs: nowNs,
    usage: NO_USAGE,
    measuredBy: { cpuTime: 'none', memory: 'none', processes: 'none' },
    oomKills: 0,
    refusedProcesses: 0,
    fileAtLimit: false,
  }
}
