/**
 * Timers on the world's monotonic clock, as a binary heap. The loop asks when the next is due, and
 * runs those that are.
 */

export interface Timer {
  /** In nanoseconds of the world's monotonic clock. */
  readonly dueNs: number
  readonly active: boolean
  cancel(): void
}

export interface TimerQueue {
  /** Calls `action` once, when the clock has reached `dueNs`. It must not throw. */
  at(dueNs: number, action: () => void): Timer
  /** Infinity if there is none. */
  nextNs(): number
  /** Runs all that are due. */
  run(nowNs: number): void
}
