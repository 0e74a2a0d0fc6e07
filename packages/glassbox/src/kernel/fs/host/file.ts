/**
 * Regular files of the host. Their pages are read once and shared by reading and mapping; what a
 * guest writes goes to the host at once.
 *
 * Descriptors: one for reading, and one for writing once it was opened for that; both are closed
 * when nobody has the file open or mapped.
 */
import {
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
  O_ACCMODE,
  O_APPEND,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  SEEK_DATA,
  SEEK_HOLE,
} from '../../../linux/constants.ts'
import { EACCES, EBADF, EFAULT, EROFS } from '../../../linux/errno-numbers.ts'
import { FilePages } from '../../mm/files/file-pages.ts'
import type { Transfer } from '../../mm/transfer.ts'
import { FileBase } from '../open-file.ts'
import { reopenHost } from '../stream/host-calls.ts'
import type { Attributes, FsCaller, Location, OpenFile } from '../vfs.ts'
import { allocateHost, closeHost, readAt, seekHost, syncHost, truncateHost, writeAt } from './calls.ts'
import { HostInode } from './inode.ts'

export class HostFile extends HostInode {
  #pages: FilePages | undefined
  #reader = -EBADF
  #writer = -EBADF
  #users = 0

  get mappable(): FilePages {
    this.#pages ??= this.#newPages()
    return this.#pages
  }

  #newPages(): FilePages {
    const { fileSystem, known } = this
    const { size } = known
    const load = (offset: number, target: Uint8Array, at: number, length: number): number =>
      this.#load(offset, target, at, length)
    if (!fileSystem.writable) return new FilePages(fileSystem.cache, { load }, size)
    const store = (offset: number, source: Uint8Array, at: number, length: number): number =>
      this.#store(offset, source, at, length)
    const punch = (offset: number, length: number): number =>
      allocateHost(this.#writer, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length)
    return new FilePages(fileSystem.world, { load, store, punch }, size)
  }

  protected override get held(): number {
    return this.#reader >= 0 ? this.#reader : this.#writer
  }

  #openOwn(flags: number): number {
    return this.held >= 0 ? reopenHost(this.held, flags | O_CLOEXEC) : this.fileSystem.open(this, flags)
  }

  #load(offset: number, target: Uint8Array, at: number, length: number): number {
    const isOpen = this.#reader >= 0
    const fd = isOpen ? this.#reader : this.#openOwn(O_RDONLY | O_NONBLOCK)
    if (fd < 0) return fd
    let read = 0
    while (read < length) {
      const count = readAt(fd, target.subarray(at + read, at + length), offset + read)
      if (count <= 0) {
        if (count < 0) read = count
        break
      }
      read += count
    }
    // Read-only files are loaded once: a descriptor of each of them would be too many.
    if (!isOpen && !this.fileSystem.writable) closeHost(fd)
    else this.#reader = fd
    return read
  }

  #store(offset: number, source: Uint8Array, at: number, length: number): number {
    for (let written = 0; written < length; ) {
      const count = writeAt(this.#writer, source.subarray(at + written, at + length), offset + written)
      if (count < 0) return count
      written += count
    }
    return 0
  }

  /** What the host has changed is read again. */
  override renewed(attributes: Attributes): void {
    const before = this.known
    super.renewed(attributes)
    const pages = this.#pages
    if (pages === undefined || !this.fileSystem.writable) return
    const { size, mtime } = attributes
    const isSame =
      size === before.size &&
      mtime.seconds === before.mtime.seconds &&
      mtime.nanoseconds === before.mtime.nanoseconds
    if (isSame && size === pages.size) return
    pages.evict()
    if (size !== pages.size) pages.resize(size)
  }

  override open(flags: number, location: Location, _caller: FsCaller): OpenFile | number {
    const error = this.prepare((flags & O_ACCMODE) !== O_RDONLY)
    if (error < 0) return error
    this.#users++
    return new HostOpenFile(this, flags, location)
  }

  /** Opens what is needed, so that an error is that of open(2). */
  prepare(writes: boolean): number {
    const { fileSystem } = this
    if (writes && !fileSystem.writable) return -EROFS
    if (this.#reader < 0 && (fileSystem.writable || !isPublic(this.known))) {
      const fd = this.#openOwn(O_RDONLY | O_NONBLOCK)
      // A file that may only be written still can be: its pages are then never loaded.
      if (fd < 0 && !(writes && fd === -EACCES)) return fd
      if (fd >= 0) this.#reader = fd
    }
    if (writes && this.#writer < 0) {
      this.#writer = this.#openOwn(O_RDWR | O_NONBLOCK)
      if (this.#writer < 0) return this.#writer
    }
    return 0
  }

  write(transfer: Transfer, position: number): number {
    const written = this.mappable.write(transfer, position)
    if (written > 0) this.#written()
    return written === 0 && transfer.faulted ? -EFAULT : written
  }

  /** The host's times have changed by what was written: no reason to read the pages again. */
  #written(): void {
    const pages = this.#pages
    this.#pages = undefined
    this.refresh()
    this.#pages = pages
  }

  protected override resize(size: number): number {
    const error = this.prepare(true)
    if (error < 0) return error
    const failed = truncateHost(this.#writer, size)
    if (failed < 0) return failed
    this.mappable.resize(size)
    this.#written()
    if (this.#users === 0) this.#release()
    return 0
  }

  /** fallocate(2) of the host. Mappings show what the file has then. */
  allocate(mode: number, offset: number, length: number): number {
    const error = this.prepare(true)
    if (error < 0) return error
    this.refresh()
    const { mappable } = this
    const { size } = mappable
    const moves = (mode & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE)) !== 0
    // What mappings wrote moves with the rest.
    const unsaved = moves ? mappable.sync(offset, size - offset) : 0
    const failed = unsaved < 0 ? unsaved : allocateHost(this.#writer, mode, offset, length)
    if (failed < 0) return failed
    if (moves) {
      mappable.resize(offset)
      mappable.resize((mode & FALLOC_FL_INSERT_RANGE) !== 0 ? size + length : size - length)
    } else {
      if ((mode & (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE)) !== 0) mappable.zeroed(offset, length)
      if ((mode & FALLOC_FL_KEEP_SIZE) === 0) mappable.resize(Math.max(size, offset + length))
    }
    this.#written()
    return 0
  }

  /** lseek(2) with SEEK_DATA or SEEK_HOLE: only the host knows what it has stored. */
  find(offset: number, whence: number): number {
    const error = this.mappable.sync(0, this.mappable.size)
    return error !== 0 ? error : this.held < 0 ? -EBADF : seekHost(this.held, offset, whence)
  }

  sync(): number {
    const error = this.mappable.sync(0, this.mappable.size)
    return error !== 0 ? error : this.#writer < 0 ? 0 : syncHost(this.#writer)
  }

  closedOnce(): void {
    this.#users--
    if (this.#users === 0) this.#release()
  }

  #release(): void {
    if (this.#pages?.mapped === true) return
    for (const fd of [this.#reader, this.#writer]) if (fd >= 0) closeHost(fd)
    this.#reader = -EBADF
    this.#writer = -EBADF
    if (this.fileSystem.writable) this.#pages?.evict()
  }
}

/** Whether every user of the host may read it. */
const isPublic = ({ mode }: Attributes): boolean => (mode & 0o004) !== 0

class HostOpenFile extends FileBase {
  declare readonly inode: HostFile

  override get size(): number {
    return this.inode.fileSystem.writable ? this.inode.attributes().size : this.inode.mappable.size
  }

  override read(transfer: Transfer, position: number): number {
    const { inode } = this
    if (inode.fileSystem.writable) inode.refresh()
    const read = inode.mappable.read(transfer, position)
    return read === 0 && transfer.faulted ? -EFAULT : read
  }

  override write(transfer: Transfer, position: number): number {
    const { inode } = this
    return inode.write(transfer, (this.flags & O_APPEND) !== 0 ? this.size : position)
  }

  protected override nextData(offset: number): number {
    return this.inode.find(offset, SEEK_DATA)
  }

  protected override nextHole(offset: number): number {
    return this.inode.find(offset, SEEK_HOLE)
  }

  allocate(mode: number, offset: number, length: number): number {
    return this.inode.allocate(mode, offset, length)
  }

  sync(): number {
    return this.inode.sync()
  }

  override closed(): void {
    this.inode.closedOnce()
  }
}
