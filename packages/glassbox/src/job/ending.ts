/**
 * How a job ended, as any runner reports it once every process of the job is dead. The verdict is
 * derived from this and from the amount of output. A runner reports causes and counts here, never
 * conclusions.
 */

import type { DiskUse } from './possible-limit.ts'

/**
 * Why the program ended: by itself, by a limit that the runner enforced, by a denied call, or by
 * the caller.
 */
export type EndCause = 'itself' | 'cpu' | 'wall' | 'memory' | 'denied' | 'canceled' | 'output'

/**
 * What measured a value or enforced a limit, and so how far to trust it. `init` is glassbox's own
 * process in the box, which samples /proc; `tracer`: the supervisor of the ptrace runner, which
 * reads the CPU clock of every process and samples memory; `kernel`: the kernel runner, from its
 * own pages and tables; `none`: nothing was started.
 */
export type Measurer = 'cgroup-v1' | 'cgroup-v2' | 'rlimit' | 'init' | 'tracer' | 'kernel' | 'none'

/**
 * What measured each value of a result.
 *
 * @example
 * if (result.measuredBy.memory === 'init') console.warn('memoryBytes is an estimate')
 */
export interface MeasuredBy {
  readonly cpuTime: Measurer
  readonly memory: Measurer
  readonly processes: Measurer
}

/**
 * A wall of a box that is weaker than usual, because its surroundings refused the usual one: many
 * containers do. docs/security.md says what each means for untrusted programs.
 *
 * - `proc`: the box shows the processes of the container around it
 * - `root`: the root was changed without pivot_root(2)
 */
export interface WeakerWall {
  readonly wall: 'proc' | 'root'
  /** What that means, in one sentence. */
  readonly means: string
}

/** The usage of all processes of a job together. */
export interface Usage {
  /** User and system time of the whole process tree, in ms. */
  readonly cpuTimeMs: number
  readonly userTimeMs: number
  readonly systemTimeMs: number
  /** Peak memory, in bytes. */
  readonly memoryBytes: number
  /**
   * About how much of the peak was the program's own memory, and how much page cache of files was
   * charged to it at the end; `undefined` if nothing tells them apart.
   */
  readonly ownMemoryBytes?: number
  readonly pageCacheBytes?: number
  /**
   * Peak number of processes and threads at a time; `undefined` if the host does not record it.
   */
  readonly processes?: number
}

/**
 * A denied system call, in strace's notation.
 *
 * @example
 * const args = 'AT_FDCWD, "/etc/shadow", O_RDONLY'
 * { syscall: 'openat', args, path: '/etc/shadow', rule: 'read: /etc/shadow' }
 */
export interface Violation {
  /** The name of the call; `unknown` if a signal withdrew the report before it was read. */
  readonly syscall: string
  /** Its arguments: `AF_INET, SOCK_STREAM, IPPROTO_IP`. */
  readonly args: string
  /** Its first argument that is a path, if it has one. */
  readonly path?: string
  /** The rule that would have allowed it, or why none could: `read: /etc/passwd`. */
  readonly rule?: string
}

/**
 * What the kernel of the kernel runner could not do for a program. It may be why the program
 * failed, or behaves in another way than on Linux.
 *
 * @example
 * { calls: { io_uring_setup: 1 }, faults: 0, faultTexts: [] }
 */
export interface Unserved {
  /** How often each call was made that answers ENOSYS, by name; `unknown`: no call of Linux. */
  readonly calls: Readonly<Record<string, number>>
  /** How often the kernel itself failed at a call, which then answered EFAULT. */
  readonly faults: number
  /** The first of these faults, for a report to glassbox: at most 8. */
  readonly faultTexts: readonly string[]
}

/** The ending of a job. */
export interface Ending {
  readonly cause: EndCause
  /**
   * How the first process of the program ended; `undefined` if it never started. `signal` is a
   * signal number.
   */
  readonly exit?: { readonly code: number } | { readonly signal: number }
  /** CLOCK_MONOTONIC in ns, just before execve and when the runner saw the end. */
  readonly startedNs: bigint
  readonly endedNs: bigint
  readonly usage: Usage
  readonly measuredBy: MeasuredBy
  /** The weaker walls of its box; absent if there are none. */
  readonly weaker?: readonly WeakerWall[]
  /** Processes that the kernel killed because the job's memory was used up. */
  readonly oomKills: number
  /** How many new processes were refused because of the job's own limit. */
  readonly refusedProcesses: number
  /** Whether a file of the job has reached the file size limit. */
  readonly fileAtLimit: boolean
  /** Of a job whose program failed by itself, if it has writable directories with a capacity. */
  readonly disk?: DiskUse
  readonly denied?: Violation
  /** Denied calls that did not end the program, if the runner reports them. */
  readonly denials?: readonly Violation[]
  /** How many more there were. */
  readonly moreDenials?: number
  /** What the kernel runner could not do; absent if it did all. */
  readonly unserved?: Unserved
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
