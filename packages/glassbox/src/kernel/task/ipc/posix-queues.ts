/**
 * The names of the POSIX message queues of a world, and what all queues take together. A queue
 * lives until it has neither a name nor an open file.
 */
import { ENOMEM, EMFILE, ENOSPC } from '../../../linux/errno-numbers.ts'
import { CAP_SYS_RESOURCE, S_IFREG } from '../../../linux/constants.ts'
import { AnonymousInode, deviceOf, newAnonymousIno } from '../../fs/path/anonymous.ts'
import type { Time } from '../../fs/vfs.ts'
import { hasCapability, type TaskCredentials } from '../credentials.ts'
import type { HeldMemory } from './limits.ts'
import { PosixQueue } from './posix-queue.ts'

/** The name of the file system, as /proc/PID/fd and fstat(2) see it. */
export const MQUEUE = 'mqueue'
/** /proc/sys/fs/mqueue; what a privileged user may have; priorities are below the last. */
export const QUEUES = 256
export const MESSAGES = 10
export const MESSAGE_BYTES = 8192
export const HARD_MESSAGES = 65_536
export const HARD_MESSAGE_BYTES: number = 16 * 2 ** 20
export const PRIORITIES = 32_768

/** What RLIMIT_MSGQUEUE counts beside the texts: structs of a message, and of a priority. */
const MESSAGE_STRUCT = 48
const PRIORITY_STRUCT = 48
/** Bytes of the kernel that an empty queue takes. */
const QUEUE_HELD = 1024
/** What fstat(2) says: the length of the text that read(2) gives, with room. */
const FILE_BYTES = 80

/** A queue as an inode: it has permissions, an owner and times. */
export class QueueInode extends AnonymousInode {
  readonly queue: PosixQueue
  /** What it takes of RLIMIT_MSGQUEUE of this user. */
  readonly charged: number
  readonly user: number
  override readonly size: number = FILE_BYTES
  override nlink = 1
  /** Open files. */
  opened = 0

  constructor(queue: PosixQueue, mode: number, credentials: TaskCredentials, now: Time) {
    const { fsuid: uid, fsgid: gid } = credentials
    super(S_IFREG | (mode & 0o7777), newAnonymousIno(), deviceOf(MQUEUE), { uid, gid })
    this.queue = queue
    this.charged = chargeOf(queue)
    this.user = credentials.uid
    this.atime = this.mtime = this.ctime = this.btime = now
  }
}

const chargeOf = ({ mostMessages, mostBytes }: PosixQueue): number =>
  mostMessages * (MESSAGE_STRUCT + mostBytes) + Math.min(mostMessages, PRIORITIES) * PRIORITY_STRUCT

export class PosixQueues {
  readonly #names = new Map<string, QueueInode>()
  readonly #held: HeldMemory
  /** Bytes of RLIMIT_MSGQUEUE by user. */
  readonly #charged = new Map<number, number>()
  #count = 0

  constructor(held: HeldMemory) {
    this.#held = held
  }

  find(name: string): QueueInode | undefined {
    return this.#names.get(name)
  }

  /** Adds a queue. `limit`: RLIMIT_MSGQUEUE. 0, −ENOSPC, −EMFILE or −ENOMEM. */
  make(name: string, inode: QueueInode, credentials: TaskCredentials, limit: number): number {
    if (this.#count >= QUEUES && !hasCapability(credentials, CAP_SYS_RESOURCE)) return -ENOSPC
    const charged = this.#chargedTo(inode.user) + inode.charged
    if (charged > limit) return -EMFILE
    if (!this.#held.take(QUEUE_HELD)) return -ENOMEM
    this.#charged.set(inode.user, charged)
    this.#count++
    this.#names.set(name, inode)
    return 0
  }

  #chargedTo(user: number): number {
    return this.#charged.get(user) ?? 0
  }

  /** mq_unlink(3) of a name that there is. */
  unlink(name: string, inode: QueueInode): void {
    this.#names.delete(name)
    inode.nlink = 0
    this.#freeIfUnused(inode)
  }

  closed(inode: QueueInode): void {
    inode.opened--
    this.#freeIfUnused(inode)
  }

  #freeIfUnused(inode: QueueInode): void {
    if (inode.nlink > 0 || inode.opened > 0) return
    for (const message of inode.queue.messages) this.#held.give(PosixQueue.held(message))
    this.#held.give(QUEUE_HELD)
    this.#charged.set(inode.user, this.#chargedTo(inode.user) - inode.charged)
    this.#count--
  }
}
