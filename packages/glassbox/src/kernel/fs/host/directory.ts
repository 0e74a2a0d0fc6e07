/** Directories of the host. Names are found without following links: that is the kernel's part. */
import {
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_RDONLY,
  O_RDWR,
  S_IFDIR,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
} from '../../../linux/constants.ts'
import { ENOENT, EPERM, EROFS, EXDEV } from '../../../linux/errno-numbers.ts'
import { DirectoryFile } from '../open-file.ts'
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
import {
  attributesAt,
  changeMode,
  changeModeBeneath,
  closeHost,
  linkBeneath,
  makeDirectory,
  makeLink,
  makeNode,
  namesOf,
  openBeneath,
  removeName,
  renameBeneath,
} from './calls.ts'
import { HostFile } from './file.ts'
import type { HostFileSystem } from './file-system.ts'
import { HostInode } from './inode.ts'

export class HostDirectory extends HostInode implements Directory {
  /** Of a read-only tree the names are asked for once. */
  #entries: readonly DirectoryEntry[] | undefined

  override get directory(): this {
    return this
  }

  get stable(): boolean {
    return !this.fileSystem.writable
  }

  override open(flags: number, location: Location, _caller: FsCaller): OpenFile {
    return new DirectoryFile(this, flags, location)
  }

  lookup(name: string): Inode | number {
    const directory = this.fileSystem.descriptor(this)
    if (directory < 0) return directory
    const found = attributesAt(directory, name)
    return typeof found === 'number' ? found : this.#inode(name, found)
  }

  #inode(name: string, attributes: Attributes): HostInode {
    const { fileSystem } = this
    const known = fileSystem.known(attributes)
    if (known instanceof HostInode && known.type === (attributes.mode & S_IFMT)) {
      known.parent = this
      known.name = name
      known.renewed(attributes)
      return known
    }
    const inode = hostInode(fileSystem, this, name, attributes)
    fileSystem.remember(attributes, inode)
    return inode
  }

  entries(): readonly DirectoryEntry[] | number {
    if (this.#entries !== undefined) return this.#entries
    const fd = this.fileSystem.open(this, O_RDONLY | O_DIRECTORY)
    if (fd < 0) return fd
    const names = namesOf(fd)
    closeHost(fd)
    if (typeof names !== 'number' && !this.fileSystem.writable) this.#entries = names
    return names
  }

  create(name: string, { mode }: NewInode): Inode | number {
    return this.#make(name, directory => {
      const fd = openBeneath(directory, name, O_RDWR | O_CREAT | O_EXCL, mode & 0o777)
      if (fd < 0) return fd
      const error = changeMode(fd, mode & 0o777)
      closeHost(fd)
      return error
    })
  }

  mkdir(name: string, { mode }: NewInode): Inode | number {
    const kept = mode & 0o1777
    return this.#make(name, directory => {
      const error = makeDirectory(directory, name, kept)
      return error < 0 ? error : changeModeBeneath(directory, name, kept)
    })
  }

  mknod(name: string, type: number, _device: number, node: NewInode): Inode | number {
    if (type === S_IFREG) return this.create(name, node)
    // The host keeps the name; what goes through it stays in the world.
    if (type !== S_IFIFO && type !== S_IFSOCK) return -EPERM
    const kept = node.mode & 0o777
    return this.#make(name, directory => {
      const error = makeNode(directory, name, type | kept)
      return error < 0 ? error : changeModeBeneath(directory, name, kept)
    })
  }

  symlink(name: string, target: string): Inode | number {
    return this.#make(name, directory => makeLink(directory, name, target))
  }

  /**
   * `make` gives the mode once more after it has made something: the umask of this process is not
   * the guest's, which the mode has gone through already.
   */
  #make(name: string, make: (directory: number) => number): Inode | number {
    const directory = this.#writableDescriptor()
    const error = directory < 0 ? directory : make(directory)
    return error < 0 ? error : this.lookup(name)
  }

  #writableDescriptor(): number {
    return this.fileSystem.writable ? this.fileSystem.descriptor(this) : -EROFS
  }

  link(name: string, inode: Inode): number {
    if (!(inode instanceof HostInode) || inode.fileSystem !== this.fileSystem) return -EXDEV
    if (inode.parent === undefined) return -EPERM
    // Its name may belong to another file by now.
    if (inode.attributes().nlink === 0) return -ENOENT
    const directory = this.#writableDescriptor()
    const from = this.fileSystem.descriptor(inode.parent)
    if (directory < 0 || from < 0) return Math.min(directory, from)
    return linkBeneath(from, inode.name, directory, name)
  }

  unlink(name: string): number {
    return this.#remove(name, false)
  }

  rmdir(name: string): number {
    return this.#remove(name, true)
  }

  #remove(name: string, isDirectory: boolean): number {
    const directory = this.#writableDescriptor()
    return directory < 0 ? directory : removeName(directory, name, isDirectory)
  }

  rename(name: string, target: Directory, newName: string, flags: number): number {
    if (!(target instanceof HostDirectory) || target.fileSystem !== this.fileSystem) return -EXDEV
    const from = this.#writableDescriptor()
    const to = this.fileSystem.descriptor(target)
    if (from < 0 || to < 0) return Math.min(from, to)
    return renameBeneath(from, name, to, newName, flags)
  }
}

/** The inode of what the host has under a name; without parent the root of the file system. */
export function hostInode(
  fileSystem: HostFileSystem,
  parent: HostDirectory | undefined,
  name: string,
  attributes: Attributes,
): HostInode {
  const type = attributes.mode & S_IFMT
  if (type === S_IFDIR) return new HostDirectory(fileSystem, parent, name, attributes)
  if (type === S_IFREG) return new HostFile(fileSystem, parent, name, attributes)
  return new HostInode(fileSystem, parent, name, attributes)
}
