/** Open sockets. */
import {
  FIONREAD,
  O_NONBLOCK,
  O_RDWR,
  POLLHUP,
  POLLIN,
  POLLOUT,
  POLLRDHUP,
  POLLERR,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
  S_IFSOCK,
  SIOCATMARK,
  TIOCOUTQ,
} from '../../../linux/constants.ts'
import { EAGAIN, EINVAL, ENOTTY, EOPNOTSUPP } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import type { WaitQueue } from '../../wait/queue.ts'
import type { Patience } from '../vfs.ts'
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

  /** SO_RCVTIMEO and SO_SNDTIMEO. */
  override get patience(): Patience {
    const { receiveTimeoutNs: readNs, sendTimeoutNs: writeNs } = this.socket.options
    return { readNs, writeNs, result: -EAGAIN }
  }

  /** How many bytes of a stream a read of this length waits for: SO_RCVLOWAT. */
  leastOf(length: number, mayWait: boolean): number {
    return mayWait ? Math.max(1, Math.min(this.socket.options.lowWater, length)) : 1
  }

  override read(transfer: Transfer): number {
    const least = this.leastOf(transfer.remaining, (this.flags & O_NONBLOCK) === 0)
    const { moved, message } = this.socket.receive(transfer, { peek: false, least })
    // Passed files that the reader did not ask for are closed.
    if (message !== undefined && moved >= 0) closeFiles(message)
    return moved
  }

  override write(transfer: Transfer): number {
    return this.socket.send(transfer)
  }

  override poll(): number {
    const { socket } = this
    const ended = socket.isAbandoned
    let events = socket.error === 0 ? 0 : POLLERR
    if (socket.hasInput || socket.waiting.length > 0 || !socket.mayRead || ended)
      events |= POLLIN | POLLRDNORM
    if (ended || (!socket.mayRead && !socket.mayWrite)) events |= POLLHUP
    if (ended || !socket.mayRead) events |= POLLRDHUP
    if (!socket.isConnectionless && !socket.wasConnected && socket.backlog === undefined) events |= POLLHUP
    const receiver = socket.peer
    if (socket.backlog === undefined && (receiver === undefined || ended || receiver.hasRoomFor(socket)))
      events |= POLLOUT | POLLWRNORM | POLLWRBAND
    return events
  }

  override ioctl(request: number, argument: number, memory: UserMemory): number {
    const { socket } = this
    if (request === TIOCOUTQ) return memory.writeInt32(argument, socket.sentBytes)
    if (request === SIOCATMARK) return socket.isStream ? memory.writeInt32(argument, 0) : -EOPNOTSUPP
    if (request !== FIONREAD) return -ENOTTY
    return socket.backlog === undefined ? memory.writeInt32(argument, socket.pendingBytes) : -EINVAL
  }

  override closed(): void {
    this.onClose?.()
    this.socket.close()
  }
}
