/**
 * Signals that were sent and not delivered yet. A standard signal is pending once, whatever else
 * is sent; real-time signals queue, up to RLIMIT_SIGPENDING.
 */
import type { SignalInfo } from './info.ts'
import { FIRST_REALTIME, SYNCHRONOUS } from './numbers.ts'
import { SignalSet } from './set.ts'

/** As many as Linux allows a user by default on a small machine. */
export const MAX_QUEUED = 31_000

/** Never added to. */
const NONE = new Map<number, SignalInfo[]>()

export class PendingSignals {
  readonly set: SignalSet = new SignalSet()
  #queues: Map<number, SignalInfo[]> = NONE
  #count = 0

  /** False if the queue is full. A standard signal that is pending already is merged. */
  add(info: SignalInfo): boolean {
    const queue = this.#queues.get(info.signal)
    if (queue !== undefined && queue.length > 0) {
      if (info.signal < FIRST_REALTIME) return true
      if (this.#count >= MAX_QUEUED) return false
      queue.push(info)
    } else if (queue === undefined) this.#queue(info)
    else queue.push(info)
    this.#count++
    this.set.add(info.signal)
    return true
  }

  /** The map is made with the first signal: most threads never get one. */
  #queue(info: SignalInfo): void {
    if (this.#queues === NONE) this.#queues = new Map()
    this.#queues.set(info.signal, [info])
  }

  /** Whether a signal is pending that the mask does not block. */
  deliverable(mask: SignalSet): boolean {
    return ((this.set.lo & ~mask.lo) | (this.set.hi & ~mask.hi)) !== 0
  }

  /** The number of the signal that comes next, or 0: faults first, then the lowest. */
  next(mask: SignalSet): number {
    const lo = this.set.lo & ~mask.lo
    const hi = this.set.hi & ~mask.hi
    if (lo !== 0) {
      for (const signal of SYNCHRONOUS) if ((lo >>> (signal - 1)) & 1) return signal
      return lowestBit(lo) + 1
    }
    return hi === 0 ? 0 : lowestBit(hi) + 33
  }

  take(signal: number): SignalInfo | undefined {
    const queue = this.#queues.get(signal)
    const info = queue?.shift()
    if (queue === undefined || info === undefined) return undefined
    this.#count--
    if (queue.length === 0) this.set.delete(signal)
    return info
  }

  /** Forgets all of this signal. */
  discard(signal: number): void {
    const queue = this.#queues.get(signal)
    if (queue === undefined) return
    this.#count -= queue.length
    queue.length = 0
    this.set.delete(signal)
  }

  clear(): void {
    this.#queues = NONE
    this.#count = 0
    this.set.set(0, 0)
  }

  get count(): number {
    return this.#count
  }
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits)
