/**
 * Divides long synchronous work into pieces, so it does not block the event loop. All work of this
 * kind shares one queue: each turn of the loop does one piece, however many copies are in
 * progress.
 */
import { setImmediate } from 'node:timers/promises'

/** The longest time for one piece, in ms. */
const PIECE_MS = 4

/** Resolves when the last waiting work has its turn. */
let queue: Promise<void> = Promise.resolve()
/** The end of the current piece, on the monotonic clock, in ms. */
let until = 0

/** Not performance.now(): its module takes milliseconds to load. */
const now = (): number => Number(process.hrtime.bigint()) / 1e6

/** Something that can stop the work, such as an AbortSignal. */
export interface Stoppable {
  throwIfAborted(): void
}

/** The pace of one long work. */
export class Pace {
  readonly #stops: readonly Stoppable[]

  constructor(stops: readonly Stoppable[] = []) {
    this.#stops = stops
  }

  /** Await it between two small steps. Rejects with the error of `throwIfAborted`. */
  async rest(): Promise<void> {
    if (now() >= until) {
      queue = queue.then(nextTurn)
      await queue
    }
    for (const stop of this.#stops) stop.throwIfAborted()
  }
}

async function nextTurn(): Promise<void> {
  await setImmediate()
  until = now() + PIECE_MS
}
