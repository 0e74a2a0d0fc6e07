/**
 * How a system call waits. Its handler returns BLOCKED after `task.block(wait)`. Files never know
 * tasks: they answer −EAGAIN and have a WaitQueue, and the call's handler decides whether to wait.
 */
import type { WaitQueue } from './queue.ts'

/** A handler's answer: the task waits, and its result comes later. Not an errno. */
export const BLOCKED = -1_000_001
/**
 * A handler's answer: it has set the registers itself (execve, rt_sigreturn), or the task ended.
 */
export const NO_RESULT = -1_000_002

/**
 * What a signal does to a call that waits: signal(7), "Interruption of system calls".
 *
 * - `restart`: it starts anew after a handler with SA_RESTART, and is EINTR after another handler
 * - `no-handler`: EINTR after any handler (pause, rt_sigsuspend, poll, select, epoll_wait)
 * - `continue`: EINTR after any handler; without a handler it goes on with the time that is left
 *   (nanosleep, futex with a timeout)
 * - `kill-only`: only SIGKILL ends it (the parent of a vfork)
 *
 * A wait that meets signals without a handler (stop and continue, ignored ones) goes on as it is.
 */
export type Interruption = 'restart' | 'no-handler' | 'continue' | 'kill-only'

export interface Wait {
  readonly interruption: Interruption
  /** What it waits on. The task adds itself to all, and removes itself at the end of the wait. */
  readonly queues: readonly WaitQueue[]
  /**
   * Called by the loop after a queue woke the task: the result of the call, or BLOCKED to wait on.
   */
  retry(): number
  /** On the monotonic clock of the world; absent: no limit. */
  readonly deadlineNs?: number
  /** The result after the deadline. */
  timedOut?(): number
  /**
   * Called at an interruption by a handler, for example to store the remaining time. A number is
   * the result of the call, instead of EINTR or a restart: a write that has moved a part.
   */
  interrupted?(): number | undefined
  /**
   * Called once when the wait has ended, whatever ended it: a result, a signal, or the task's
   * death.
   */
  ended?(): void
}
