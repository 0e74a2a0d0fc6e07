/**
 * Commands for a stub: system calls that it makes for the platform. They are queued here, as many
 * as there are, and copied into the page of commands in pieces that fit.
 */
import { GUEST_COMMAND_LAYOUT } from '../../../gate/guest.ts'

const WORDS = GUEST_COMMAND_LAYOUT.SIZE / 4
const ARGUMENT = GUEST_COMMAND_LAYOUT.args / 4
const FIRST_ROOM = 64

export class CommandQueue {
  #words = new Int32Array(FIRST_ROOM * WORDS)
  count = 0

  add(nr: number, a: number, b = 0, c = 0, d = 0, e = 0, f = 0): void {
    if ((this.count + 1) * WORDS > this.#words.length) this.#grow()
    const words = this.#words
    let at = this.count++ * WORDS
    words[at] = nr
    words[at + 1] = 0
    at += ARGUMENT
    words[at] = a | 0
    words[at + 1] = Math.floor(a / 2 ** 32)
    words[at + 2] = b | 0
    words[at + 3] = Math.floor(b / 2 ** 32)
    words[at + 4] = c | 0
    words[at + 5] = Math.floor(c / 2 ** 32)
    words[at + 6] = d
    words[at + 7] = 0
    words[at + 8] = e
    words[at + 9] = 0
    words[at + 10] = f | 0
    words[at + 11] = Math.floor(f / 2 ** 32)
  }

  /** Takes the last command back if it is this call for a part of [address, address + length). */
  dropLast(nr: number, address: number, length: number): void {
    if (this.count === 0) return
    const at = (this.count - 1) * WORDS
    if (this.#words[at] !== nr) return
    const start = this.#value(at + ARGUMENT)
    if (start >= address && start + this.#value(at + ARGUMENT + 2) <= address + length) this.count--
  }

  #value(at: number): number {
    return ((this.#words[at + 1] ?? 0) >>> 0) * 2 ** 32 + ((this.#words[at] ?? 0) >>> 0)
  }

  #grow(): void {
    const more = new Int32Array(this.#words.length * 2)
    more.set(this.#words)
    this.#words = more
  }

  /** Copies the commands from `first` on into a page; returns how many fitted. */
  copy(first: number, page: Int32Array, most: number): number {
    const count = Math.min(most, this.count - first)
    page.set(this.#words.subarray(first * WORDS, (first + count) * WORDS))
    return count
  }

  /** The number and the first two arguments of a command, for messages. */
  describe(index: number): string {
    const at = index * WORDS
    const value = (word: number): string => `0x${this.#value(at + word).toString(16)}`
    return `call ${this.#words[at]} of ${value(ARGUMENT)}, ${value(ARGUMENT + 2)}`
  }

  clear(): void {
    this.count = 0
  }
}
