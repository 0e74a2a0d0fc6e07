/** How a trace ended, as its caller is told. */
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
