/**
 * The loop of a trace as its parts see it: what they may ask of it and report to it. `engine.ts`
 * implements it.
 */
import type { Abi } from '../decode/types.ts'
import type { Control } from '../trace/control.ts'
import type { Ended } from '../trace/end.ts'
import type { CpuAffinity } from './cpu-affinity/cpu-affinity.ts'
import type { Lanes } from './lanes/lanes.ts'
import type { Records } from './record.ts'
import type { Restarts } from './restarts.ts'
import type { StopKind } from './stop.ts'
import type { StoppedTracee } from './tracee/stopped-tracee.ts'
import type { Task } from './task.ts'
import type { TraceHandlers } from '../trace/handlers.ts'

export interface LoopOptions {
  readonly handlers: TraceHandlers
  readonly control: Control
  readonly follow: boolean
  /**
   * Tracees have a filter that stops only the calls that must be seen. They run freely between
   * those stops.
   */
  readonly filtered: boolean
  /** Tracer and tracee may share a CPU. */
  readonly sameCpu: boolean
  /** Which calls handlers are called for. Default: all. */
  readonly isWanted?: (abi: Abi, nr: number) => boolean
  /** Called before each wait, for back-pressure. */
  readonly beforeWait?: () => void
  /**
   * For a loop that blocks the main thread: called with signals for which a wake-up was
   * installed.
   */
  readonly onSignal?: (signal: number) => void
}

/** Sees each stop before all others. Returns true to keep the stop from them. */
export type Interceptor = (
  task: Task | undefined,
  tid: number,
  kind: StopKind,
  status: number,
  index: number,
) => boolean

export interface Loop {
  readonly options: LoopOptions
  readonly handlers: TraceHandlers
  readonly records: Records
  readonly stopped: StoppedTracee
  readonly lanes: Lanes
  /** Whether the thread of the stop that is handled has gone on since. */
  readonly isDeferred: boolean
  /** `undefined` if tracees stay on the CPUs on which they run. */
  readonly affinity: CpuAffinity | undefined
  readonly restarts: Restarts
  /** How tracees ended; `undefined` for those that have not. */
  readonly ends: Map<number, Ended | undefined>
  /** By tid. */
  readonly tasks: Map<number, Task>
  /** A command whose first execve is in progress. */
  firstCall: Task | undefined
  /** Set while the trace is ending. */
  intercept: Interceptor | undefined

  add(task: Task): void
  /** Removes a task that is no longer traced. */
  forget(tid: number): void
  /** From now on there are no tracees. */
  abandon(): void
  /** Restarts the task in the way that fits its stop, and delivers `signal`. */
  resume(task: Task, signal?: number): void
  /** Restarts the task as its handler asked. */
  resumeAsAsked(task: Task, timeNs: bigint): void
  /** Restarts all tracees that a handler delays, now. */
  releaseDelayed(): void
  /**
   * The task is about to create a child by clone3, and no handler will look at it again before
   * that.
   */
  guard(task: Task): void
  /** Whether any tracee created a child by clone3. */
  readonly hasGuarded: boolean
  /** Calls back at this time of CLOCK_MONOTONIC. */
  at(timeNs: bigint, callback: () => void): void
  /** Stopped tracees that are not in the table yet. */
  held(): readonly number[]
  /** Reports the outcome of the first execve of a command: 0, or the errno. */
  firstCallLeft(errno: number): void
  /** A process ended before its first execve. */
  launchEnded(): void
  stopOf(task: Task, index: number): { tid: number; pid: number; timeNs: bigint }
  /** From now on every call stops in the tracer, even if it was not asked for. */
  deferNothing(): void
  /** From now on no memory is read in a way that waits for a page: see user-faults.ts. */
  pagesMayBeMissing(): void
}
