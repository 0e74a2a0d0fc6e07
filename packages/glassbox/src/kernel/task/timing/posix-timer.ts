/** A timer of timer_create(2): it sends a signal, and counts expirations that found it pending. */
import type { SignalAccount } from '../signals/accounts.ts'
import type { SignalInfo, TimerSignal } from '../signals/info.ts'
import { ClockTimer } from './clock-timer.ts'
import type { ClockSource } from './clock-timer.ts'
import type { World } from '../types.ts'

/** SI_TIMER. */
const CODE = -2

export interface Notification {
  /** 0: no signal. */
  readonly signal: number
  readonly valueLo: number
  readonly valueHi: number
}

export class PosixTimer implements TimerSignal {
  readonly id: number
  readonly timer: ClockTimer
  readonly clock: ClockSource
  readonly isReal: boolean
  readonly valueLo: number
  readonly valueHi: number
  /** Expirations beside the one that the last signal was for: timer_getoverrun(2). */
  overrun = 0
  readonly #account: SignalAccount
  #isPending = false
  #missed = 0

  constructor(
    world: World,
    id: number,
    clock: ClockSource,
    isReal: boolean,
    notification: Notification,
    account: SignalAccount,
    send: (info: SignalInfo) => void,
  ) {
    this.id = id
    this.clock = clock
    this.isReal = isReal
    this.valueLo = notification.valueLo
    this.valueHi = notification.valueHi
    const { signal } = notification
    this.#account = account
    account.queued++
    this.timer = new ClockTimer(world, clock, count => {
      if (signal === 0) return
      this.#missed += this.#isPending ? count : count - 1
      if (this.#isPending) return
      this.#isPending = true
      send({ signal, code: CODE, details: { kind: 'timer', id, timer: this } })
    })
  }

  taken(): number {
    this.#isPending = false
    this.overrun = this.#missed
    this.#missed = 0
    return this.overrun
  }

  cancel(): void {
    this.timer.cancel()
  }

  /** The timer is gone, and the place of its signal is free. */
  end(): void {
    this.cancel()
    this.#account.queued--
  }
}
