/** Regular files in memory: sparse, mapped by the same pages that are read and written. */
import { O_APPEND, O_NOATIME, S_IFREG } from '../../../linux/constants.ts'
import {
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
} from '../../../linux/constants.ts'
import { EFAULT, EFBIG, ENOSPC, ENXIO, EOPNOTSUPP, EPERM } from '../../../linux/errno-numbers.ts'
import { FilePages } from '../../mm/files/file-pages.ts'
import type { Transfer } from '../../mm/transfer.ts'
import { FileBase } from '../open-file.ts'
import type { Attributes, FsCaller, Location, NewInode, OpenFile } from '../vfs.ts'
import type { MemoryFileSystem } from './file-system.ts'
import { MemoryInode } from './inode.ts'

const PAGE = 4096
/** The largest file of tmpfs: MAX_LFS_FILESIZE is more than a number holds exactly. */
export const MAX_FILE_SIZE: number = Number.MAX_SAFE_INTEGER - PAGE

export const SEAL_SEAL = 1
export const SEAL_SHRINK = 2
export const SEAL_GROW = 4
export const SEAL_WRITE = 8
export const SEAL_FUTURE_WRITE = 16

export class MemoryFile extends MemoryInode {
  protected pages: FilePages | undefined
  /** F_SEAL_* of memfd_create(2); files of a file system have F_SEAL_SEAL: no others. */
  seals: number = SEAL_SEAL

  constructor(fileSystem: MemoryFileSystem, node: NewInode | Attributes) {
    super(fileSystem, S_IFREG, node)
  }

  get mappable(): FilePages {
    return (this.pages ??= new FilePages(this.fileSystem.host.pages))
  }

  override get size(): number {
    return this.mappable.size
  }

  override get blocks(): number {
    return this.mappable.pages * (PAGE / 512)
  }

  override open(flags: number, location: Location, _caller: FsCaller): OpenFile | number {
    return new MemoryOpenFile(this, flags, location)
  }

  protected override resize(size: number): number {
    const { mappable } = this
    if (size < mappable.size && (this.seals & SEAL_SHRINK) !== 0) return -EPERM
    if (size > mappable.size && (this.seals & SEAL_GROW) !== 0) return -EPERM
    if (size > MAX_FILE_SIZE) return -EFBIG
    const error = this.counted(() => mappable.resize(size))
    if (error === 0) this.modified()
    return error
  }

  protected override free(): void {
    this.counted(() => this.mappable.free())
    this.fileSystem.pages -= this.mappable.mapped ? this.mappable.pages : 0
  }

  /** Keeps the pages of the file system counted over a change. */
  counted<T>(change: () => T): T {
    const before = this.mappable.pages
    const result = change()
    this.fileSystem.pages += this.mappable.pages - before
    return result
  }

  write(transfer: Transfer, position: number): number {
    const { fileSystem, mappable } = this
    if ((this.seals & (SEAL_WRITE | SEAL_FUTURE_WRITE)) !== 0) return -EPERM
    if (position + transfer.remaining > mappable.size && (this.seals & SEAL_GROW) !== 0) return -EPERM
    if (position + transfer.remaining > MAX_FILE_SIZE) return -EFBIG
    const before = mappable.pages
    const last = Math.ceil((position + transfer.remaining) / PAGE)
    const needed = last - Math.floor(position / PAGE)
    // Pages that exist already are not counted again, so this refuses too much only at the end.
    if (fileSystem.pages + needed > fileSystem.limitPages && !this.#hasPages(position, transfer.remaining)) {
      return -ENOSPC
    }
    const written = mappable.write(transfer, position)
    fileSystem.pages += mappable.pages - before
    if (written > 0) this.modified()
    return written === 0 && transfer.faulted ? -EFAULT : written
  }

  #hasPages(position: number, length: number): boolean {
    const first = Math.floor(position / PAGE) * PAGE
    for (let at = first; at < position + length; at += PAGE) {
      if (this.mappable.pageRun(at, 1) === 0) return false
    }
    return true
  }

  allocate(mode: number, offset: number, length: number): number {
    if ((mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)) !== 0) return -EOPNOTSUPP
    if ((mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) !== 0)
      return -EOPNOTSUPP
    const { mappable, fileSystem } = this
    if ((mode & FALLOC_FL_PUNCH_HOLE) !== 0) {
      if ((mode & FALLOC_FL_KEEP_SIZE) === 0) return -EOPNOTSUPP
      if ((this.seals & (SEAL_WRITE | SEAL_FUTURE_WRITE)) !== 0) return -EPERM
      this.counted(() => mappable.punch(offset, length))
      this.modified()
      return 0
    }
    if ((mode & FALLOC_FL_ZERO_RANGE) !== 0) return -EOPNOTSUPP
    if (offset + length > MAX_FILE_SIZE) return -EFBIG
    if (offset + length > mappable.size && (this.seals & SEAL_GROW) !== 0) return -EPERM
    const needed = Math.ceil((offset + length) / PAGE) - Math.floor(offset / PAGE)
    if (fileSystem.pages + needed > fileSystem.limitPages) return -ENOSPC
    const grown = (mode & FALLOC_FL_KEEP_SIZE) === 0 && offset + length > mappable.size
    const size = mappable.size
    if (grown) mappable.resize(offset + length)
    const error = this.counted(() => mappable.reserve(offset, length))
    if (error !== 0 && grown) this.counted(() => mappable.resize(size))
    if (error === 0) this.modified()
    return error
  }
}

export class MemoryOpenFile extends FileBase {
  declare readonly inode: MemoryFile

  constructor(inode: MemoryFile, flags: number, location: Location | undefined) {
    super(inode, flags, location)
    inode.used()
  }

  override get size(): number {
    return this.inode.mappable.size
  }

  override read(transfer: Transfer, position: number): number {
    const { inode } = this
    const read = inode.mappable.read(transfer, position)
    if ((this.flags & O_NOATIME) === 0 && read > 0) touchAccess(inode)
    return read === 0 && transfer.faulted ? -EFAULT : read
  }

  override write(transfer: Transfer, position: number): number {
    return this.inode.write(transfer, (this.flags & O_APPEND) !== 0 ? this.inode.mappable.size : position)
  }

  allocate(mode: number, offset: number, length: number): number {
    return this.inode.allocate(mode, offset, length)
  }

  protected override nextData(offset: number): number {
    const { mappable } = this.inode
    const next = mappable.nextUsed(offset)
    return next < mappable.size ? next : -ENXIO
  }

  protected override nextHole(offset: number): number {
    const { mappable } = this.inode
    let at = offset - (offset % PAGE)
    while (at < mappable.size && mappable.pageRun(at, 1) > 0) at += PAGE
    return Math.min(Math.max(at, offset), mappable.size)
  }

  override closed(): void {
    this.inode.unused()
  }
}

/** The time of the last access, as with relatime: only if it is not newer than the last change. */
export function touchAccess(inode: MemoryInode): void {
  const { atime, mtime } = inode
  if (
    atime.seconds > mtime.seconds ||
    (atime.seconds === mtime.seconds && atime.nanoseconds > mtime.nanoseconds)
  ) {
    return
  }
  inode.atime = inode.fileSystem.host.now()
}
