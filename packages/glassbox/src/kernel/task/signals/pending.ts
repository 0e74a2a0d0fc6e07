/**
 * Signals that were sent and not delivered yet. A standard signal is pending once, whatever else
 * is sent; real-time signals queue. RLIMIT_SIGPENDING limits how many wait for the processes of a
 * user (sigqueue(3), __sigqueue_alloc in kernel/signal.c).
 */
import { SI_USER } from '../../../linux/constants.ts'
import type { SignalAccount } from './accounts.ts'
import type { SignalInfo } from './info.ts'
import { FIRST_REALTIME, SYNCHRONOUS } from './numbers.ts'
import { SignalSet } from './set.ts'

/** A signal, and where it is counted. Those of timers have their place already. */
interface Queued {
  readonly info: SignalInfo
  readonly account: SignalAccount | undefined
}

/** Never added to. */
const NONE = new Map<number, Queued[]>()

/** What is told of a signal that there was no place for: only that it was sent. */
const withoutPlace = (signal: number): Queued => ({
  info: { signal, code: SI_USER, details: { kind: 'sender', pid: 0, uid: 0 } },
  account: undefined,
})

/** The kernel's own standard signals, and those of kill(2), always have a place. */
const mustBeQueued = ({ signal, code, details }: SignalInfo): boolean =>
  details.kind === 'timer' || (signal < FIRST_REALTIME && code >= SI_USER)

export class PendingSignals {
  readonly set: SignalSet = new SignalSet()
  #queues: Map<number, Queued[]> = NONE

  /**
   * False if there is no place for it: a real-time signal that says more than that it was sent. A
   * standard signal that is pending already is merged. `most`: how many the account may hold.
   */
  add(info: SignalInfo, account: SignalAccount, most: number): boolean {
    const { signal } = info
    const isPending = this.set.has(signal)
    if (isPending && signal < FIRST_REALTIME) return true
    if (mustBeQueued(info) || account.queued < most) {
      const isCounted = info.details.kind !== 'timer'
      if (isCounted) account.queued++
      this.#queue({ info, account: isCounted ? account : undefined })
    } else if (signal >= FIRST_REALTIME && info.code !== SI_USER) return false
    else if (!isPending) this.#queue(withoutPlace(signal))
    this.set.add(signal)
    return true
  }

  /** The map is made with the first signal: most threads never get one. */
  #queue(queued: Queued): void {
    if (this.#queues === NONE) this.#queues = new Map()
    const { signal } = queued.info
    const queue = this.#queues.get(signal)
    if (queue === undefined) this.#queues.set(signal, [queued])
    else queue.push(queued)
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
    const taken = queue?.shift()
    if (queue === undefined || taken === undefined) return undefined
    leave(taken)
    if (queue.length === 0) this.set.delete(signal)
    return taken.info
  }

  /** Forgets all of this signal. */
  discard(signal: number): void {
    const queue = this.#queues.get(signal)
    if (queue === undefined) return
    for (const queued of queue) leave(queued)
    queue.length = 0
    this.set.delete(signal)
  }

  clear(): void {
    for (const queue of this.#queues.values()) for (const queued of queue) leave(queued)
    this.#queues = NONE
    this.set.set(0, 0)
  }
}

function leave({ account }: Queued): void {
  if (account !== undefined) account.queued--
}

const lowestBit = (bits: number): number => 31 - Math.clz32(bits & -bits)
