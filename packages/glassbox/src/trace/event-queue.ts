/**
 * Events in the main thread: those that came and were not read yet, and the read that waits for
 * the next one. There is one reader.
 */
import type { TraceEvent } from './events.ts'

interface PendingRead {
  readonly resolve: (result: IteratorResult<TraceEvent, undefined>) => void
  readonly reject: (error: unknown) => void
}

export class EventQueue implements AsyncIterator<TraceEvent, undefined> {
  readonly #onConsumed: (count: number) => void
  #events: TraceEvent[] = []
  #next = 0
  #consumed = 0
  #ended = false
  #discards = false
  #error: { readonly reason: unknown } | undefined
  readonly #waiting: PendingRead[] = []

  /** `onConsumed` is called with the number of events read in all. */
  constructor(onConsumed: (count: number) => void) {
    this.#onConsumed = onConsumed
  }

  push(events: readonly TraceEvent[]): void {
    if (this.#discards) {
      this.#consume(events.length)
      return
    }
    for (const event of events) {
      const reader = this.#waiting.shift()
      if (reader) reader.resolve({ done: false, value: event })
      else this.#events.push(event)
      if (reader) this.#consume(1)
    }
  }

  /**
   * There is no reader any more. Waiting events and new events are dropped, and the trace goes
   * on.
   */
  discard(): void {
    if (this.#discards) return
    this.#discards = true
    this.#consume(this.#events.length - this.#next)
    this.#events = []
    this.#next = 0
  }

  /** Called when a loop over the events is left early. */
  async return(): Promise<IteratorResult<TraceEvent, undefined>> {
    this.discard()
    this.end()
    return { done: true, value: undefined }
  }

  /**
   * No more events come. A reader that comes later gets the remaining events, and then the error,
   * once.
   */
  end(error?: { readonly reason: unknown }): void {
    if (this.#ended) return
    this.#ended = true
    const [first, ...others] = this.#waiting.splice(0)
    if (first && error) first.reject(error.reason)
    else {
      this.#error = error
      first?.resolve({ done: true, value: undefined })
    }
    for (const reader of others) reader.resolve({ done: true, value: undefined })
  }

  async next(): Promise<IteratorResult<TraceEvent, undefined>> {
    const event = this.#events[this.#next]
    if (event) {
      this.#next++
      if (this.#next === this.#events.length) {
        this.#events = []
        this.#next = 0
      }
      this.#consume(1)
      return { done: false, value: event }
    }
    if (this.#ended) {
      const error = this.#error
      this.#error = undefined
      if (error) throw error.reason
      return { done: true, value: undefined }
    }
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #consume(count: number): void {
    this.#consumed += count
    this.#onConsumed(this.#consumed)
  }
}
