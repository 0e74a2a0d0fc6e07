/** What a process does at each signal: sigaction(2). Shared by CLONE_SIGHAND, copied by fork. */
import { LAST_SIGNAL, SIG_DFL, SIG_IGN } from './numbers.ts'

export interface Action {
  /** SIG_DFL, SIG_IGN, or the address of the handler. */
  handler: number
  /** SA_*, as an unsigned number. */
  flags: number
  restorer: number
  maskLo: number
  maskHi: number
}

const newAction = (): Action => ({ handler: SIG_DFL, flags: 0, restorer: 0, maskLo: 0, maskHi: 0 })

export class SignalActions {
  readonly #actions: Action[] = Array.from({ length: LAST_SIGNAL + 1 }, newAction)

  get(signal: number): Action {
    return this.#actions[signal] as Action
  }

  copy(): SignalActions {
    const copy = new SignalActions()
    for (let signal = 1; signal <= LAST_SIGNAL; signal++)
      Object.assign(copy.get(signal), this.#actions[signal])
    return copy
  }

  /** The action is the default one again. */
  reset(signal: number): void {
    Object.assign(this.get(signal), newAction())
  }

  /** For execve(2) and CLONE_CLEAR_SIGHAND: handlers are gone, what is ignored stays ignored. */
  dropHandlers(): void {
    for (let signal = 1; signal <= LAST_SIGNAL; signal++) {
      const ignored = this.get(signal).handler === SIG_IGN
      this.reset(signal)
      if (ignored) this.get(signal).handler = SIG_IGN
    }
  }
}
