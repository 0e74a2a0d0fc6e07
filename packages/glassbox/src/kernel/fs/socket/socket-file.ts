/** Open sockets. */
import {
  FIONREAD,
  O_RDWR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  POLLRDNORM,
  POLLWRNORM,
  S_IFSOCK,
} from '../../../linux/constants.ts'
import { ENOTTY } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import type { WaitQueue } from '../../wait/queue.ts'
import { StreamFile } from '../open-file.ts'
import { AnonymousInode, anonymousPlace, deviceOf, newAnonymousIno } from '../path/anonymous.ts'
import { closeFiles } from './in-flight.ts'
import type { UnixSocket } from './unix-socket.ts'

export class SocketFile extends StreamFile {
  readonly socket: UnixSocket
  /** Called when it is closed: gives its name back. */
  onClose: (() => void) | undefined

  /** `flags`: O_NONBLOCK. */
  constructor(socket: UnixSocket, flags: number) {
    const ino = newAnonymousIno()
    const inode = new AnonymousInode(S_IFSOCK | 0o777, ino, deviceOf('sockfs'), socket.credentials)
    super(inode, O_RDWR | flags, anonymousPlace('sockfs', `socket:[${ino}]`, inode))
    this.socket = socket
    socket.inode = ino
  }

  override get queue(): WaitQueue {
    return this.socket.queue
  }

  override read(transfer: Transfer): number {
    const { moved, message } = this.socket.receive(transfer, false)
    // Passed files that the reader did not ask for are closed.
    if (message !== undefined && moved >= 0) closeFiles(message)
    return moved
  }

  override write(transfer: Transfer): number {
    return this.socket.send(transfer, [])
  }

  override poll(): number {
    const { socket } = this
    const ended = socket.wasConnected && !socket.isConnectionless && (socket.peer?.closed ?? true)
    let events = 0
    if (socket.hasInput || socket.waiting.length > 0 || !socket.mayRead || ended)
      events |= POLLIN | POLLRDNORM
    if (ended || (!socket.mayRead && !socket.mayWrite)) events |= POLLHUP
    if (ended || !socket.mayRead) events |= POLLRDHUP
    if (!socket.isConnectionless && !socket.wasConnected && socket.backlog === undefined) events |= POLLHUP
    const receiver = socket.peer
    if (socket.backlog === undefined && (receiver?.hasRoom ?? true)) events |= POLLOUT | POLLWRNORM
    return events
  }

  override ioctl(request: number, argument: number, memory: UserMemory): number {
    return request === FIONREAD ? memory.writeInt32(argument, this.socket.pendingBytes) : -ENOTTY
  }

  override closed(): void {
    this.onClose?.()
    this.socket.close()
  }
}
