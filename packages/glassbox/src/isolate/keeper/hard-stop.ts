/**
 * Ends a run by force. init ends a program at its limits and when it is asked to. But init waits
 * for a child that has not executed its program yet, and the child waits for as long as the other
 * end of a FIFO is not opened. Then only the end of init helps, which ends the whole box.
 */
import type { RunningLaunch } from '../../container/container.ts'
import { CAUSE } from '../../container/wire.ts'
import { syscall } from '../../gate/gate.ts'
import { signalNumber } from '../../linux/signals.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { Interruptions } from './interruptions.ts'

/** How much longer than the limit init may take. It may have thousands of processes to end. */
const PATIENCE_MS = 3000

export class HardStop {
  readonly #init: number
  readonly #forget: () => void
  readonly #timers: NodeJS.Timeout[] = []
  #running: RunningLaunch | undefined
  #reason: 'wall' | 'interrupted' | undefined

  /** From now on: the set-up can be held up too, by a file system that does not answer. */
  constructor(init: number, interruptions: Interruptions, wallMs: number | undefined) {
    this.#init = init
    if (wallMs !== undefined) this.#arm('wall', wallMs)
    this.#forget = interruptions.whenInterrupted(() => {
      this.#running?.kill(CAUSE.host)
      this.#arm('interrupted', 0)
    })
  }

  /** Why init was killed, if it was. */
  get reason(): 'wall' | 'interrupted' | undefined {
    return this.#reason
  }

  /** The program that an interruption ends by init, if init can. */
  watch(running: RunningLaunch, { signal }: Interruptions): void {
    this.#running = running
    if (signal !== undefined) running.kill(CAUSE.host)
  }

  #arm(reason: 'wall' | 'interrupted', ms: number): void {
    const strike = (): void => {
      this.#reason ??= reason
      syscall(syscallNumber('kill'), this.#init, signalNumber('SIGKILL') ?? 0)
    }
    // Node fires a timer above 2^31 ms at once.
    const longest = 2 ** 31 - 1
    if (ms + PATIENCE_MS <= longest) this.#timers.push(setTimeout(strike, ms + PATIENCE_MS))
  }

  clear(): void {
    this.#forget()
    for (const timer of this.#timers) clearTimeout(timer)
  }
}
