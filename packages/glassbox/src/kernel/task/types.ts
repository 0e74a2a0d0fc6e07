/**
 * A task is a thread of a guest; its process holds what threads share. What handlers may use is
 * this contract; how fork, exec, signals and exits work is beside it.
 *
 * Who owns what: a process owns its address space (shared after vfork), its descriptor table
 * (shared by CLONE_FILES) and its signal actions; a task owns its guest thread and its mask.
 */
import type { FdTable } from '../fs/fd-table.ts'
import type { FsCaller, Mount } from '../fs/vfs.ts'
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
  readonly thread: GuestThread
  readonly addressSpace: AddressSpace
  /** The memory of the address space. */
  readonly memory: UserMemory
  readonly files: FdTable
  /** Waits; the handler returns what this returns (BLOCKED, or a result that is there already). */
  block(wait: Wait): number
  /** Whether an unblocked signal is pending, so that waiting would end at once. */
  readonly interrupted: boolean
  /** Sends a signal of the kernel to this task (SIGPIPE, SIGXFSZ). */
  signal(signal: number): void
}

export interface Process {
  readonly pid: number
  readonly parent: Process | undefined
  readonly group: number
  readonly session: number
  /** RLIMIT_* by number: soft and hard; Infinity for RLIM_INFINITY. */
  readonly limits: readonly ResourceLimit[]
  readonly tasks: ReadonlySet<Task>
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
  /** By thread id; a process is found by its first task's id even if that has ended. */
  readonly tasks: ReadonlyMap<number, Task>
  readonly processes: ReadonlyMap<number, Process>
  readonly limits: WorldLimits
  /** Promises that are outstanding: the loop gives Node a turn while there are any. */
  outstanding(promise: Promise<unknown>): void
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
