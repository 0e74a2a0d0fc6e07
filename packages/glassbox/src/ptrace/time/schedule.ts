/**
 * What the tracer does with time: tracees that a handler delays, and the moment at which nothing
 * more comes. One alarm serves both; while stops come one after another it is set about once in
 * ten milliseconds, not once a stop.
 */
import type { Alarm } from './alarm.ts'

/** So long without a stop, and the tracer is idle. */
const QUIET_NS = 4_000_000n

interface Delayed {
  readonly atNs: bigint
  readonly go: () => void
}

export class Schedule {
  readonly #alarm: Alarm
  readonly #onIdle: () => void
  #delayed: Delayed[] = []
  /** The last stop; and whether anything came since the last time that it was idle. */
  #lastNs = 0n
  #active = false

  constructor(alarm: Alarm, onIdle: () => void) {
    this.#alarm = alarm
    this.#onIdle = onIdle
  }

  /** Does the alarm wake the tracer soon, whether or not something comes? */
  get isActive(): boolean {
    return this.#active
  }

  /** There was a stop. */
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

  /** To be called when the alarm may have fired. */
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

  /** Is a tracee delayed that would be due by then? */
  isDue(nowNs: bigint): boolean {
    const first = this.#delayed[0]
    return first !== undefined && first.atNs <= nowNs
  }

  /** Lets all go that wait. */
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
