/**
 * What a trace is told of the tasks of a world, in the order in which it happens. Each method is
 * called while its task is stopped. A world that nobody observes asks for its observer and does no
 * more. An observer never throws.
 */
import type { SignalInfo } from './signals/info.ts'
import type { Process, Task } from './types.ts'

export interface TaskObserver {
  /** The task has made the call `task.nr`. */
  entered(task: Task): void
  /** Its call has this result, or NO_RESULT: then the registers have it. */
  left(task: Task, result: number): void
  /** A signal was taken out of the queue. If the task waits, its call is interrupted. */
  signaled(task: Task, info: SignalInfo): void
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
