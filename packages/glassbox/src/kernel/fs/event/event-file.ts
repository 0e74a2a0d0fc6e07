/** eventfd(2): a counter. */
import {
  EFD_SEMAPHORE,
  O_RDWR,
  POLLERR,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
} from '../../../linux/constants.ts'
import { EAGAIN, EFAULT, EINVAL } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import { WaitQueue } from '../../wait/queue.ts'
import { StreamFile } from '../open-file.ts'
import { anonymousFile } from '../path/anonymous.ts'

/** One more than the largest value: ULLONG_MAX − 1. */
const MOST = 2n ** 64n - 2n
const WORD = 8

const bytes = new Uint8Array(WORD)
const view = new DataView(bytes.buffer)

export class EventFile extends StreamFile {
  readonly #queue = new WaitQueue()
  readonly #semaphore: boolean
  #count: bigint

  /** `flags`: EFD_*. */
  constructor(initial: number, flags: number) {
    const { inode, location } = anonymousFile('[eventfd]')
    super(inode, O_RDWR | (flags & ~EFD_SEMAPHORE), location)
    this.#count = BigInt(initial)
    this.#semaphore = (flags & EFD_SEMAPHORE) !== 0
  }

  override get queue(): WaitQueue {
    return this.#queue
  }

  get count(): bigint {
    return this.#count
  }

  override read(transfer: Transfer): number {
    if (transfer.remaining < WORD) return -EINVAL
    if (this.#count === 0n) return -EAGAIN
    const value = this.#semaphore ? 1n : this.#count
    view.setBigUint64(0, value, true)
    if (transfer.put(bytes, 0, WORD) < WORD) return -EFAULT
    this.#count -= value
    this.#queue.wake()
    return WORD
  }

  override write(transfer: Transfer): number {
    if (transfer.remaining < WORD) return -EINVAL
    if (transfer.take(bytes, 0, WORD) < WORD) return -EFAULT
    const value = view.getBigUint64(0, true)
    if (value > MOST) return -EINVAL
    if (this.#count + value > MOST) return -EAGAIN
    this.#count += value
    if (value > 0n) this.#queue.wake()
    return WORD
  }

  override poll(): number {
    let events = 0
    if (this.#count > 0n) events |= POLLIN | POLLRDNORM
    if (this.#count < MOST) events |= POLLOUT | POLLWRNORM
    return this.#count > MOST ? events | POLLERR : events
  }
}
