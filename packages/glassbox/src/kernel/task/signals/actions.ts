/**
 * What a process does at each signal: sigaction(2). Shared by CLONE_SIGHAND, copied by fork. An
 * action is never changed but replaced, so a copy shares them all.
 */
import { SIG_DFL, SIG_IGN } from './numbers.ts'

export interface Action {
  /** SIG_DFL, SIG_IGN, or the address of the handler. */
  readonly handler: number
  /** SA_*, as an unsigned number. */
  readonly flags: number
  readonly restorer: number
  readonly maskLo: number
  readonly maskHi: number
}

const DEFAULT: Action = { handler: SIG_DFL, flags: 0, restorer: 0, maskLo: 0, maskHi: 0 }
const IGNORE: Action = { ...DEFAULT, handler: SIG_IGN }

export class SignalActions {
  readonly #actions: Map<number, Action>

  constructor(from?: ReadonlyMap<number, Action>) {
    this.#actions = from === undefined ? new Map() : new Map(from)
  }

  get(signal: number): Action {
    return this.#actions.get(signal) ?? DEFAULT
  }

  set(signal: number, action: Action): void {
    this.#actions.set(signal, action)
  }

  copy(): SignalActions {
    return new SignalActions(this.#actions)
  }

  /** The action is the default one again. */
  reset(signal: number): void {
    this.#actions.delete(signal)
  }

  /** For execve(2) and CLONE_CLEAR_SIGHAND: handlers are gone, what is ignored stays ignored. */
  dropHandlers(): void {
    for (const [signal, action] of this.#actions) {
      if (action.handler === SIG_IGN) this.#actions.set(signal, IGNORE)
      else this.#actions.delete(signal)
    }
  }
}
