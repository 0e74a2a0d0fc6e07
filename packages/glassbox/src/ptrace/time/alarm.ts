/**
 * A timer that wakes the tracer's thread out of its wait. It fires repeatedly until it is set
 * anew or turned off. So a tick that comes while the thread is not waiting is late, but not lost.
 */
import { syscall, call } from '../../gate/gate.ts'
import { WAKE_SIGNAL } from '../../gate/ptrace.ts'
import { CLOCK_MONOTONIC, TIMER_ABSTIME } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

const SIGEV_THREAD_ID = 4
const SIGEVENT_BYTES = 64
const TIMER_SETTIME = syscallNumber('timer_settime')
const SECOND = 1_000_000_000n

/** The interval of the repetition. A wake-up that is late by this much does no harm. */
const AGAIN_NS = 5_000_000n

export class Alarm {
  /** The id of the timer. */
  readonly timer: number
  readonly #spec = new BigInt64Array(4)
  /** When it fires first, in ns of CLOCK_MONOTONIC; 0 if it is off. */
  #atNs = 0n

  constructor(tid: number) {
    const event = new Int32Array(SIGEVENT_BYTES / 4)
    event[2] = WAKE_SIGNAL
    event[3] = SIGEV_THREAD_ID
    event[4] = tid
    const id = new Int32Array(1)
    call('timer_create', [CLOCK_MONOTONIC, event, id])
    this.timer = id[0] ?? 0
  }

  /** Makes the alarm fire at this time, and repeatedly from then on; 0n turns it off. */
  set(atNs: bigint): void {
    if (atNs === this.#atNs) return
    this.#atNs = atNs
    const spec = this.#spec
    spec[0] = 0n
    spec[1] = atNs === 0n ? 0n : AGAIN_NS
    spec[2] = atNs / SECOND
    spec[3] = atNs % SECOND
    syscall(TIMER_SETTIME, this.timer, TIMER_ABSTIME, spec, 0)
  }

  close(): void {
    call('timer_delete', [this.timer])
  }
}
