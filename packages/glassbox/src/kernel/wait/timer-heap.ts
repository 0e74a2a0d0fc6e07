/**
 * The timers of a world, as a binary heap ordered by the time when they are due. A cancelled timer
 * stays in the heap until it reaches the top, or until cancelled ones are the larger part.
 */
import type { Timer, TimerQueue } from './timers.ts'

class Entry implements Timer {
  readonly dueNs: number
  readonly order: number
  action: (() => void) | undefined
  readonly #heap: TimerHeap

  constructor(heap: TimerHeap, dueNs: number, order: number, action: () => void) {
    this.#heap = heap
    this.dueNs = dueNs
    this.order = order
    this.action = action
  }

  get active(): boolean {
    return this.action !== undefined
  }

  cancel(): void {
    if (this.action === undefined) return
    this.action = undefined
    this.#heap.cancelled()
  }

  /** Whether it comes before the other; of two that are due together, the older comes first. */
  before(other: Entry): boolean {
    return this.dueNs < other.dueNs || (this.dueNs === other.dueNs && this.order < other.order)
  }
}

/** Below this number, cancelled timers are not removed early. */
const FEW = 64

export class TimerHeap implements TimerQueue {
  #heap: Entry[] = []
  #made = 0
  /** How many of the heap are cancelled; it may be too large after a cancellation within `run`. */
  #cancelled = 0

  at(dueNs: number, action: () => void): Timer {
    const entry = new Entry(this, dueNs, this.#made++, action)
    this.#heap.push(entry)
    this.#up(this.#heap.length - 1)
    return entry
  }

  nextNs(): number {
    while (this.#heap.length > 0) {
      const top = this.#heap[0] as Entry
      if (top.active) return top.dueNs
      this.#pop()
      this.#cancelled--
    }
    return Infinity
  }

  /**
   * Runs what is due. A timer that an action adds is run at the next call, even if it is due: a
   * period of zero cannot hold the loop.
   */
  run(nowNs: number): void {
    const last = this.#made
    const later: Entry[] = []
    while (this.nextNs() <= nowNs) {
      const entry = this.#pop()
      if (entry.order >= last) {
        later.push(entry)
        continue
      }
      const action = entry.action as () => void
      entry.action = undefined
      action()
    }
    for (const entry of later) {
      this.#heap.push(entry)
      this.#up(this.#heap.length - 1)
    }
  }

  /** A timer of this heap was cancelled. */
  cancelled(): void {
    this.#cancelled++
    if (this.#cancelled < FEW || this.#cancelled * 2 < this.#heap.length) return
    this.#heap = this.#heap.filter(entry => entry.active).sort((a, b) => (a.before(b) ? -1 : 1))
    this.#cancelled = 0
  }

  #pop(): Entry {
    const heap = this.#heap
    const top = heap[0] as Entry
    const last = heap.pop() as Entry
    if (heap.length > 0) {
      heap[0] = last
      this.#down(0)
    }
    return top
  }

  #up(index: number): void {
    const heap = this.#heap
    const entry = heap[index] as Entry
    let i = index
    while (i > 0) {
      const above = (i - 1) >> 1
      if (!entry.before(heap[above] as Entry)) break
      heap[i] = heap[above] as Entry
      i = above
    }
    heap[i] = entry
  }

  #down(index: number): void {
    const heap = this.#heap
    const entry = heap[index] as Entry
    let i = index
    for (;;) {
      let below = 2 * i + 1
      if (below >= heap.length) break
      if (below + 1 < heap.length && (heap[below + 1] as Entry).before(heap[below] as Entry)) below++
      if (!(heap[below] as Entry).before(entry)) break
      heap[i] = heap[below] as Entry
      i = below
    }
    heap[i] = entry
  }
}
