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

/** The interruptions of one call. `stop` ends the listening. */
export class Interruptions {
  readonly #controller = new AbortController()
  readonly stop: () => void
  #signal: number | undefined

  constructor(io: CallIo) {
    this.stop = io.onSignal(signal => {
      this.#signal ??= signal
      this.#controller.abort()
    })
  }

  /** The signal, if one came. */
  get signal(): number | undefined {
    return this.#signal
  }

  /** Aborted at the first signal. */
  get aborted(): AbortSignal {
    return this.#controller.signal
  }
}
