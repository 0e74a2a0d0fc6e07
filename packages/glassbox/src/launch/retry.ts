/**
 * Polls for a condition for which the kernel has no event. Usually it becomes true within a
 * moment, so the first tries come at each turn of the event loop. Later tries come by a timer with
 * growing pauses. The event loop is never blocked.
 */

/** For this time, in ms, the event loop turns without sleeping. */
const TURNS_MS = 2
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
  const begun = performance.now()
  const turn = (): void => {
    if (!ref || performance.now() - begun > TURNS_MS) pause(FIRST_PAUSE_MS)
    else if (!attempt()) setImmediate(turn)
  }
  turn()
}
