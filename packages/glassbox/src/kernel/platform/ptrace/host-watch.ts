/**
 * Host descriptors that somebody in the kernel waits for: standard streams and files of the host
 * that are no regular files. Without a running guest the kernel sleeps in poll(2) on them; while
 * guests run, they are looked at again and again.
 */
import { guestSleep } from '../../../gate/guest.ts'
import type { Waiter } from '../waiter.ts'

interface Watch {
  readonly descriptor: number
  readonly events: number
  readonly waiter: Waiter
}

/** struct pollfd in 32-bit words: the descriptor, then events and what happened, 16 bits each. */
const WORDS = 2

export class HostWatch {
  readonly #watches = new Set<Watch>()
  #entries = new Int32Array(0)
  #changed = false

  get size(): number {
    return this.#watches.size
  }

  add(descriptor: number, events: number, waiter: Waiter): () => void {
    const watch = { descriptor, events, waiter }
    this.#watches.add(watch)
    this.#changed = true
    return () => {
      this.#watches.delete(watch)
      this.#changed = true
    }
  }

  /** Sleeps until one is ready, the time is over, or the word is set. Wakes whose turn it is. */
  sleep(ns: number, wake: Int32Array): void {
    if (this.#changed) this.#rebuild()
    const entries = this.#entries
    if (guestSleep(entries, ns, wake) <= 0) return
    let index = 0
    for (const { waiter } of [...this.#watches]) {
      const happened = (entries[index * WORDS + 1] ?? 0) >>> 16
      if (happened !== 0) waiter.woken()
      index++
    }
  }

  #rebuild(): void {
    this.#changed = false
    this.#entries = new Int32Array(this.#watches.size * WORDS)
    let at = 0
    for (const { descriptor, events } of this.#watches) {
      this.#entries[at] = descriptor
      this.#entries[at + 1] = events & 0xffff
      at += WORDS
    }
  }
}
