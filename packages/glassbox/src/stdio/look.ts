/**
 * Decides when to start watching the pipes of a program. Watching a pipe is expensive, and a short
 * program does not need it: its output is read when it ends. So the pipes are only checked, after
 * 2, 4 and 8 ms. The first check that finds bytes starts to watch, and so does the last check. All
 * pipes are watched together, so their output is reported about in the order in which it was
 * written.
 *
 * A timer of ours must not throw, because an uncaught exception would end the process.
 */
import type { Pump } from './pump.ts'

const FIRST_LOOK_MS = 2
const LAST_LOOK_MS = 8

/**
 * Starts to watch the pumps in time. `awaited`: a reader waits for the bytes, so watching begins
 * at once. Returns a function that stops the checks.
 */
export function lookAfter(
  pumps: readonly Pump[],
  awaited: boolean,
  onFailure: (error: unknown) => void,
): () => void {
  let timer: NodeJS.Timeout | undefined
  const watchAll = (): void => {
    for (const pump of pumps) pump.watch()
  }
  const look = (after: number): void => {
    try {
      if (after >= LAST_LOOK_MS || pumps.some(({ hasBytes }) => hasBytes)) watchAll()
      else wait(2 * after)
    } catch (error) {
      onFailure(error)
    }
  }
  const wait = (ms: number): void => void (timer = setTimeout(look, ms, ms))
  if (awaited) watchAll()
  else if (pumps.length > 0) wait(FIRST_LOOK_MS)
  return () => clearTimeout(timer)
}
