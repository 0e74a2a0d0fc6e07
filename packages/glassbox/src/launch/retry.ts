/**
 * Polls for a condition for which the kernel has no event. Usually it becomes true within a
 * moment, so the first tries come at each turn of the event loop. Later tries come by a timer with
 * growing pauses. The event loop is never blocked.
 */

/** For this time, in ns, the event loop turns without sleeping. */
const TURNS_NS = 2_000_000n
const FIRST_PAUSE_MS = 1

export interface RetryOptions {
  readonly longestPauseMs: number
  /**
   * If false, polling does not keep the process alive, and every try but the first comes after a
   * pause. Default: true.
   */
  readonly ref?: boolean
}

/** Calls `attempt` at once, and again until it returns true. It must not throw. */
export function retry(attempt: () => boolean, { longestPauseMs, ref = true }: RetryOptions): void {
  const pause = (ms: number): void => {
    if (attempt()) return
    const timer = setTimeout(pause, ms, Math.min(ms * 2, longestPauseMs))
    if (!ref) timer.unref()
  }
  // Not performance.now(): its module takes milliseconds to load.
  const begun = process.hrtime.bigint()
  const turn = (): void => {
    if (!ref || process.hrtime.bigint() - begun > TURNS_NS) pause(FIRST_PAUSE_MS)
    else if (!attempt()) setImmediate(turn)
  }
  turn()
}
