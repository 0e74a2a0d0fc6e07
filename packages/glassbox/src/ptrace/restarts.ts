/**
 * Tracees to be restarted. They are gathered while stops are handled, and the next native step
 * restarts them all at once.
 */
import { RESTART_WORDS } from '../gate/ptrace.ts'

const FIRST_CAPACITY = 64

export class Restarts {
  #words = new Int32Array(FIRST_CAPACITY * RESTART_WORDS)
  #count = 0

  get words(): Int32Array {
    return this.#words
  }

  add(tid: number, request: number, signal: number): void {
    const at = this.#count * RESTART_WORDS
    if (at === this.#words.length) {
      const larger = new Int32Array(this.#words.length * 2)
      larger.set(this.#words)
      this.#words = larger
    }
    this.#words[at] = tid
    this.#words[at + 1] = request
    this.#words[at + 2] = signal
    this.#count++
  }

  /** Returns the number of gathered tracees and clears the list. */
  take(): number {
    const count = this.#count
    this.#count = 0
    return count
  }
}
