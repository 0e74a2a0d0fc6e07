/** A running trace, as its caller holds it, and how it ended. */
import type { SignalName } from '../linux/signals.ts'
import type { TraceEvent } from './events.ts'

/** How a trace ended. */
export interface TraceEnd {
  /**
   * Of the command, or of the last pid that was attached to. Exactly one of the two, if it ended.
   */
  readonly exitCode?: number
  readonly signal?: SignalName
  /** What the `end` handler returned. */
  readonly data?: unknown
}

/**
 * A running trace: an async iterable of events (one reader) and a promise of its end. If a caller
 * waits for the end only, events are dropped. If it leaves a loop over them, the trace goes on
 * unread.
 */
export interface Trace extends AsyncIterable<TraceEvent>, PromiseLike<TraceEnd>, AsyncDisposable {
  /** Of the command, or the first that was attached to; as soon as it is known. */
  readonly pid: Promise<number>
  /** What a handlers module posts. */
  onMessage(listener: (message: unknown) => void): void
  /**
   * Lets all tracees go and ends the trace; a stopped process stays stopped. A command that we
   * started gets SIGTERM and SIGCONT, as strace does it, unless `keep`.
   */
  detach(options?: { readonly keep?: boolean }): Promise<TraceEnd>
  /** SIGKILL to all tracees. */
  kill(): Promise<TraceEnd>
}
