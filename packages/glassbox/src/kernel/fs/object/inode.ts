/** Files and directories of a TypeScript object; attributes are those of the last look-up. */
import { O_TRUNC, S_IFDIR, S_IFREG } from '../../../linux/constants.ts'
import { EFBIG, EINVAL, EIO, ENOENT, EPERM, EROFS } from '../../../linux/errno-numbers.ts'
import { bytesText } from '../path/names.ts'
import { DirectoryFile, directoryType } from '../open-file.ts'
import type {
  AttributeChange,
  Attributes,
  Directory,
  DirectoryEntry,
  FsCaller,
  Inode,
  Location,
  OpenFile,
} from '../vfs.ts'
import type { ObjectEntry } from './answers.ts'
import { MOST_FILE_BYTES, type ObjectFileSystem } from './file-system.ts'
import { ObjectOpenFile } from './open-file.ts'

const EMPTY = new Uint8Array()

abstract class ObjectInode {
  readonly fileSystem: ObjectFileSystem
  readonly path: string
  readonly type: number
  size: number
  #mtimeMs: number

  constructor(fileSystem: ObjectFileSystem, path: string, type: number, { size, mtimeMs }: Shown) {
    this.fileSystem = fileSystem
    this.path = path
    this.type = type
    this.size = size
    this.#mtimeMs = mtimeMs
  }

  /** A look-up has told it anew. */
  seen({ size, mtimeMs }: Shown): void {
    this.size = size
    this.#mtimeMs = mtimeMs
  }

  attributes(): Attributes {
    const { fileSystem, type, size } = this
    const isDirectory = type === S_IFDIR
    const bits = (isDirectory ? 0o555 : 0o444) | (fileSystem.description.writable ? 0o200 : 0)
    const seconds = Math.floor(this.#mtimeMs / 1000)
    const time = { seconds, nanoseconds: Math.round((this.#mtimeMs - seconds * 1000) * 1e6) }
    return {
      ...{ dev: fileSystem.dev, ino: fileSystem.inoOf(this.path), mode: type | bits },
      ...{ nlink: isDirectory ? 2 : 1, ...fileSystem.host.owner, rdev: 0 },
      ...{ size, blocks: Math.ceil(size / 512), blockSize: 4096 },
      ...{ atime: time, mtime: time, ctime: time, btime: time },
    }
  }
}

type Shown = Pick<ObjectEntry, 'size' | 'mtimeMs'>

export class ObjectFile extends ObjectInode implements Inode {
  /** Made by the call that is served now, which opens it next: its contents are known. */
  isNew = false

  constructor(fileSystem: ObjectFileSystem, path: string, shown: Shown) {
    super(fileSystem, path, S_IFREG, shown)
  }

  /** The contents as they are now, or a negative errno. */
  contents(): Uint8Array | number {
    const answer = this.fileSystem.ask({ operation: 'read', path: this.path })
    if (typeof answer === 'number') return answer
    return answer.bytes ?? -EIO
  }

  /** Replaces the contents. 0, or a negative errno. */
  store(bytes: Uint8Array): number {
    const answer = this.fileSystem.ask({ operation: 'write', path: this.path, bytes })
    return typeof answer === 'number' ? answer : 0
  }

  change({ size, ...others }: AttributeChange): number {
    if (size === undefined || Object.keys(others).length > 0) return -EPERM
    if (!this.fileSystem.description.writable) return -EROFS
    if (size > MOST_FILE_BYTES) return -EFBIG
    if (size === 0) return this.store(EMPTY)
    const contents = this.contents()
    if (typeof contents === 'number') return contents
    const bytes = new Uint8Array(size)
    bytes.set(contents.subarray(0, size))
    return this.store(bytes)
  }

  /** Asks for the contents: an open file shows those of the moment when it was opened. */
  open(flags: number, location: Location, _caller: FsCaller): OpenFile | number {
    const contents = (flags & O_TRUNC) !== 0 || this.isNew ? EMPTY : this.contents()
    this.isNew = false
    if (typeof contents === 'number') return contents
    const error = this.fileSystem.count(contents.length)
    return error === 0 ? new ObjectOpenFile(this, flags, location, contents) : error
  }
}

export class ObjectDirectory extends ObjectInode implements Inode, Directory {
  readonly stable = false

  constructor(fileSystem: ObjectFileSystem, path: string, shown: Shown) {
    super(fileSystem, path, S_IFDIR, shown)
  }

  get directory(): this {
    return this
  }

  change(): number {
    return this.fileSystem.description.writable ? -EPERM : -EROFS
  }

  open(flags: number, location: Location): OpenFile {
    return new DirectoryFile(this, flags, location)
  }

  lookup(name: string): Inode | number {
    const text = textOf(name)
    if (text === undefined) return -ENOENT
    const { fileSystem } = this
    const path = this.#pathOf(text)
    const { stats } = fileSystem.description
    const answer = fileSystem.ask(
      stats ? { operation: 'stat', path } : { operation: 'list', path: this.path },
    )
    if (typeof answer === 'number') return answer
    const entry = stats ? answer.entries?.[0] : answer.entries?.find(({ name: each }) => each === text)
    if (entry === undefined) return -ENOENT
    return inodeAt(fileSystem, path, entry)
  }

  entries(): readonly DirectoryEntry[] | number {
    const answer = this.fileSystem.ask({ operation: 'list', path: this.path })
    if (typeof answer === 'number') return answer
    return (answer.entries ?? []).map(({ name, directory }) => ({
      name: bytesText(name),
      ino: this.fileSystem.inoOf(this.#pathOf(name)),
      type: directoryType(directory ? S_IFDIR : S_IFREG),
    }))
  }

  create(name: string): Inode | number {
    const text = textOf(name)
    if (text === undefined) return -EINVAL
    const { fileSystem } = this
    const { seconds } = fileSystem.host.now()
    const file = new ObjectFile(fileSystem, this.#pathOf(text), { size: 0, mtimeMs: seconds * 1000 })
    const error = file.store(EMPTY)
    if (error !== 0) return error
    file.isNew = true
    fileSystem.inodes.set(file.path, file)
    return file
  }

  #pathOf(name: string): string {
    return this.path === '/' ? `/${name}` : `${this.path}/${name}`
  }
}

/** The same inode for the same path, so that locks on it meet. */
function inodeAt(fileSystem: ObjectFileSystem, path: string, entry: ObjectEntry): Inode {
  const { inodes } = fileSystem
  const known = inodes.get(path)
  if (known !== undefined && (known.type === S_IFDIR) === entry.directory) {
    known.seen(entry)
    return known
  }
  fileSystem.inoOf(path) // counts it
  const made = new (entry.directory ? ObjectDirectory : ObjectFile)(fileSystem, path, entry)
  inodes.set(path, made)
  return made
}

/** The name that the bytes mean. Names that are not UTF-8 are never asked for. */
function textOf(name: string): string | undefined {
  const text = Buffer.from(name, 'latin1').toString('utf8')
  return bytesText(text) === name ? text : undefined
}
