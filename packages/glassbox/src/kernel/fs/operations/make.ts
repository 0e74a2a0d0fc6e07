/** Making names: mkdir(2), mknod(2), symlink(2), link(2). */
import {
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFMT,
  S_IFREG,
  S_IFSOCK,
  S_ISGID,
} from '../../../linux/constants.ts'
import { EEXIST, EINVAL, ENOENT, EPERM, EROFS, EXDEV } from '../../../linux/errno-numbers.ts'
import { tellMade } from '../notify/watches.ts'
import { EXECUTE, isInGroup, permits, WRITE } from '../permissions.ts'
import { nameMade } from '../path/dentry.ts'
import { walk } from '../path/start.ts'
import { TO_MAKE } from '../path/walk.ts'
import type { Directory, FsCaller, Inode, Location, NewInode } from '../vfs.ts'

/**
 * What a new inode in a directory begins with: the umask is applied, and a set-gid directory gives
 * its group.
 */
export function newInode(parent: Inode, caller: FsCaller, mode: number, isDirectory: boolean): NewInode {
  const { credentials, fs } = caller
  const { mode: parentMode, gid: parentGid } = parent.attributes()
  let bits = mode & ~fs.umask
  if ((parentMode & S_ISGID) === 0) return { mode: bits, uid: credentials.fsuid, gid: credentials.fsgid }
  const foreign = !credentials.privileged && !isInGroup(credentials, parentGid)
  if (isDirectory) bits |= S_ISGID
  else if (foreign && (bits & 0o010) !== 0) bits &= ~S_ISGID
  return { mode: bits, uid: credentials.fsuid, gid: parentGid }
}

/** Makes one name with `make` in the directory of the path. 0, or a negative errno. */
function makeName(
  start: Location,
  caller: FsCaller,
  path: Uint8Array,
  length: number,
  mayTrail: boolean,
  make: (directory: Directory, name: string, parent: Inode) => Inode | number,
  isFurther = false,
): number {
  const found = walk.run(start, caller, path, length, TO_MAKE)
  if (found === 0) return -EEXIST
  if (!walk.missing) return walk.last === 'name' || found !== 0 ? found : -EEXIST
  const { parent, parentMount, name } = walk
  if (walk.trailing && !mayTrail) return -ENOENT
  if (parent.inode.directory?.fixed === true) return -ENOENT
  if (parentMount.readOnly) return -EROFS
  const denied = permits(parent.inode, WRITE | EXECUTE, caller.credentials)
  if (denied !== 0) return denied
  const { directory } = parent.inode
  if (directory === undefined || parent.removed) return -ENOENT
  const inode = make(directory, name, parent.inode)
  if (typeof inode === 'number') return inode
  nameMade(parent, name, inode)
  tellMade(parent.inode, name, inode, isFurther)
  return 0
}

export function makeDirectory(
  start: Location,
  caller: FsCaller,
  path: Uint8Array,
  length: number,
  mode: number,
): number {
  // rwx and the sticky bit: mkdir(2) cannot set the others.
  return makeName(
    start,
    caller,
    path,
    length,
    true,
    (directory, name, parent) =>
      directory.mkdir?.(name, newInode(parent, caller, mode & 0o1777, true)) ?? -EPERM,
  )
}

const NODE_TYPES = new Set([S_IFREG, S_IFCHR, S_IFBLK, S_IFIFO, S_IFSOCK])

/** `type`: S_IF*; 0 is a regular file. */
export function makeNode(
  start: Location,
  caller: FsCaller,
  path: Uint8Array,
  length: number,
  mode: number,
  device: number,
): number {
  const type = (mode & S_IFMT) === 0 ? S_IFREG : mode & S_IFMT
  if (type === S_IFDIR) return -EPERM
  if (!NODE_TYPES.has(type)) return -EINVAL
  const isDevice = type === S_IFCHR || type === S_IFBLK
  return makeName(start, caller, path, length, false, (directory, name, parent) => {
    if (isDevice && !caller.credentials.privileged) return -EPERM
    const node = newInode(parent, caller, mode & 0o7777, false)
    if (type === S_IFREG) return directory.create?.(name, node) ?? -EPERM
    return directory.mknod?.(name, type, isDevice ? device : 0, node) ?? -EPERM
  })
}

export function makeLink(
  start: Location,
  caller: FsCaller,
  path: Uint8Array,
  length: number,
  target: string,
): number {
  if (target === '') return -ENOENT
  return makeName(start, caller, path, length, false, (directory, name, parent) => {
    const { uid, gid } = newInode(parent, caller, 0o777, false)
    return directory.symlink?.(name, target, { mode: 0o777, uid, gid }) ?? -EPERM
  })
}

/** A further name for what `from` is. */
export function makeHardLink(
  from: Location,
  start: Location,
  caller: FsCaller,
  path: Uint8Array,
  length: number,
): number {
  const { inode } = from.dentry
  const link = (directory: Directory, name: string): Inode | number => {
    if (walk.parentMount !== from.mount) return -EXDEV
    if (inode.type === S_IFDIR) return -EPERM
    const error = directory.link?.(name, inode) ?? -EPERM
    return error === 0 ? inode : error
  }
  return makeName(start, caller, path, length, false, link, true)
}
