/**
 * The timers of the tracer: tracees that a handler delays, and the moment from which the tracer
 * counts as idle. One alarm serves both. While stops come one after another, it is set about once
 * per ten milliseconds, not once per stop.
 */
import type { Alarm } from './alarm.ts'

/** After this long without a stop, the tracer is idle. */
const QUIET_NS = 4_000_000n

interface Delayed {
  readonly atNs: bigint
  readonly go: () => void
}

export class Schedule {
  readonly #alarm: Alarm
  readonly #onIdle: () => void
  #delayed: Delayed[] = []
  /** The time of the last stop, and whether there was one since the tracer was last idle. */
  #lastNs = 0n
  #active = false

  constructor(alarm: Alarm, onIdle: () => void) {
    this.#alarm = alarm
    this.#onIdle = onIdle
  }

  /**
   * 0 if the alarm will wake the tracer soon, even if no stop comes. Else what the native step
   * needs to set it, when it goes past a call: 1 more than the id of the timer.
   */
  get idleTimer(): number {
    return this.#active ? 0 : this.#alarm.timer + 1
  }

  /** Notes a stop. */
  note(timeNs: bigint): void {
    this.#lastNs = timeNs
    if (this.#active) return
    this.#active = true
    this.#arm()
  }

  delay(atNs: bigint, go: () => void): void {
    this.#delayed.push({ atNs, go })
    this.#delayed.sort((a, b) => Number(a.atNs - b.atNs))
    this.#arm()
  }

  /** Must be called when the alarm may have fired. */
  tick(nowNs: bigint): void {
    for (let first = this.#delayed[0]; first && first.atNs <= nowNs; first = this.#delayed[0]) {
      this.#delayed.shift()
      first.go()
    }
    if (this.#active && nowNs - this.#lastNs >= QUIET_NS) {
      this.#active = false
      this.#onIdle()
    }
    this.#arm()
  }

  /** Whether a delayed tracee will be due by then. */
  isDue(nowNs: bigint): boolean {
    const first = this.#delayed[0]
    return first !== undefined && first.atNs <= nowNs
  }

  /** Releases all delayed tracees. */
  release(): void {
    const delayed = this.#delayed
    this.#delayed = []
    for (const { go } of delayed) go()
  }

  #arm(): void {
    const first = this.#delayed[0]?.atNs
    const quiet = this.#active ? this.#lastNs + QUIET_NS : undefined
    const at = first !== undefined && (quiet === undefined || first < quiet) ? first : quiet
    this.#alarm.set(at ?? 0n)
  }
}
