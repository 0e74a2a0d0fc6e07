/** The timers of a process: alarm, setitimer, timer_create. All end with the process. */

export interface Cancellable {
  cancel(): void
}

export class ProcessTimers {
  readonly #all = new Map<string, Cancellable>()

  set(name: string, timer: Cancellable): void {
    this.#all.get(name)?.cancel()
    this.#all.set(name, timer)
  }

  cancelAll(): void {
    for (const timer of this.#all.values()) timer.cancel()
    this.#all.clear()
  }
}
