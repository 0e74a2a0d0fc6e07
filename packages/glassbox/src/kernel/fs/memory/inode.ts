/** What all inodes of a memory file system have: attributes, times, links. */
import { S_IFMT } from '../../../linux/constants.ts'
import { ENXIO } from '../../../linux/errno-numbers.ts'
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

  constructor(fileSystem: MemoryFileSystem, type: number, { mode, uid, gid }: NewInode, rdev = 0) {
    this.fileSystem = fileSystem
    this.ino = fileSystem.newIno()
    this.type = type
    this.mode = type | (mode & 0o7777)
    this.uid = uid
    this.gid = gid
    this.rdev = rdev
    const now = fileSystem.host.now()
    this.atime = now
    this.mtime = now
    this.ctime = now
    this.btime = now
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
    this.fileSystem.inodes--
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
