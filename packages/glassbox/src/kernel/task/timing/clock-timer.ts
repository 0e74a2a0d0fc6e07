/**
 * A timer on any clock: the monotonic one, the time of day, or CPU time. It asks the world's
 * timers to be called at the earliest moment when its clock can have got so far, and looks again
 * then.
 */
import type { Timer } from '../../wait/timers.ts'
import type { World } from '../types.ts'

/** A clock in nanoseconds. */
export interface ClockSource {
  now(): number
  /** CPU clocks stand still while no task computes: they are read no more often than this. */
  readonly coarseNs: number
}

export class ClockTimer {
  readonly #world: World
  readonly #clock: ClockSource
  readonly #expired: (count: number) => void
  #dueNs = Infinity
  #timer: Timer | undefined
  intervalNs = 0

  /** `expired` gets how many times it has expired since the last call: more than once if late. */
  constructor(world: World, clock: ClockSource, expired: (count: number) => void) {
    this.#world = world
    this.#clock = clock
    this.#expired = expired
  }

  get armed(): boolean {
    return this.#dueNs !== Infinity
  }

  /** Until the next expiration; 0: disarmed. */
  get leftNs(): number {
    return this.armed ? Math.max(1, this.#dueNs - this.#clock.now()) : 0
  }

  /** `dueNs` is on its clock; Infinity disarms it. An interval of 0: once. */
  arm(dueNs: number, intervalNs: number): void {
    this.cancel()
    this.#dueNs = dueNs
    this.intervalNs = intervalNs
    if (dueNs !== Infinity) this.#schedule()
  }

  armIn(ns: number, intervalNs: number): void {
    this.arm(this.#clock.now() + ns, intervalNs)
  }

  cancel(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#dueNs = Infinity
    this.intervalNs = 0
  }

  #schedule(): void {
    const left = Math.max(this.#dueNs - this.#clock.now(), 0)
    const wait = left === 0 ? 0 : Math.max(left, this.#clock.coarseNs)
    this.#timer = this.#world.timers.at(this.#world.clock.monotonic() + wait, () => this.#look())
  }

  #look(): void {
    const now = this.#clock.now()
    if (now < this.#dueNs) {
      this.#schedule()
      return
    }
    const interval = this.intervalNs
    const count = interval > 0 ? Math.floor((now - this.#dueNs) / interval) + 1 : 1
    this.#timer = undefined
    this.#dueNs = interval > 0 ? this.#dueNs + count * interval : Infinity
    if (interval > 0) this.#schedule()
    this.#expired(count)
  }
}
