/**
 * A task is a thread of a guest; its process holds what threads share. What handlers may use is
 * this contract; `state.ts` has the classes.
 *
 * Who owns what: a task owns its guest thread and its mask, and has a share in its address space,
 * its descriptor table, its FsContext and its process; a process owns its signal actions (shared
 * by CLONE_SIGHAND), its limits and its timers.
 */
import type { FdTable } from '../fs/fd-table.ts'
import type { FsCaller, Location, Mount } from '../fs/vfs.ts'
import type { AddressSpace } from '../mm/address-space.ts'
import type { UserMemory } from '../mm/user-memory.ts'
import type { WorldMemory } from '../mm/world-memory.ts'
import type { GuestThread, Platform } from '../platform/platform.ts'
import type { Wait } from '../wait/blocking.ts'
import type { TimerQueue } from '../wait/timers.ts'

export interface Task extends FsCaller {
  readonly world: World
  readonly process: Process
  readonly tid: number
  /** The name: prctl(PR_SET_NAME), /proc/PID/comm. At most 15 bytes (latin1). */
  readonly comm: string
  readonly thread: GuestThread
  readonly addressSpace: AddressSpace
  /** The memory of the address space. */
  readonly memory: UserMemory
  readonly files: FdTable
  /** Waits; the handler returns what this returns (BLOCKED). */
  block(wait: Wait): number
  /** Whether an unblocked signal is pending, so that waiting would end at once. */
  readonly interrupted: boolean
  /** Sends a signal of the kernel to this task (SIGPIPE, SIGXFSZ). */
  signal(signal: number): void
  /**
   * Reads a mask of guest memory that holds until the call returns: ppoll, pselect6, epoll_pwait.
   * A null address changes nothing. 0, −EINVAL (wrong size) or −EFAULT.
   */
  maskUntilReturn(address: number, size: number): number
  /** Gives it a descriptor table of its own, if it shares one: CLOSE_RANGE_UNSHARE. */
  unshareFiles(): void
  /** CPU time in nanoseconds. */
  cpuNs(): number
  /** R, S, T, Z or X, as /proc/PID/stat shows it. */
  readonly stateLetter: string
}

export interface Process {
  readonly pid: number
  /** The pid of the parent; 0 of the first. */
  readonly parentPid: number
  readonly group: number
  readonly session: number
  /** RLIMIT_* by number: soft and hard; Infinity for RLIM_INFINITY. */
  readonly limits: readonly ResourceLimit[]
  readonly tasks: ReadonlySet<Task>
  /** The task that stands for the process in /proc: its first, or one that is left. */
  readonly leader: Task | undefined
  /** The program: /proc/PID/exe. */
  readonly executable: Location | undefined
  /** On the monotonic clock. */
  readonly startedNs: number
  cpuNs(): number
}

export interface ResourceLimit {
  soft: number
  hard: number
}

/**
 * The world that tasks live in: its clocks, its random source, its names, and its tables. It is a
 * value of its maker: with a fixed clock and random source a run can be repeated.
 */
export interface World {
  readonly platform: Platform
  readonly memory: WorldMemory
  readonly timers: TimerQueue
  readonly clock: Clock
  /** Fills with random bytes: getrandom(2), AT_RANDOM, /dev/urandom. */
  random(target: Uint8Array): void
  readonly hostname: string
  readonly root: Mount
  /** By thread id. */
  readonly tasks: ReadonlyMap<number, Task>
  /** By process id, also those that have ended and were not waited for. */
  readonly processes: ReadonlyMap<number, Process>
  readonly limits: WorldLimits
  /** The task whose call is being served, or whose wait is looked at again. */
  readonly current: Task
}

export interface Clock {
  /** CLOCK_MONOTONIC and CLOCK_REALTIME, in nanoseconds. */
  monotonic(): number
  /** As seconds and nanoseconds: nanoseconds since 1970 are beyond 2^53. */
  realSeconds(): number
  realNanoseconds(): number
}

export interface WorldLimits {
  readonly memoryBytes: number
  readonly processes: number
}
