/** The commands and file operations of a box: one at a time, in the order of the calls. */
import type { Cancel } from './cancel.ts'

export class Turns {
  readonly #refuse: () => void
  #last: Promise<unknown> = Promise.resolve()

  /** `refuse` throws if the box is closed. It is asked at each turn. */
  constructor(refuse: () => void) {
    this.#refuse = refuse
  }

  /** Runs `work` after everything that was added before, also if that failed. */
  add<T>(work: () => T | Promise<T>): Promise<T> {
    const next = this.#last.then(() => {
      this.#refuse()
      return work()
    })
    this.#last = next.catch(() => {})
    return next
  }

  /**
   * Like `add`. If `stop` is aborted before the turn has come, `work` does not run, and the
   * outcome is at once that of `stopped`.
   */
  addStoppable<T>(stop: Cancel, stopped: () => T, work: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // A moment later: the call notes why it was stopped after it has asked to stop.
      const leave = (): void => void Promise.resolve().then(stopped).then(resolve, reject)
      const turn = async (): Promise<void> => {
        unlisten()
        if (!stop.aborted) resolve(await work())
      }
      const unlisten = stop.onAbort(leave)
      if (stop.aborted) leave()
      this.add(turn).catch(reject)
    })
  }
}
