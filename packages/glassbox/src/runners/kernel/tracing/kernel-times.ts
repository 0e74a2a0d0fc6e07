/**
 * How long the kernel has served the calls of each task, for summaries. A call is measured from
 * the end of the handlers of its entry until it has a result. The time that it waits is left out;
 * what the kernel does when it looks again counts.
 */
import type { Task } from '../../../kernel/task/state.ts'

export class KernelTimes {
  readonly #now: () => number
  readonly #ns = new WeakMap<Task, number>()
  #serving: Task | undefined
  #since = 0

  /** `now`: in nanoseconds. */
  constructor(now: () => number) {
    this.#now = now
  }

  begin(task: Task): void {
    this.pause()
    this.#serving = task
    this.#since = this.#now()
  }

  /** Before the loop waits: a call that has no result yet waits too. */
  pause(): void {
    if (this.#serving) this.end(this.#serving)
  }

  /** The call of this task has a result. */
  end(task: Task): void {
    if (this.#serving !== task) return
    this.#serving = undefined
    this.#ns.set(task, this.of(task) + this.#now() - this.#since)
  }

  /** All calls of the task that have ended, in nanoseconds. */
  of(task: Task): number {
    return this.#ns.get(task) ?? 0
  }
}
