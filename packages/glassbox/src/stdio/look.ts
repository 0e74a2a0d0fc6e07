/**
 * When the pipes of a program are read. To watch a pipe is dear, and a short program never needs
 * it: what it wrote is taken at its end. So there is a look after a short time and after each
 * doubling of it. The look that finds bytes begins to watch, and so does the last one; all pipes
 * together, since what is read together is told in the order in which it was written.
 *
 * A timer of ours must not throw: nothing would catch it, and the process would end.
 */
import type { Pump } from './pump.ts'

const FIRST_LOOK_MS = 2
const LAST_LOOK_MS = 8

/**
 * Watches the pumps in time. `awaited`: somebody waits for the bytes, so it begins at once.
 * Returns what ends the looking.
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
