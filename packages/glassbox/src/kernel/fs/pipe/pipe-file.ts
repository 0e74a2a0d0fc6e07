/** Open ends of pipes and FIFOs. */
import {
  FIONREAD,
  O_ACCMODE,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
} from '../../../linux/constants.ts'
import { EAGAIN, EFAULT, ENOTTY, ENXIO, EPIPE } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import type { WaitQueue } from '../../wait/queue.ts'
import { StreamFile } from '../open-file.ts'
import { AnonymousInode } from '../path/anonymous.ts'
import type { Inode, Location, OpenFile } from '../vfs.ts'
import { PIPE_BUF, type Pipe } from './pipe.ts'

/**
 * Opens an end, fifo(7): a reader waits for a writer and the other way round, unless O_NONBLOCK is
 * set; then a writer without reader is ENXIO.
 */
export function openPipe(
  pipe: Pipe,
  inode: Inode,
  flags: number,
  location: Location | undefined,
): OpenFile | number {
  const access = flags & O_ACCMODE
  if (
    !(inode instanceof AnonymousInode) &&
    access === O_WRONLY &&
    (flags & O_NONBLOCK) !== 0 &&
    pipe.readers === 0
  )
    return -ENXIO
  return new PipeFile(pipe, inode, flags, location)
}

export class PipeFile extends StreamFile {
  readonly pipe: Pipe
  /** How many openings of the other side there were when this end was opened. */
  readonly #seen: number

  constructor(pipe: Pipe, inode: Inode, flags: number, location: Location | undefined) {
    super(inode, flags, location)
    this.pipe = pipe
    if (this.#reads) {
      pipe.readers++
      pipe.readersSeen++
    }
    if (this.#writes) {
      pipe.writers++
      pipe.writersSeen++
    }
    this.#seen = this.#reads ? pipe.writersSeen : pipe.readersSeen
    pipe.queue.wake()
  }

  override get queue(): WaitQueue {
    return this.pipe.queue
  }

  get #reads(): boolean {
    return (this.flags & O_ACCMODE) !== O_WRONLY
  }

  get #writes(): boolean {
    return (this.flags & O_ACCMODE) !== O_RDONLY
  }

  /** Of a FIFO only: an end of a pipe that is opened once more by /proc waits for nothing. */
  get opening(): boolean {
    const { pipe } = this
    if (this.inode instanceof AnonymousInode) return false
    if ((this.flags & O_NONBLOCK) !== 0 || (this.flags & O_ACCMODE) === O_RDWR) return false
    if (this.#reads) return pipe.writers === 0 && pipe.writersSeen === this.#seen
    return pipe.readers === 0 && pipe.readersSeen === this.#seen
  }

  override read(transfer: Transfer): number {
    if (transfer.remaining === 0) return 0
    const moved = this.pipe.read(transfer)
    if (moved > 0) return moved
    if (transfer.faulted) return -EFAULT
    return this.pipe.writers === 0 ? 0 : -EAGAIN
  }

  override write(transfer: Transfer): number {
    const { pipe } = this
    const wanted = transfer.remaining
    if (wanted === 0) return 0
    if (pipe.readers === 0) return -EPIPE
    if (wanted <= PIPE_BUF ? pipe.room < wanted : pipe.room === 0) return -EAGAIN
    const moved = pipe.write(transfer)
    return moved === 0 && transfer.faulted ? -EFAULT : moved
  }

  override poll(): number {
    const { pipe } = this
    let events = 0
    if (this.#reads) {
      if (pipe.length > 0) events |= POLLIN | POLLRDNORM
      if (pipe.writers === 0 && pipe.writersSeen > 0) events |= POLLHUP
    }
    if (this.#writes) {
      if (pipe.room >= PIPE_BUF) events |= POLLOUT | POLLWRNORM
      if (pipe.readers === 0) events |= POLLERR
    }
    return events
  }

  override ioctl(request: number, argument: number, memory: UserMemory): number {
    return request === FIONREAD ? memory.writeInt32(argument, this.pipe.length) : -ENOTTY
  }

  override closed(): void {
    if (this.#reads) this.pipe.readers--
    if (this.#writes) this.pipe.writers--
    if (this.pipe.isClosed) this.pipe.free()
    this.pipe.queue.wake()
  }
}
