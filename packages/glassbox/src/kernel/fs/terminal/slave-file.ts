/** The side of a pseudo terminal that programs use as their terminal. */
import { O_NONBLOCK, TOSTOP } from '../../../linux/constants.ts'
import { EAGAIN, EFAULT, EIO } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import type { WaitQueue } from '../../wait/queue.ts'
import { StreamFile } from '../open-file.ts'
import type { Inode, Location, Patience } from '../vfs.ts'
import { controlSlave } from './control.ts'
import { SIGNAL } from './jobs.ts'
import type { Terminal } from './terminal.ts'

const PIECE = 1024
const buffer = new Uint8Array(PIECE)
/** The most that one read takes, as the buffer of a line. */
const MOST_READ = 4096

export class SlaveFile extends StreamFile {
  readonly terminal: Terminal

  constructor(terminal: Terminal, inode: Inode, flags: number, location: Location) {
    super(inode, flags, location)
    this.terminal = terminal
    terminal.slaves++
    terminal.wasOpened = true
  }

  override get queue(): WaitQueue {
    return this.terminal.queue
  }

  /** A read that has waited for VTIME returns 0. */
  override get patience(): Patience {
    return { readNs: this.terminal.line.timeoutNs, writeNs: Infinity, result: 0 }
  }

  override read(transfer: Transfer): number {
    const { terminal } = this
    const { line } = terminal
    if (terminal.hungUp) return 0
    const refused = terminal.check(SIGNAL.SIGTTIN)
    if (refused !== 0) return refused
    const wanted = Math.min(transfer.remaining, MOST_READ)
    if (wanted === 0) return 0
    const mayTakeLess = (this.flags & O_NONBLOCK) !== 0 && line.available > 0
    if (!line.readable(wanted) && !mayTakeLess) return line.timeoutNs === 0 ? 0 : -EAGAIN
    const bytes = line.read(wanted)
    terminal.queue.wake()
    return transfer.put(bytes, 0, bytes.length) < bytes.length ? -EFAULT : bytes.length
  }

  override write(transfer: Transfer): number {
    const { terminal } = this
    const { line } = terminal
    if (terminal.hungUp) return -EIO
    if ((line.settings.local & TOSTOP) !== 0) {
      const refused = terminal.check(SIGNAL.SIGTTOU)
      if (refused !== 0) return refused
    }
    let moved = 0
    while (transfer.remaining > 0 && terminal.room > 0) {
      const count = transfer.take(buffer, 0, Math.min(transfer.remaining, PIECE, terminal.room))
      if (count === 0) return moved > 0 ? moved : -EFAULT
      terminal.show(line.write(buffer.subarray(0, count)))
      moved += count
    }
    return moved > 0 || transfer.remaining === 0 ? moved : -EAGAIN
  }

  override poll(): number {
    return this.terminal.slaveEvents
  }

  override ioctl(request: number, argument: number, memory: UserMemory): number {
    const { terminal } = this
    return terminal.hungUp ? -EIO : controlSlave(terminal, request, argument, memory)
  }

  override closed(): void {
    this.terminal.slaves--
    this.terminal.queue.wake()
  }
}
