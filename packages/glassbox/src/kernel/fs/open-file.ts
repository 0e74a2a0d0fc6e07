/**
 * What open files have in common. A file is closed when its last reference goes: descriptors,
 * and calls that use it while they wait, hold one each.
 */
import {
  EBADF,
  EINVAL,
  EISDIR,
  ENOTDIR,
  ENOTTY,
  ENXIO,
  EOVERFLOW,
  ESPIPE,
} from '../../linux/errno-numbers.ts'
import {
  O_ACCMODE,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOCTTY,
  O_NOFOLLOW,
  O_PATH,
  O_TRUNC,
  O_WRONLY,
  POLLIN,
  POLLOUT,
  POLLRDNORM,
  POLLWRNORM,
  S_IFMT,
  S_IFLNK,
  SEEK_CUR,
  SEEK_DATA,
  SEEK_END,
  SEEK_HOLE,
  SEEK_SET,
} from '../../linux/constants.ts'
import type { Mappable } from '../mm/mappable.ts'
import type { Transfer } from '../mm/transfer.ts'
import type { UserMemory } from '../mm/user-memory.ts'
import { WaitQueue } from '../wait/queue.ts'
import type {
  Attributes,
  CloseListener,
  DirectoryEntry,
  FsCaller,
  Inode,
  Location,
  OpenFile,
  Patience,
} from './vfs.ts'

/** Flags of open(2) that matter only at opening, and so are not kept. */
const AT_OPENING = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC

/** The queue of files that are always ready: nothing ever wakes it. */
export const NEVER: WaitQueue = new WaitQueue()

/** Both directions are ready, as poll(2) says it of regular files. */
export const READY: number = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM

export const isReadable = (file: OpenFile): boolean =>
  (file.flags & O_ACCMODE) !== O_WRONLY && (file.flags & O_PATH) === 0

export const isWritable = (file: OpenFile): boolean =>
  (file.flags & O_ACCMODE) !== 0 && (file.flags & O_PATH) === 0

/** A regular file, or what behaves like one; others overwrite what differs. */
export class FileBase implements OpenFile {
  flags: number
  position = 0
  references = 1
  readonly location: Location | undefined
  readonly inode: Inode
  closeListeners: Set<CloseListener> | undefined

  get queue(): WaitQueue {
    return NEVER
  }

  constructor(inode: Inode, flags: number, location: Location | undefined) {
    this.inode = inode
    this.flags = flags & ~AT_OPENING
    this.location = location
  }

  get stream(): boolean {
    return false
  }

  get patience(): Patience | undefined {
    return undefined
  }

  get name(): string {
    return this.location?.dentry.name ?? ''
  }

  get mappable(): Mappable | undefined {
    return this.inode.mappable
  }

  attributes(): Attributes {
    return this.inode.attributes()
  }

  read(_transfer: Transfer, _position: number): number {
    return -EINVAL
  }

  write(_transfer: Transfer, _position: number): number {
    return -EINVAL
  }

  /** lseek(2). Returns the new position. */
  seek(offset: number, whence: number): number {
    if (this.stream) return -ESPIPE
    const target = this.#target(offset, whence)
    if (target < 0) return target
    this.position = target
    return target
  }

  #target(offset: number, whence: number): number {
    const { size } = this
    if (whence === SEEK_DATA || whence === SEEK_HOLE) {
      if (offset < 0 || offset >= size) return -ENXIO
      return whence === SEEK_DATA ? this.nextData(offset) : this.nextHole(offset)
    }
    const from = whence === SEEK_CUR ? this.position : whence === SEEK_END ? size : 0
    if (whence !== SEEK_SET && whence !== SEEK_CUR && whence !== SEEK_END) return -EINVAL
    const target = from + offset
    if (target < 0) return -EINVAL
    return target > Number.MAX_SAFE_INTEGER ? -EOVERFLOW : target
  }

  get size(): number {
    return this.inode.attributes().size
  }

  /** The first byte at or behind `offset` that is not in a hole; −ENXIO if there is none. */
  protected nextData(offset: number): number {
    return offset
  }

  protected nextHole(_offset: number): number {
    return this.size
  }

  poll(): number {
    return READY
  }

  ioctl(_request: number, _argument: number, _memory: UserMemory, _caller: FsCaller): number {
    return -ENOTTY
  }

  closed(): void {}
}

/** A file without a position and without pages: a pipe, a socket, a terminal. */
export class StreamFile extends FileBase {
  override get stream(): boolean {
    return true
  }

  override get mappable(): undefined {
    return undefined
  }
}

/** What O_PATH opens: a place, and nothing that can be read or written. */
export class PathFile extends FileBase {
  constructor(inode: Inode, flags: number, location: Location) {
    super(inode, flags & (O_PATH | O_DIRECTORY | O_NOFOLLOW), location)
  }

  override get mappable(): undefined {
    return undefined
  }

  override read(): number {
    return -EBADF
  }

  override write(): number {
    return -EBADF
  }

  override seek(): number {
    return -EBADF
  }

  override ioctl(): number {
    return -EBADF
  }
}

/** An open directory: the names are those of the moment when the reading begins. */
export class DirectoryFile extends FileBase {
  #names: readonly DirectoryEntry[] | undefined

  override read(): number {
    return -EISDIR
  }

  override write(): number {
    return -EBADF
  }

  override get mappable(): undefined {
    return undefined
  }

  override seek(offset: number, whence: number): number {
    if (whence === SEEK_END) return -EINVAL
    const position = super.seek(offset, whence)
    if (position === 0) this.#names = undefined
    return position
  }

  /** All names without `.` and `..`, also those of mounts that the directory does not know. */
  names(): readonly DirectoryEntry[] | number {
    if (this.#names !== undefined && this.position > 0) return this.#names
    const found = this.inode.directory?.entries() ?? -ENOTDIR
    if (typeof found === 'number') return found
    const dentry = this.location?.dentry
    const own = [...(dentry?.own ?? [])].flatMap(name => {
      const inode = dentry?.children.get(name)?.inode
      return inode ? [{ name, ino: inode.attributes().ino, type: directoryType(inode.type) }] : []
    })
    this.#names = own.length === 0 ? found : [...found, ...own]
    return this.#names
  }
}

/** DT_* of S_IF*. */
export const directoryType = (type: number): number => (type & S_IFMT) >> 12

export const isLink = (inode: Inode): boolean => inode.type === S_IFLNK
