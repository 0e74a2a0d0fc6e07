/** An open POSIX message queue: its descriptor is polled, and read as a line that describes it. */
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM } from '../../../linux/constants.ts'
import { EFAULT } from '../../../linux/errno-numbers.ts'
import { FileBase } from '../../fs/open-file.ts'
import { anonymousPlace } from '../../fs/path/anonymous.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { WaitQueue } from '../../wait/queue.ts'
import type { PosixQueue } from '../ipc/posix-queue.ts'
import { MQUEUE, type PosixQueues, type QueueInode } from '../ipc/posix-queues.ts'

export class MessageQueueFile extends FileBase {
  declare readonly inode: QueueInode
  readonly pollable = true
  readonly #queues: PosixQueues

  /** `flags`: O_* of mq_open(3). */
  constructor(queues: PosixQueues, name: string, inode: QueueInode, flags: number) {
    super(inode, flags, anonymousPlace(MQUEUE, `/${name}`, inode))
    this.#queues = queues
    inode.opened++
  }

  get messages(): PosixQueue {
    return this.inode.queue
  }

  override get queue(): WaitQueue {
    return this.messages.polled
  }

  override get mappable(): undefined {
    return undefined
  }

  override poll(): number {
    const { count, isFull } = this.messages
    return (count > 0 ? POLLIN | POLLRDNORM : 0) | (isFull ? 0 : POLLOUT | POLLWRNORM)
  }

  override read(transfer: Transfer, position: number): number {
    const { bytes, subscription } = this.messages
    const pad = (value: number, width: number): string => String(value).padEnd(width)
    const { notify = 0, signal = 0, pid = 0 } = subscription ?? {}
    const text = `QSIZE:${pad(bytes, 10)} NOTIFY:${pad(notify, 5)} SIGNO:${pad(signal, 5)} NOTIFY_PID:${pad(pid, 6)}\n`
    const rest = Buffer.from(text.slice(position), 'latin1')
    const wanted = Math.min(rest.length, transfer.remaining)
    const moved = transfer.put(rest, 0, wanted)
    return moved < wanted && moved === 0 ? -EFAULT : moved
  }

  /** A descriptor of these was closed: a subscription of its process ends. */
  flushed(files: object): void {
    if (this.messages.subscription?.files === files) this.messages.subscription = undefined
  }

  override closed(): void {
    this.#queues.closed(this.inode)
  }
}
