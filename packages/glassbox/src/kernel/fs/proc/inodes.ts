/**
 * Inodes of /proc: their contents are made when they are read. Directories are asked for each name
 * every time, since processes come and go.
 */
import { S_IFDIR, S_IFLNK, S_IFREG } from '../../../linux/constants.ts'
import { EACCES, EFAULT, EIO, ENOENT, EPERM } from '../../../linux/errno-numbers.ts'
import type { Transfer } from '../../mm/transfer.ts'
import { newDevice } from '../memory/file-system.ts'
import { DirectoryFile, directoryType, FileBase } from '../open-file.ts'
import type {
  AttributeChange,
  Attributes,
  Directory,
  DirectoryEntry,
  FsCaller,
  Inode,
  Location,
  OpenFile,
  Time,
} from '../vfs.ts'

export const PROC_DEVICE: number = newDevice()

export interface Owner {
  readonly uid: number
  readonly gid: number
}

const ROOT: Owner = { uid: 0, gid: 0 }
const BOOT: Time = { seconds: 0, nanoseconds: 0 }

/** The times that files of /proc show; set by the one who mounts it. */
let shownTime: () => Time = () => BOOT
export const setProcTime = (time: () => Time): void => void (shownTime = time)

export class ProcInode implements Inode {
  readonly ino: number
  readonly type: number
  readonly mode: number
  readonly owner: Owner

  constructor(ino: number, type: number, mode: number, owner: Owner = ROOT) {
    this.ino = ino
    this.type = type
    this.mode = type | mode
    this.owner = owner
  }

  attributes(): Attributes {
    const time = shownTime()
    return {
      ...{ dev: PROC_DEVICE, ino: this.ino, mode: this.mode, nlink: this.links, rdev: 0 },
      ...{ uid: this.owner.uid, gid: this.owner.gid, size: this.size, blocks: 0, blockSize: 1024 },
      ...{ atime: time, mtime: time, ctime: time, btime: time },
    }
  }

  get links(): number {
    return 1
  }

  get size(): number {
    return 0
  }

  change(_change: AttributeChange): number {
    return -EPERM
  }

  open(_flags: number, _location: Location, _caller: FsCaller): OpenFile | number {
    return -EACCES
  }
}

/** Text or bytes for the caller who reads; or a negative errno. */
export type Content = (caller: FsCaller) => string | Uint8Array | number

export class ProcFile extends ProcInode {
  readonly #content: Content
  /** Takes what was written; 0 or a negative errno. */
  readonly #store: ((text: string) => number) | undefined

  constructor(ino: number, mode: number, content: Content, owner?: Owner, store?: (text: string) => number) {
    super(ino, S_IFREG, mode, owner)
    this.#content = content
    this.#store = store
  }

  override change(change: AttributeChange): number {
    // Shells open with O_TRUNC what they write to.
    return change.size === 0 ? 0 : -EPERM
  }

  override open(flags: number, location: Location, caller: FsCaller): OpenFile {
    return new OpenProcFile(this, flags, location, caller, this.#content, this.#store)
  }
}

class OpenProcFile extends FileBase {
  readonly #caller: FsCaller
  readonly #content: Content
  readonly #store: ((text: string) => number) | undefined
  #bytes: Uint8Array | undefined

  constructor(
    inode: Inode,
    flags: number,
    location: Location,
    caller: FsCaller,
    content: Content,
    store: ((text: string) => number) | undefined,
  ) {
    super(inode, flags, location)
    this.#caller = caller
    this.#content = content
    this.#store = store
  }

  override read(transfer: Transfer, position: number): number {
    if (position === 0 || this.#bytes === undefined) {
      const found = this.#content(this.#caller)
      if (typeof found === 'number') return found
      this.#bytes = typeof found === 'string' ? Buffer.from(found, 'latin1') : found
    }
    const bytes = this.#bytes
    if (position >= bytes.length) return 0
    const put = transfer.put(bytes, position, Math.min(transfer.remaining, bytes.length - position))
    return put === 0 && transfer.faulted ? -EFAULT : put
  }

  override write(transfer: Transfer): number {
    if (this.#store === undefined) return -EIO
    const length = Math.min(transfer.remaining, 4096)
    const bytes = new Uint8Array(length)
    if (transfer.take(bytes, 0, length) < length) return -EFAULT
    const error = this.#store(Buffer.from(bytes.buffer).toString('latin1'))
    return error !== 0 ? error : length
  }
}

/** A link whose text is made when it is read; `follow` leads to a place whatever the text says. */
export class ProcLink extends ProcInode {
  readonly #text: (caller: FsCaller) => string | number
  readonly follow?: (caller: FsCaller) => Location | number

  constructor(
    ino: number,
    text: (caller: FsCaller) => string | number,
    follow?: (caller: FsCaller) => Location | number,
    owner?: Owner,
    mode = 0o777,
  ) {
    super(ino, S_IFLNK, mode, owner)
    this.#text = text
    if (follow !== undefined) this.follow = follow
  }

  readlink(caller: FsCaller): string | number {
    return this.#text(caller)
  }
}

/** Names that are known by a table, and others that a function finds. */
export interface ProcNames {
  names(): readonly DirectoryEntry[]
  find(name: string): Inode | undefined
}

export class ProcDirectory extends ProcInode implements Directory {
  readonly stable = false
  readonly fixed = true
  readonly #names: ProcNames

  constructor(ino: number, names: ProcNames, owner?: Owner, mode = 0o555) {
    super(ino, S_IFDIR, mode, owner)
    this.#names = names
  }

  get directory(): this {
    return this
  }

  override get links(): number {
    return 2
  }

  override open(flags: number, location: Location): OpenFile {
    return new DirectoryFile(this, flags, location)
  }

  lookup(name: string): Inode | number {
    return this.#names.find(name) ?? -ENOENT
  }

  entries(): readonly DirectoryEntry[] {
    return this.#names.names()
  }
}

/** A table of inodes as the names of a directory. */
export const tableNames = (table: Readonly<Record<string, Inode>>): ProcNames => ({
  names: () =>
    Object.entries(table).map(([name, inode]) => ({
      name,
      ino: inode.attributes().ino,
      type: directoryType(inode.type),
    })),
  find: name => (Object.hasOwn(table, name) ? table[name] : undefined),
})
