/**
 * Long work in pieces, so that the event loop of this process never waits for it. All work of this
 * kind shares one queue: in a turn of the loop one piece is done, however many copies go on at a
 * time.
 */
import { setImmediate } from 'node:timers/promises'

/** How long a piece may take, ms. */
const PIECE_MS = 4

/** When the last of those who wait has had its turn. */
let queue: Promise<void> = Promise.resolve()
/** Until when this turn of the loop may be worked in: on the clock of performance.now(), ms. */
let until = 0

/** What ends a piece of work; an AbortSignal is one. */
export interface Stoppable {
  throwIfAborted(): void
}

/** One piece of work that goes on for long. */
export class Pace {
  readonly #stops: readonly Stoppable[]

  constructor(stops: readonly Stoppable[] = []) {
    this.#stops = stops
  }

  /** To be awaited between two small steps. Rejects as `throwIfAborted` throws. */
  async rest(): Promise<void> {
    if (performance.now() >= until) {
      queue = queue.then(nextTurn)
      await queue
    }
    for (const stop of this.#stops) stop.throwIfAborted()
  }
}

async function nextTurn(): Promise<void> {
  await setImmediate()
  until = performance.now() + PIECE_MS
}
