/**
 * Events on their way to the main thread. They are gathered into batches and counted against what
 * the reader has taken. Lives in the worker.
 */
import type { Control } from './control.ts'
import type { TraceEvent } from './events.ts'

const BATCH = 256
/** An event waits at most this long for others. */
const LONGEST_WAIT_MS = 10

export type Unsent = TraceEvent extends infer Event
  ? Event extends TraceEvent
    ? Omit<Event, 'seq' | 'dropped'>
    : never
  : never

export class Outbox {
  readonly #control: Control
  readonly #post: (events: readonly TraceEvent[]) => void
  readonly #limit: number
  readonly #drops: boolean
  #batch: TraceEvent[] = []
  /** When the first event of the batch was added. */
  #since = 0
  /** The number of events added so far, modulo 2³². */
  #sent = 0
  #seq = 0
  #dropped = 0

  constructor(
    control: Control,
    limit: number,
    slowReader: 'pause' | 'drop',
    post: (events: readonly TraceEvent[]) => void,
  ) {
    this.#control = control
    this.#limit = limit
    this.#drops = slowReader === 'drop'
    this.#post = post
  }

  /** Whether an event would be dropped now, so that making it is useless. */
  get isFull(): boolean {
    return this.#drops && this.#waiting >= this.#limit
  }

  drop(): void {
    this.#dropped++
    this.#seq++
  }

  add(event: Unsent): void {
    const dropped = this.#dropped === 0 ? {} : { dropped: this.#dropped }
    this.#dropped = 0
    if (this.#batch.length === 0) this.#since = performance.now()
    this.#batch.push({ ...event, seq: this.#seq++, ...dropped })
    this.#sent = (this.#sent + 1) | 0
    if (this.#batch.length >= BATCH) this.flush()
  }

  flush(): void {
    if (this.#batch.length === 0) return
    this.#post(this.#batch)
    this.#batch = []
  }

  /**
   * Called before each wait. Blocks while the reader is too far behind, if `slowReader` is
   * `pause`.
   */
  hold(): void {
    if (this.#batch.length > 0 && performance.now() - this.#since > LONGEST_WAIT_MS) this.flush()
    if (this.#drops || this.#waiting < this.#limit) return
    this.flush()
    // Waits until half of the queue is free, so that the two threads do not wake each other for
    // every event.
    this.#control.sleepUntil(() => this.#waiting <= this.#limit >> 1)
  }

  get #waiting(): number {
    return (this.#sent - this.#control.consumed) | 0
  }
}
