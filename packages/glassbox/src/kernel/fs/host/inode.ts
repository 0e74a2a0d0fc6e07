/** Inodes of the host: what all of them have, links and special files. */
import { S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG } from '../../../linux/constants.ts'
import { EACCES, EBADF, ENXIO, EPERM, EROFS } from '../../../linux/errno-numbers.ts'
import { openPipe } from '../pipe/pipe-file.ts'
import { Pipe } from '../pipe/pipe.ts'
import { permitsBy } from '../permissions.ts'
import type {
  AttributeChange,
  Attributes,
  Credentials,
  Directory,
  ExtendedAttributes,
  FsCaller,
  Inode,
  Location,
  OpenFile,
  Time,
} from '../vfs.ts'
import { attributesOf, changeMode, changeTimes, changeTimesOf, closeHost, readLink } from './calls.ts'
import { HostAttributes } from './extended.ts'
import type { HostEntry, HostFileSystem } from './file-system.ts'

const UTIME_OMIT = 0x3ffffffen

export class HostInode implements Inode, HostEntry {
  readonly fileSystem: HostFileSystem
  /** Where it is found; the root of the file system has no parent. */
  parent: HostInode | undefined
  name: string
  readonly type: number
  locks: unknown
  watches: unknown
  #pipe: Pipe | undefined
  #extended: ExtendedAttributes | undefined
  #link: string | number | undefined
  protected known: Attributes

  get isDirectory(): boolean {
    return this.type === S_IFDIR
  }

  get directory(): Directory | undefined {
    return undefined
  }

  get extended(): ExtendedAttributes | undefined {
    if (this.type !== S_IFREG && this.type !== S_IFDIR) return undefined
    this.#extended ??= new HostAttributes(() =>
      this.held >= 0 ? this.held : this.fileSystem.descriptor(this),
    )
    return this.#extended
  }

  constructor(
    fileSystem: HostFileSystem,
    parent: HostInode | undefined,
    name: string,
    attributes: Attributes,
  ) {
    this.fileSystem = fileSystem
    this.parent = parent
    this.name = name
    this.type = attributes.mode & S_IFMT
    this.known = fileSystem.seen(attributes)
  }

  attributes(): Attributes {
    if (this.fileSystem.writable) this.refresh()
    return this.known
  }

  /**
   * A descriptor of the inode itself; −EBADF without one. It stays right when the name is removed,
   * moved or given to another file.
   */
  protected get held(): number {
    return -EBADF
  }

  /** Asks the host again. What is gone keeps what was known last. */
  refresh(): void {
    const fd = this.held >= 0 ? this.held : this.fileSystem.descriptor(this)
    const found = fd < 0 ? fd : attributesOf(fd)
    if (typeof found !== 'number') this.renewed(found)
  }

  /** The host has said this about it. */
  renewed(attributes: Attributes): void {
    this.known = this.fileSystem.seen(attributes)
  }

  permits(want: number, credentials: Credentials): number {
    return permitsBy(this.known, want, credentials)
  }

  /** The text of a symbolic link. */
  readlink(): string | number {
    if (this.fileSystem.writable) return this.#readLink()
    this.#link ??= this.#readLink()
    return this.#link
  }

  #readLink(): string | number {
    if (this.type !== S_IFLNK) return -EACCES
    const fd = this.fileSystem.descriptor(this)
    return fd < 0 ? fd : readLink(fd)
  }

  change(change: AttributeChange): number {
    if (!this.fileSystem.writable) return -EROFS
    const { mode, uid, gid, size, atime, mtime } = change
    if ((uid !== undefined && uid !== this.known.uid) || (gid !== undefined && gid !== this.known.gid)) {
      return -EPERM
    }
    let error = size === undefined ? 0 : this.resize(size)
    if (error === 0 && mode !== undefined) error = this.#setMode(mode)
    if (error === 0 && (atime ?? mtime) !== undefined) error = this.#setTimes(atime, mtime)
    this.refresh()
    return error
  }

  protected resize(_size: number): number {
    return -EACCES
  }

  #setMode(mode: number): number {
    // Set-id bits on the host would give rights of the host away.
    const kept = mode & 0o1777
    if (this.held >= 0) return changeMode(this.held, kept)
    const fd = this.fileSystem.open(this, 0)
    if (fd < 0) return fd
    const error = changeMode(fd, kept)
    closeHost(fd)
    return error
  }

  #setTimes(atime: Time | undefined, mtime: Time | undefined): number {
    const times = new BigInt64Array(4)
    for (const [index, time] of [atime, mtime].entries()) {
      times[index * 2] = BigInt(time?.seconds ?? 0)
      times[index * 2 + 1] = time === undefined ? UTIME_OMIT : BigInt(time.nanoseconds)
    }
    if (this.held >= 0) return changeTimesOf(this.held, times)
    const { parent, name } = this
    const directory =
      parent === undefined ? this.fileSystem.descriptor(this) : this.fileSystem.descriptor(parent)
    if (directory < 0) return directory
    return changeTimes(directory, parent === undefined ? '.' : name, times)
  }

  /** A FIFO is one of the world: its bytes never reach the host. Devices are not opened. */
  open(flags: number, location: Location, _caller: FsCaller): OpenFile | number {
    if (this.type !== S_IFIFO) return -ENXIO
    if (this.#pipe === undefined || this.#pipe.isClosed) this.#pipe = new Pipe()
    return openPipe(this.#pipe, this, flags, location)
  }
}
