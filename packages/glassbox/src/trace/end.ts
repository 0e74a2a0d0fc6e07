/** How a trace ended, as its caller is told. */
import { signalName } from '../linux/signals.ts'
import type { Ended } from '../ptrace/engine.ts'
import type { TraceEnd } from './types.ts'

export function endOf(ended: Ended | undefined, data: unknown): TraceEnd {
  const how =
    ended === undefined
      ? {}
      : 'signal' in ended
        ? { signal: signalName(ended.signal) }
        : { exitCode: ended.exitCode }
  return data === undefined ? how : { ...how, data }
}
