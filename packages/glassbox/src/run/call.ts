/** What belongs to one call of run(), from the call to its result: its start, its events, and the way to cancel it. */
import type { CommandOptions } from '../job/options.ts'
import { OutputEvents } from '../stdio/events.ts'

export interface Call {
  readonly events: OutputEvents
  /** CLOCK_MONOTONIC in ns. */
  readonly calledAt: bigint
  /** Aborted by the handle's kill(). */
  readonly cancel: AbortController
}

/** A call that begins now. */
export const beginCall = (): Call => ({
  events: new OutputEvents(),
  cancel: new AbortController(),
  calledAt: process.hrtime.bigint(),
})

/** Aborted by the handle's kill() or by the caller's signal. */
export const stopSignal = ({ cancel }: Call, { signal }: CommandOptions): AbortSignal =>
  signal ? AbortSignal.any([cancel.signal, signal]) : cancel.signal
