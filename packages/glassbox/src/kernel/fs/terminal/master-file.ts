/** The master of a pseudo terminal: what is written to it is typed, what it reads is shown. */
import { EAGAIN, EFAULT, EIO } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import type { WaitQueue } from '../../wait/queue.ts'
import { StreamFile } from '../open-file.ts'
import type { FsCaller, Inode, Location, OpenFile } from '../vfs.ts'
import { controlMaster } from './control.ts'
import { NEWS } from './packets.ts'
import type { Terminal } from './terminal.ts'

const PIECE = 512
const typed = new Uint8Array(PIECE)

/** 1, or −EFAULT. */
function putByte(transfer: Transfer, byte: number): number {
  return transfer.put(Uint8Array.of(byte), 0, 1) === 1 ? 1 : -EFAULT
}

export class MasterFile extends StreamFile {
  readonly terminal: Terminal
  /** Opens the other side: TIOCGPTPEER. */
  readonly peer: (flags: number, caller: FsCaller) => OpenFile | number
  readonly #closed: () => void

  constructor(
    terminal: Terminal,
    place: readonly [inode: Inode, flags: number, location: Location],
    peer: MasterFile['peer'],
    closed: () => void,
  ) {
    super(...place)
    this.terminal = terminal
    this.peer = peer
    this.#closed = closed
  }

  override get queue(): WaitQueue {
    return this.terminal.queue
  }

  override read(transfer: Transfer): number {
    const { terminal } = this
    const { screen, wasOpened, slaves, packets, news } = terminal
    if (transfer.remaining === 0) return 0
    if (packets && news !== 0) {
      terminal.news = 0
      return putByte(transfer, news)
    }
    if (screen.length === 0) return wasOpened && slaves === 0 ? -EIO : -EAGAIN
    if (packets && putByte(transfer, NEWS.data) < 0) return -EFAULT
    const head = packets ? 1 : 0
    const moved = transfer.remaining === 0 ? 0 : screen.read(transfer)
    if (moved + head === 0) return -EFAULT
    terminal.queue.wake()
    return moved + head
  }

  override write(transfer: Transfer): number {
    const { line, queue } = this.terminal
    let moved = 0
    while (transfer.remaining > 0 && line.room > 0) {
      const count = transfer.take(typed, 0, Math.min(transfer.remaining, PIECE, line.room))
      if (count === 0) return moved > 0 ? moved : -EFAULT
      for (let at = 0; at < count; at++) line.type(typed[at] as number)
      moved += count
    }
    if (moved === 0) return transfer.remaining === 0 ? 0 : -EAGAIN
    queue.wake()
    return moved
  }

  override poll(): number {
    return this.terminal.masterEvents
  }

  override ioctl(request: number, argument: number, memory: UserMemory): number {
    return controlMaster(this.terminal, request, argument, memory)
  }

  override closed(): void {
    this.terminal.hangUp()
    this.#closed()
  }
}
