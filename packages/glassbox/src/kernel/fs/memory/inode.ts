/** What all inodes of a memory file system have: attributes, times, links. */
import { S_IFMT } from '../../../linux/constants.ts'
import { ENOSPC, ENXIO } from '../../../linux/errno-numbers.ts'
import type {
  AttributeChange,
  Attributes,
  FsCaller,
  Inode,
  Location,
  NewInode,
  OpenFile,
  Time,
} from '../vfs.ts'
import { MemoryAttributes } from './extended.ts'
import type { MemoryFileSystem } from './file-system.ts'

/** An inode is its own attributes, so that stat(2) makes no object. */
export class MemoryInode implements Inode, Attributes {
  readonly fileSystem: MemoryFileSystem
  readonly ino: number
  readonly type: number
  readonly rdev: number
  mode: number
  uid: number
  gid: number
  nlink = 1
  /** Open files and others that keep it alive without a name. */
  users = 0
  atime: Time
  mtime: Time
  ctime: Time
  readonly btime: Time
  readonly extended: MemoryAttributes
  locks: unknown
  watches: unknown

  /** Whether it counts as an inode: one that still is as in a lower layer does not. */
  #isCounted: boolean

  /** `node`: with all attributes it is an inode of a lower layer, whose number it keeps. */
  constructor(fileSystem: MemoryFileSystem, type: number, node: NewInode | Attributes, rdev = 0) {
    const lower = 'ino' in node ? node : undefined
    this.fileSystem = fileSystem
    this.#isCounted = lower === undefined
    this.ino = lower?.ino ?? fileSystem.newIno()
    this.type = type
    this.mode = type | (node.mode & 0o7777)
    this.uid = node.uid
    this.gid = node.gid
    this.rdev = rdev
    const now = lower ? lower.ctime : fileSystem.host.now()
    this.atime = lower?.atime ?? now
    this.mtime = lower?.mtime ?? now
    this.ctime = now
    this.btime = lower?.btime ?? now
    this.extended = new MemoryAttributes(this)
  }

  get dev(): number {
    return this.fileSystem.dev
  }

  get size(): number {
    return 0
  }

  get blocks(): number {
    return 0
  }

  get blockSize(): number {
    return 4096
  }

  attributes(): Attributes {
    return this
  }

  change({ mode, uid, gid, size, atime, mtime }: AttributeChange): number {
    if (size !== undefined) {
      const error = this.resize(size)
      if (error !== 0) return error
    }
    if (mode !== undefined) this.mode = (this.mode & S_IFMT) | (mode & 0o7777)
    if (uid !== undefined) this.uid = uid
    if (gid !== undefined) this.gid = gid
    if (atime !== undefined) this.atime = atime
    if (mtime !== undefined) this.mtime = mtime
    this.changed()
    return 0
  }

  /** Of its extended attributes. */
  takeBytes(bytes: number): boolean {
    return this.fileSystem.takeAttributeBytes(bytes)
  }

  /** From now on it is an inode of this file system. 0, or −ENOSPC. */
  count(): number {
    if (this.#isCounted) return 0
    if (this.fileSystem.isFull) return -ENOSPC
    this.#isCounted = true
    this.fileSystem.inodes++
    return 0
  }

  /** Its attributes changed. */
  changed(): void {
    this.ctime = this.fileSystem.host.now()
  }

  /** Its contents changed. */
  modified(): void {
    this.mtime = this.fileSystem.host.now()
    this.ctime = this.mtime
  }

  /** A name of it has gone. */
  unlinked(count = 1): void {
    this.nlink -= count
    this.changed()
    this.freeIfUnused()
  }

  used(): void {
    this.users++
  }

  unused(): void {
    this.users--
    this.freeIfUnused()
  }

  freeIfUnused(): void {
    if (this.nlink > 0 || this.users > 0) return
    if (this.#isCounted) this.fileSystem.inodes--
    this.extended.free()
    this.free()
  }

  protected resize(_size: number): number {
    return 0
  }

  /** Gives its memory back. */
  protected free(): void {}

  open(_flags: number, _location: Location, _caller: FsCaller): OpenFile | number {
    return -ENXIO
  }
}
