/**
 * The timer that ends the waits of a kernel thread. It is armed only if its next time is earlier
 * than what it is armed for: a wake-up too early costs less than a call at each wait.
 */
import { systemError, syscall } from '../../../gate/gate.ts'
import { guestTimer } from '../../../gate/guest.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'

const SETTIME = syscallNumber('timer_settime')
const DELETE = syscallNumber('timer_delete')
/** struct itimerspec: an interval, then the time. */
const spec = new BigInt64Array(4)

export class Alarm {
  readonly #id: number
  #dueNs = Infinity

  /** `wake` is set when the time has come. */
  constructor(wake: Int32Array) {
    this.#id = guestTimer(wake)
    if (this.#id < 0) throw systemError('timer_create', -this.#id)
  }

  /**
   * A wait was woken: the alarm may have gone off. The clocks that it and its caller go by differ
   * by some microseconds, so it is not asked whether its time has come.
   */
  passed(): void {
    this.#dueNs = Infinity
  }

  /**
   * Wakes at that time, or before. Both times are of the caller's clock, and the timer is set to
   * what is between: if its own clock were ahead it would go off at once, again and again.
   */
  at(dueNs: number, nowNs: number): void {
    if (this.#dueNs <= dueNs) return
    this.#dueNs = dueNs
    const wait = Math.max(1, Math.ceil(dueNs - nowNs))
    spec[2] = BigInt(Math.floor(wait / 1e9))
    spec[3] = BigInt(wait % 1e9)
    syscall(SETTIME, this.#id, 0, spec, 0)
  }

  close(): void {
    syscall(DELETE, this.#id)
  }
}
