/** Directories in memory: names in the order in which they were made. */
import { RENAME_EXCHANGE, RENAME_NOREPLACE, S_IFDIR } from '../../../linux/constants.ts'
import {
  EEXIST,
  EISDIR,
  EMLINK,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EXDEV,
} from '../../../linux/errno-numbers.ts'
import { DirectoryFile, directoryType } from '../open-file.ts'
import type {
  Attributes,
  Directory,
  DirectoryEntry,
  FsCaller,
  Inode,
  Location,
  NewInode,
  OpenFile,
} from '../vfs.ts'
import { MemoryFile } from './file.ts'
import type { MemoryFileSystem } from './file-system.ts'
import { MemoryInode } from './inode.ts'
import { MemoryLink, newNode } from './link.ts'

/** What Linux allows an inode of tmpfs is more than a guest can make. */
const MOST_LINKS = 65_000
/** What a name adds to the size of a directory, as in tmpfs. */
const NAME_SIZE = 20

/** What a directory in memory keeps its names in: a map, or one that has a lower layer. */
export type NameTable = Pick<Map<string, MemoryInode>, 'get' | 'has' | 'set' | 'delete'>

export class MemoryDirectory extends MemoryInode implements Directory {
  readonly stable = true
  readonly #own = new Map<string, MemoryInode>()
  /** It has no name any more: nothing can be made in it. */
  #removed = false

  constructor(fileSystem: MemoryFileSystem, node: NewInode | Attributes) {
    super(fileSystem, S_IFDIR, node)
    this.nlink = 2
  }

  protected get names(): NameTable {
    return this.#own
  }

  get directory(): this {
    return this
  }

  override get size(): number {
    return (this.#own.size + 2) * NAME_SIZE
  }

  override open(flags: number, location: Location, _caller: FsCaller): OpenFile {
    return new DirectoryFile(this, flags, location)
  }

  lookup(name: string): Inode | number {
    return this.names.get(name) ?? -ENOENT
  }

  create(name: string, node: NewInode): Inode | number {
    return this.#make(name, () => new MemoryFile(this.fileSystem, node))
  }

  mkdir(name: string, node: NewInode): Inode | number {
    if (this.nlink >= MOST_LINKS) return -EMLINK
    const made = this.#make(name, () => new MemoryDirectory(this.fileSystem, node))
    if (typeof made !== 'number') this.nlink++
    return made
  }

  mknod(name: string, type: number, device: number, node: NewInode): Inode | number {
    return this.#make(name, () => newNode(this.fileSystem, type, device, node))
  }

  symlink(name: string, target: string, node: NewInode): Inode | number {
    return this.#make(name, () => new MemoryLink(this.fileSystem, target, node))
  }

  unnamed(node: NewInode): Inode | number {
    if (this.fileSystem.isFull) return -ENOSPC
    const file = new MemoryFile(this.fileSystem, node)
    file.nlink = 0
    return file
  }

  #make(name: string, make: () => MemoryInode): Inode | number {
    if (this.#removed) return -ENOENT
    if (this.names.has(name)) return -EEXIST
    if (this.fileSystem.isFull) return -ENOSPC
    const inode = make()
    this.names.set(name, inode)
    this.modified()
    return inode
  }

  link(name: string, inode: Inode): number {
    if (!(inode instanceof MemoryInode) || inode.fileSystem !== this.fileSystem) return -EXDEV
    if (inode instanceof MemoryDirectory) return -EPERM
    if (this.#removed) return -ENOENT
    if (this.names.has(name)) return -EEXIST
    if (inode.nlink >= MOST_LINKS) return -EMLINK
    this.names.set(name, inode)
    inode.nlink++
    inode.changed()
    this.modified()
    return 0
  }

  unlink(name: string): number {
    const inode = this.names.get(name)
    if (inode === undefined) return -ENOENT
    if (inode instanceof MemoryDirectory) return -EISDIR
    this.names.delete(name)
    inode.unlinked()
    this.modified()
    return 0
  }

  rmdir(name: string): number {
    const inode = this.names.get(name)
    if (inode === undefined) return -ENOENT
    if (!(inode instanceof MemoryDirectory)) return -ENOTDIR
    if (!inode.isEmpty) return -ENOTEMPTY
    this.names.delete(name)
    this.#lost(inode)
    this.modified()
    return 0
  }

  /** A directory that was in here has gone. */
  #lost(directory: MemoryDirectory): void {
    directory.#removed = true
    directory.unlinked(2)
    this.nlink--
  }

  rename(name: string, target: Directory, newName: string, flags: number): number {
    if (!(target instanceof MemoryDirectory) || target.fileSystem !== this.fileSystem) return -EXDEV
    const inode = this.names.get(name)
    if (inode === undefined || target.#removed) return -ENOENT
    const victim = target.names.get(newName)
    if (victim !== undefined && (flags & RENAME_NOREPLACE) !== 0) return -EEXIST
    if ((flags & RENAME_EXCHANGE) !== 0) return this.#exchange(name, inode, target, newName, victim)
    if (victim === inode) return 0
    if (victim !== undefined) {
      const error = replaceable(inode, victim)
      if (error !== 0) return error
      target.names.delete(newName)
      if (victim instanceof MemoryDirectory) target.#lost(victim)
      else victim.unlinked()
    }
    this.names.delete(name)
    target.names.set(newName, inode)
    if (inode instanceof MemoryDirectory && target !== this) {
      this.nlink--
      target.nlink++
    }
    inode.changed()
    this.modified()
    if (target !== this) target.modified()
    return 0
  }

  #exchange(
    name: string,
    inode: MemoryInode,
    target: MemoryDirectory,
    newName: string,
    other: MemoryInode | undefined,
  ): number {
    if (other === undefined) return -ENOENT
    this.names.set(name, other)
    target.names.set(newName, inode)
    if (target !== this) {
      const moved = Number(inode instanceof MemoryDirectory) - Number(other instanceof MemoryDirectory)
      this.nlink -= moved
      target.nlink += moved
    }
    for (const changed of [inode, other]) changed.changed()
    this.modified()
    target.modified()
    return 0
  }

  entries(): readonly DirectoryEntry[] | number {
    return Array.from(this.#own, ([name, { ino, type }]) => ({ name, ino, type: directoryType(type) }))
  }

  get isEmpty(): boolean {
    return this.#own.size === 0
  }
}

/** Whether rename(2) may put the first in the place of the second: 0 or a negative errno. */
function replaceable(inode: MemoryInode, victim: MemoryInode): number {
  if (!(inode instanceof MemoryDirectory)) return victim instanceof MemoryDirectory ? -EISDIR : 0
  if (!(victim instanceof MemoryDirectory)) return -ENOTDIR
  return victim.isEmpty ? 0 : -ENOTEMPTY
}
