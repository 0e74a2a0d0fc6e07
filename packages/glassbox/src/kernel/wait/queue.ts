/**
 * Queues of those who wait for something in the kernel: data in a pipe, the end of a child, a
 * futex. The kernel is one thread, so nothing here is locked.
 *
 * A queue knows its waiters, not what they wait for. Waking calls `woken()`, and the waiter looks
 * again itself. A waiter that has found what it wanted removes itself.
 */
import type { Waiter } from '../platform/waiter.ts'

export type { Waiter }

/** Never added to: a set is made with the first waiter, since most queues never have one. */
const NONE = new Set<Waiter>()

export class WaitQueue {
  #waiters = NONE

  get empty(): boolean {
    return this.#waiters.size === 0
  }

  add(waiter: Waiter): void {
    if (this.#waiters === NONE) this.#waiters = new Set()
    this.#waiters.add(waiter)
  }

  remove(waiter: Waiter): void {
    this.#waiters.delete(waiter)
  }

  /** Wakes all. Waiters that are added during the call are not woken. */
  wake(): void {
    if (this.#waiters.size === 0) return
    for (const waiter of [...this.#waiters]) waiter.woken()
  }
}
