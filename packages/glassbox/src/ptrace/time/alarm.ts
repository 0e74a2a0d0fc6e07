/**
 * A timer that wakes the thread of the tracer out of its wait. It fires again and again until it
 * is set anew or off: so a tick that comes when the thread is not waiting is not missed, only
 * late.
 */
import { syscall, call } from '../../gate/gate.ts'
import { WAKE_SIGNAL } from '../../gate/ptrace.ts'
import { CLOCK_MONOTONIC, TIMER_ABSTIME } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

const SIGEV_THREAD_ID = 4
const SIGEVENT_BYTES = 64
const TIMER_SETTIME = syscallNumber('timer_settime')
const SECOND = 1_000_000_000n

/** How often it fires again; what is only late by this is late enough to do no harm. */
const AGAIN_NS = 5_000_000n

export class Alarm {
  readonly #timer: number
  readonly #spec = new BigInt64Array(4)
  /** When it fires first, ns of CLOCK_MONOTONIC; 0: it is off. */
  #atNs = 0n

  constructor(tid: number) {
    const event = new Int32Array(SIGEVENT_BYTES / 4)
    event[2] = WAKE_SIGNAL
    event[3] = SIGEV_THREAD_ID
    event[4] = tid
    const id = new Int32Array(1)
    call('timer_create', [CLOCK_MONOTONIC, event, id])
    this.#timer = id[0] ?? 0
  }

  /** Lets it fire at that time, and from then on again and again; 0n: not at all. */
  set(atNs: bigint): void {
    if (atNs === this.#atNs) return
    this.#atNs = atNs
    const spec = this.#spec
    spec[0] = 0n
    spec[1] = atNs === 0n ? 0n : AGAIN_NS
    spec[2] = atNs / SECOND
    spec[3] = atNs % SECOND
    syscall(TIMER_SETTIME, this.#timer, TIMER_ABSTIME, spec, 0)
  }

  close(): void {
    call('timer_delete', [this.#timer])
  }
}
