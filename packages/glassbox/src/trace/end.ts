/** How a process, and with it a trace, ended, as the caller sees it. */
import { signalName } from '../linux/signals.ts'
import type { TraceEnd } from './trace.ts'

/** How a process ended. */
export type Ended = { readonly exitCode: number } | { readonly signal: number }

export function endOf(ended: Ended | undefined, data: unknown): TraceEnd {
  const how =
    ended === undefined
      ? {}
      : 'signal' in ended
        ? { signal: signalName(ended.signal) }
        : { exitCode: ended.exitCode }
  return data === undefined ? how : { ...how, data }
}
