/**
 * What a new process has of its parent: its memory, while the parent of a vfork(2) waits; or its
 * turn, while the parent of a fork(2) is parked, so that its pages need no protection meanwhile
 * and none at all if the child leaves soon.
 */
import { WaitQueue } from '../wait/queue.ts'
import type { Timer, TimerQueue } from '../wait/timers.ts'

/** A parent is parked no longer than this. */
const LONGEST_NS = 4_000_000

export class Lending {
  /** Whether the parent waits until the child has memory of its own, or has ended. */
  borrows = false
  /** Woken when the child borrows no more. */
  readonly queue: WaitQueue = new WaitQueue()
  #goOn: (() => void) | undefined
  #timer: Timer | undefined

  /**
   * The parent is parked until the child blocks, leaves or has run for a while; then `goOn` is
   * called.
   */
  park(timers: TimerQueue, nowNs: number, goOn: () => void): void {
    this.#goOn = goOn
    this.#timer = timers.at(nowNs + LONGEST_NS, () => this.release())
  }

  /** A parked parent goes on. */
  release(): void {
    const goOn = this.#goOn
    if (goOn === undefined) return
    this.#goOn = undefined
    this.#timer?.cancel()
    goOn()
  }

  /** The child has memory of its own, or has ended: the waiting parent goes on. */
  end(): void {
    this.release()
    if (!this.borrows) return
    this.borrows = false
    this.queue.wake()
  }
}
