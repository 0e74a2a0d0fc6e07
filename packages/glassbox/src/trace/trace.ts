/** A running trace, as its caller holds it, and how it ended. Values only. */
import type { SignalName } from '../linux/signals.ts'
import type { TraceEvent } from './events.ts'

/** How a trace ended. */
export interface TraceEnd {
  /**
   * The end of the command, or of the last process that was attached to. Exactly one of the two
   * is set if it ended.
   */
  readonly exitCode?: number
  readonly signal?: SignalName
  /** What the `end` handler returned. */
  readonly data?: unknown
}

/**
 * A running trace: an async iterable of events (for one reader) and a promise of its end. If a
 * caller only awaits the end, events are dropped. If it leaves a loop over the events, the trace
 * goes on unread.
 *
 * @example
 *     const { exitCode } = await trace({ program: 'true' })
 */
export interface Trace extends AsyncIterable<TraceEvent>, PromiseLike<TraceEnd>, AsyncDisposable {
  /**
   * The process id of the command, or of the first process that was attached to; resolves as soon
   * as it is known.
   */
  readonly pid: Promise<number>
  /** Calls `listener` with what a module of handlers posts. */
  onMessage(listener: (message: unknown) => void): void
  /**
   * Detaches from all tracees and ends the trace. A stopped process stays stopped. Like strace,
   * it sends SIGTERM and SIGCONT to a command that it started, unless `keep` is true.
   */
  detach(options?: { readonly keep?: boolean }): Promise<TraceEnd>
  /**
   * Kills all tracees by SIGKILL, including any that are forked meanwhile, and resolves once all
   * are gone.
   */
  kill(): Promise<TraceEnd>
}
