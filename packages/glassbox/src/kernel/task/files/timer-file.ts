/**
 * A timer that is read: timerfd_create(2). A read gives how often it has expired since the last.
 */
import { POLLIN, POLLRDNORM } from '../../../linux/constants.ts'
import { EAGAIN, EFAULT, EINVAL } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import { WaitQueue } from '../../wait/queue.ts'
import { setWord } from '../signals/info.ts'
import { ClockTimer } from '../timing/clock-timer.ts'
import type { ClockSource } from '../timing/clock-timer.ts'
import type { World } from '../types.ts'
import { AnonymousFile } from './anonymous.ts'

const SIZE = 8
const bytes = new Uint8Array(SIZE)
const view = new DataView(bytes.buffer)

export class TimerFile extends AnonymousFile {
  readonly clock: ClockSource
  readonly timer: ClockTimer
  #count = 0

  constructor(world: World, clock: ClockSource, flags: number) {
    super('[timerfd]', flags, new WaitQueue())
    this.clock = clock
    this.timer = new ClockTimer(world, clock, count => {
      this.#count += count
      this.queue.wake()
    })
  }

  override poll(): number {
    return this.#count > 0 ? POLLIN | POLLRDNORM : 0
  }

  override read(transfer: Transfer): number {
    if (transfer.remaining < SIZE) return -EINVAL
    if (this.#count === 0) return -EAGAIN
    setWord(view, 0, this.#count)
    if (transfer.put(bytes, 0, SIZE) < SIZE) return -EFAULT
    this.#count = 0
    return SIZE
  }

  /** A new setting forgets what has expired. */
  set(dueNs: number, intervalNs: number): void {
    this.#count = 0
    this.timer.arm(dueNs, intervalNs)
  }

  override closed(): void {
    this.timer.cancel()
  }
}
