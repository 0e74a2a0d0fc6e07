/**
 * What a trace is told of the tasks of a world, in the order in which it happens. Each method is
 * called while its task is stopped. It may change what the task does: the registers, by the
 * platform's thread; when it goes on, by `hold`; and what the methods below say. A world without
 * an observer asks for it and does no more. An observer never throws.
 */
import type { SignalInfo } from './signals/info.ts'
import type { Process, Task } from './types.ts'

export interface TaskObserver {
  /**
   * The task has made the call `task.nr`; the observer may set another number. False if the call
   * is skipped: then the registers have its result.
   */
  entered(task: Task): boolean
  /** Its call has waited, and the kernel looks whether it has a result now. */
  lookingAgain(task: Task): void
  /** Its call has this result, or NO_RESULT. The registers have it, and may be changed. */
  left(task: Task, result: number): void
  /**
   * A signal was taken out of the queue. If the task waits, its call is interrupted. Returns the
   * signal that is delivered instead of it, if any is.
   */
  signaled(task: Task, info: SignalInfo): SignalInfo | undefined
  stopped(process: Process, signal: number): void
  /** The child is complete and has not run yet. `flags`: CLONE_*. */
  created(task: Task, child: Task, flags: number, exitSignal: number): void
  /** The new program is loaded. `formerTid`: the id of the caller before. */
  executed(task: Task, formerTid: number): void
  /**
   * The task is about to end; its memory can be read for the last time. `status`: a wait status.
   */
  ending(task: Task, status: number): void
  /** Called before each wait of the loop. */
  beforeWait(): void
}
