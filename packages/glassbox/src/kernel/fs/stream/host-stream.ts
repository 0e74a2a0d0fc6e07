/**
 * An open file of the guest over a descriptor of the host: what a job has as standard input and
 * output. The descriptor belongs to this object and is closed with it.
 *
 * Nothing here waits. A pipe or a terminal is opened once more, with a description of its own that
 * is non-blocking, so the one that others have stays as it is; sockets are asked not to wait for
 * each call. Where neither can be done, poll(2) is asked first and little is moved.
 */
import {
  FIONREAD,
  O_ACCMODE,
  O_CLOEXEC,
  O_NOCTTY,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
  S_IFBLK,
  S_IFCHR,
  S_IFIFO,
  S_IFREG,
  S_IFSOCK,
} from '../../../linux/constants.ts'
import { EAGAIN, EFAULT, ENOTTY, ESPIPE } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import type { Platform } from '../../platform/platform.ts'
import { WaitQueue, type Waiter } from '../../wait/queue.ts'
import { deviceNumber } from '../dev/devices.ts'
import { attributesOf, closeHost } from '../host/calls.ts'
import { FileBase } from '../open-file.ts'
import { AnonymousInode, anonymousPlace } from '../path/anonymous.ts'
import type { Attributes, FsCaller, OpenFile } from '../vfs.ts'
import {
  controlHost,
  duplicateHost,
  pollHost,
  readHost,
  receiveHost,
  reopenHost,
  seekHost,
  sendHost,
  writeHost,
} from './host-calls.ts'
import { controlHostTerminal, isHostTerminal } from './host-terminal.ts'

const PIECE = 64 * 1024
/** What a pipe or terminal that poll(2) calls writable takes without waiting. */
const SURE_PIECE = 4096

/** Shared: a read or write is over before the next begins. */
const buffer = new Uint8Array(PIECE)

type Kind = 'file' | 'socket' | 'non-blocking' | 'polled'

/** A queue that watches the host's descriptor while a task waits in it. */
class WatchedQueue extends WaitQueue {
  readonly #rearm: () => void

  constructor(rearm: () => void) {
    super()
    this.#rearm = rearm
  }

  override add(waiter: Waiter): void {
    super.add(waiter)
    this.#rearm()
  }

  override remove(waiter: Waiter): void {
    super.remove(waiter)
    if (this.empty) this.#rearm()
  }
}

export class HostStream extends FileBase implements Waiter {
  readonly #platform: Platform
  readonly #fd: number
  readonly #kind: Kind
  readonly #isTerminal: boolean
  readonly #watched: WatchedQueue
  /** What was ready when it was last looked at: that need not be watched. */
  #ready = 0
  #watching = 0
  #unwatch: (() => void) | undefined

  /** `fd` belongs to this object from now on. `flags`: O_* that the guest sees. */
  constructor(platform: Platform, fd: number, flags: number, owner: Owner = ROOT) {
    const attributes = attributesOf(fd)
    const inode = new HostStreamInode(platform, fd, attributes, owner)
    super(inode, flags, anonymousPlace('hostfs', nameOf(inode), inode))
    this.#platform = platform
    this.#watched = new WatchedQueue(() => this.#arm())
    const own = inode.type === S_IFIFO || inode.type === S_IFCHR ? ownDescription(fd, flags) : -1
    this.#fd = own >= 0 ? own : fd
    this.#kind = own >= 0 ? 'non-blocking' : kindOf(inode.type)
    if (own >= 0) closeHost(fd)
    inode.fd = this.#fd
    this.#isTerminal = isHostTerminal(this.#fd, inode.type)
  }

  override get queue(): WaitQueue {
    return this.#watched
  }

  override get stream(): boolean {
    return this.#kind !== 'file'
  }

  override get mappable(): undefined {
    return undefined
  }

  override read(transfer: Transfer): number {
    let moved = 0
    while (transfer.remaining > 0) {
      const wanted = Math.min(transfer.remaining, PIECE)
      const count = this.#readNow(buffer.subarray(0, wanted))
      if (count === -EAGAIN) this.#lacks(POLLIN)
      if (count <= 0) return moved > 0 ? moved : count
      const put = transfer.put(buffer, 0, count)
      moved += put
      if (put < count) return moved > 0 ? moved : -EFAULT
      if (count < wanted || this.stream) break
    }
    return moved
  }

  #readNow(target: Uint8Array): number {
    if (this.#kind === 'socket') return receiveHost(this.#fd, target)
    if (this.#kind === 'polled' && pollHost(this.#fd, POLLIN) === 0) return -EAGAIN
    return readHost(this.#fd, target)
  }

  override write(transfer: Transfer): number {
    let moved = 0
    while (transfer.remaining > 0) {
      const piece = this.#kind === 'polled' ? SURE_PIECE : PIECE
      const wanted = transfer.take(buffer, 0, Math.min(transfer.remaining, piece))
      if (wanted === 0) return moved > 0 ? moved : -EFAULT
      const count = this.#writeNow(buffer.subarray(0, wanted))
      if (count < wanted) this.#lacks(POLLOUT)
      if (count < 0) return moved > 0 ? moved : count
      moved += count
      if (count < wanted) break
    }
    return moved
  }

  #writeNow(source: Uint8Array): number {
    if (this.#kind === 'socket') return sendHost(this.#fd, source)
    if (this.#kind === 'polled' && pollHost(this.#fd, POLLOUT) === 0) return -EAGAIN
    return writeHost(this.#fd, source)
  }

  /**
   * It was not ready for all of it. A task that waits for the rest may be in the queue already,
   * since a wait goes on after each part.
   */
  #lacks(events: number): void {
    this.#ready &= ~events
    if (!this.#watched.empty) this.#arm()
  }

  override seek(offset: number, whence: number): number {
    return this.stream ? -ESPIPE : seekHost(this.#fd, offset, whence)
  }

  override poll(): number {
    const wanted = this.#directions()
    this.#ready = pollHost(this.#fd, wanted)
    if (!this.#watched.empty) this.#arm()
    const { inode } = this
    // The host's numbers of events are those of the guest; both names of readiness are set.
    return inode.type === S_IFREG ? this.#ready | wanted : this.#ready
  }

  #directions(): number {
    const access = this.flags & O_ACCMODE
    const reads = access === O_WRONLY ? 0 : POLLIN | POLLRDNORM
    return access === O_RDONLY ? reads : reads | POLLOUT | POLLWRNORM
  }

  /** Watches what was not ready, while a task waits. */
  #arm(): void {
    const events = this.#watched.empty ? 0 : this.#directions() & ~this.#ready & (POLLIN | POLLOUT)
    if (events === this.#watching) return
    this.#unwatch?.()
    this.#unwatch = events === 0 ? undefined : this.#platform.watch(this.#fd, events, this)
    this.#watching = events
  }

  woken(): void {
    this.#ready = pollHost(this.#fd, this.#directions())
    this.#watched.wake()
    this.#arm()
  }

  override ioctl(request: number, argument: number, memory: UserMemory, _caller: FsCaller): number {
    if (request !== FIONREAD) {
      return this.#isTerminal ? controlHostTerminal(this.#fd, request, argument, memory) : -ENOTTY
    }
    const count = new Uint8Array(4)
    const error = controlHost(this.#fd, FIONREAD, count)
    return error < 0 ? error : memory.write(argument, count, 0, 4)
  }

  override closed(): void {
    this.#unwatch?.()
    this.#unwatch = undefined
    closeHost(this.#fd)
  }
}

interface Owner {
  readonly uid: number
  readonly gid: number
}

const ROOT: Owner = { uid: 0, gid: 0 }

/** The inode of such a file: /dev/stdin opens it again. */
class HostStreamInode extends AnonymousInode {
  readonly #platform: Platform
  readonly #host: Attributes | number
  fd: number

  constructor(platform: Platform, fd: number, host: Attributes | number, owner: Owner) {
    const { mode, ino, dev } = typeof host === 'number' ? NOTHING : host
    super(mode, ino, dev, owner)
    this.#platform = platform
    this.#host = host
    this.fd = fd
  }

  override attributes(): Attributes {
    const host = this.type === S_IFREG ? attributesOf(this.fd) : this.#host
    if (typeof host === 'number') return this
    const { mode, uid, gid } = this
    return { ...host, mode, uid, gid }
  }

  override open(flags: number): OpenFile | number {
    const fd = duplicateHost(this.fd)
    return fd < 0 ? fd : new HostStream(this.#platform, fd, flags, this)
  }
}

const NOTHING = { mode: S_IFIFO | 0o600, ino: 0, dev: 0 }

function kindOf(type: number): Kind {
  if (type === S_IFSOCK) return 'socket'
  return type === S_IFREG || type === S_IFBLK ? 'file' : 'polled'
}

/** How /proc/self/fd shows it. A file of the host has a name there that is none of the world. */
function nameOf(inode: HostStreamInode): string {
  const { type, ino } = inode
  if (type === S_IFIFO) return `pipe:[${ino}]`
  if (type === S_IFSOCK) return `socket:[${ino}]`
  if (type !== S_IFCHR) return '/host'
  return DEVICE_NAMES.get(inode.attributes().rdev) ?? '/dev/tty'
}

const DEVICE_NAMES = new Map([
  [deviceNumber(1, 3), '/dev/null'],
  [deviceNumber(1, 5), '/dev/zero'],
  [deviceNumber(1, 7), '/dev/full'],
  [deviceNumber(1, 8), '/dev/random'],
  [deviceNumber(1, 9), '/dev/urandom'],
])

/** The same pipe or terminal with a description of its own, which does not wait; or −errno. */
const ownDescription = (fd: number, flags: number): number =>
  reopenHost(fd, (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
