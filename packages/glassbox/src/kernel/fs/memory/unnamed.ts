/** Memory files that are in no directory: memfd_create(2). */
import { ENODEV } from '../../../linux/errno-numbers.ts'
import { Name } from '../path/dentry.ts'
import type { FsCaller, Mount, NewInode, OpenFile } from '../vfs.ts'
import { MemoryFile, MemoryOpenFile } from './file.ts'
import { MemoryFileSystem, type MemoryHost } from './file-system.ts'

/** One hidden file system for each world, made when it is first needed. */
const hidden = new WeakMap<MemoryHost, Mount>()

function mountFor(host: MemoryHost, like: Mount): Mount {
  const known = hidden.get(host)
  if (known !== undefined) return known
  const fileSystem = new MemoryFileSystem(host)
  const root = new Name('/', undefined, new MemoryFile(fileSystem, { mode: 0, uid: 0, gid: 0 }))
  const mount: Mount = {
    ...{ id: like.id, fileSystem, root, at: undefined },
    ...{ readOnly: false, noExec: false, noSuid: true, noDevices: true },
  }
  hidden.set(host, mount)
  return mount
}

export interface UnnamedFile {
  open(flags: number, caller: FsCaller): OpenFile
}

/** A new file whose name only /proc/self/fd shows. `root`: the root of the world. */
export function newMemoryFile(
  root: Mount,
  name: string,
  node: NewInode,
  sealable: boolean,
): UnnamedFile | number {
  const { fileSystem } = root
  if (!(fileSystem instanceof MemoryFileSystem)) return -ENODEV
  const mount = mountFor(fileSystem.host, root)
  const inode = new MemoryFile(mount.fileSystem as MemoryFileSystem, node)
  inode.nlink = 0
  if (sealable) inode.seals = 0
  const dentry = new Name(name, mount.root as Name, inode)
  dentry.removed = true
  return { open: flags => new MemoryOpenFile(inode, flags, { mount, dentry }) }
}
