/**
 * The signals that a keeper gets during a run, and what each means for it. The first one counts.
 */
import { type SignalName, signalNumber } from '../../linux/signals.ts'
import type { CallIo, RunEnd } from '../types.ts'

const number = (name: SignalName): number => signalNumber(name) ?? 0

const ENDING = (['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const).map(number)
const KILL = number('SIGKILL')

/** How a run ends that was interrupted by this signal. */
export function endBy(signal: number): RunEnd {
  if (ENDING.includes(signal)) return { cause: 'interrupted', signal }
  const message =
    signal === KILL ? 'The caller of the sandbox is gone' : `Sandbox keeper received fatal signal ${signal}`
  return { cause: 'internal', message, killed: true }
}

/**
 * The interruptions of one call. `stop` ends the listening. An AbortController would do, but Node
 * loads its module for it.
 */
export class Interruptions {
  readonly stop: () => void
  readonly #listeners = new Set<() => void>()
  #signal: number | undefined

  constructor(io: CallIo) {
    this.stop = io.onSignal(signal => {
      if (this.#signal !== undefined) return
      this.#signal = signal
      for (const listener of this.#listeners) listener()
    })
  }

  /** The signal, if one came. */
  get signal(): number | undefined {
    return this.#signal
  }

  /** Calls the listener at the first signal, which may have come. Returns what ends that. */
  whenInterrupted(listener: () => void): () => void {
    this.#listeners.add(listener)
    if (this.#signal !== undefined) listener()
    return () => this.#listeners.delete(listener)
  }
}
