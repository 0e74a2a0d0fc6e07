/** open(2) and openat2(2), from the path to the open file. */
import {
  IN_MODIFY,
  IN_OPEN,
  O_ACCMODE,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOATIME,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFIFO,
  S_IFLNK,
  S_IFREG,
  S_IFSOCK,
} from '../../../linux/constants.ts'
import {
  EACCES,
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOTDIR,
  ENXIO,
  EOPNOTSUPP,
  EPERM,
  EROFS,
  ETXTBSY,
} from '../../../linux/errno-numbers.ts'
import { tellFile, tellMade } from '../notify/watches.ts'
import { PathFile } from '../open-file.ts'
import { EXECUTE, isOwner, permits, READ, WRITE } from '../permissions.ts'
import { nameMade } from '../path/dentry.ts'
import { walk } from '../path/start.ts'
import { FOLLOW, TO_MAKE } from '../path/walk.ts'
import type { FsCaller, Inode, Location, OpenFile } from '../vfs.ts'
import { newInode } from './make.ts'

const TMPFILE = O_TMPFILE & ~O_DIRECTORY

/** Flags that O_PATH leaves. */
const PATH_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW

/**
 * Opens a path. `resolve`: RESOLVE_* of openat2(2). The result has one reference, which is the
 * caller's; or it is a negative errno. A FIFO may still be `opening`.
 */
export function openPath(
  start: Location,
  caller: FsCaller,
  path: Uint8Array,
  length: number,
  givenFlags: number,
  mode: number,
  resolve = 0,
): OpenFile | number {
  const isPath = (givenFlags & O_PATH) !== 0
  const flags = isPath ? givenFlags & PATH_FLAGS : givenFlags
  if ((flags & TMPFILE) !== 0) return openUnnamed(start, caller, path, length, flags, mode, resolve)
  if ((flags & O_CREAT) !== 0 && (flags & O_DIRECTORY) !== 0) return -EINVAL
  const isExclusive = (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)
  const follow = (flags & O_NOFOLLOW) === 0 && !isExclusive ? FOLLOW : 0
  const found = walk.run(start, caller, path, length, follow | resolve | (isExclusive ? TO_MAKE : 0))
  // Who makes a file cannot end its name in a slash, whatever there is.
  if ((flags & O_CREAT) !== 0 && walk.trailing) return -EISDIR
  if (found < 0) return walk.missing && (flags & O_CREAT) !== 0 ? openNew(caller, flags, mode) : found
  if ((flags & O_CREAT) !== 0) {
    if (isExclusive) return -EEXIST
    if (walk.dentry.inode.type === S_IFDIR) return -EISDIR
  }
  return openLocation(walk.location(), caller, flags)
}

/** Opens what is there already: also the way of /proc/self/fd/N and of programs. */
export function openLocation(location: Location, caller: FsCaller, flags: number): OpenFile | number {
  const { inode } = location.dentry
  const { type } = inode
  if ((flags & O_DIRECTORY) !== 0 && type !== S_IFDIR) return -ENOTDIR
  if (type === S_IFLNK && (flags & O_PATH) === 0) return -ELOOP
  if ((flags & O_PATH) !== 0) return new PathFile(inode, flags, location)
  const error = mayOpen(location, caller, flags)
  if (error !== 0) return error
  if ((flags & O_TRUNC) !== 0 && type === S_IFREG) {
    const failed = inode.change({ size: 0 })
    if (failed !== 0) return failed
  }
  const file = inode.open(flags, location, caller)
  if (typeof file === 'number') return file
  tellFile(file, IN_OPEN)
  if ((flags & O_TRUNC) !== 0 && type === S_IFREG) tellFile(file, IN_MODIFY)
  return file
}

/** What an access mode asks for. O_ACCMODE itself, 3, means both for the check. */
export function wantedBy(flags: number): number {
  const access = flags & O_ACCMODE
  const wanted = access === O_RDONLY ? READ : access === O_WRONLY ? WRITE : READ | WRITE
  return (flags & O_TRUNC) !== 0 ? wanted | WRITE : wanted
}

function mayOpen({ mount, dentry: { inode } }: Location, caller: FsCaller, flags: number): number {
  const { type } = inode
  const wanted = wantedBy(flags)
  const writes = (wanted & WRITE) !== 0
  if (type === S_IFDIR && writes) return -EISDIR
  if (type === S_IFSOCK) return -ENXIO
  if ((type === S_IFCHR || type === S_IFBLK) && mount.noDevices) return -EACCES
  const isOfFileSystem = type === S_IFREG || type === S_IFDIR
  if (writes && mount.readOnly && isOfFileSystem) return -EROFS
  const denied = permits(inode, wanted, caller.credentials)
  if (denied !== 0) return denied
  if ((flags & O_NOATIME) !== 0 && !isOwner(inode, caller.credentials)) return -EPERM
  return writes && type === S_IFREG && isExecuted(inode) ? -ETXTBSY : 0
}

/** Inodes that are running programs: no task may write to them. Counted by execve(2). */
const executed = new WeakMap<Inode, number>()
export const isExecuted = (inode: Inode): boolean => (executed.get(inode) ?? 0) > 0

/** A process begins (1) or ends (−1) to run this program. */
export const countExecution = (inode: Inode, by: 1 | -1): void =>
  void executed.set(inode, (executed.get(inode) ?? 0) + by)

function openNew(caller: FsCaller, flags: number, mode: number): OpenFile | number {
  const { parent, parentMount, name } = walk
  if (parent.inode.directory?.fixed === true) return -ENOENT
  if (parentMount.readOnly) return -EROFS
  const denied = permits(parent.inode, WRITE | EXECUTE, caller.credentials)
  if (denied !== 0) return denied
  const { directory } = parent.inode
  if (directory === undefined || parent.removed) return -ENOENT
  const inode = directory.create?.(name, newInode(parent.inode, caller, mode & 0o7777, false)) ?? -EACCES
  if (typeof inode === 'number') return inode
  const dentry = nameMade(parent, name, inode)
  tellMade(parent.inode, name, inode)
  // The mode holds from the next opening on: the maker may write a file that nobody may write.
  const file = inode.open(flags & ~O_TRUNC, { mount: parentMount, dentry }, caller)
  if (typeof file !== 'number') tellFile(file, IN_OPEN)
  return file
}

function openUnnamed(
  start: Location,
  caller: FsCaller,
  path: Uint8Array,
  length: number,
  flags: number,
  mode: number,
  resolve: number,
): OpenFile | number {
  if ((flags & O_TMPFILE) !== O_TMPFILE || (flags & O_CREAT) !== 0) return -EINVAL
  if ((flags & O_ACCMODE) === O_RDONLY) return -EINVAL
  const error = walk.run(start, caller, path, length, FOLLOW | resolve)
  if (error !== 0) return error
  const { mount, dentry } = walk
  if (dentry.inode.type !== S_IFDIR) return -ENOTDIR
  if (mount.readOnly) return -EROFS
  const denied = permits(dentry.inode, WRITE | EXECUTE, caller.credentials)
  if (denied !== 0) return denied
  const make = dentry.inode.directory
  if (make?.unnamed === undefined) return -EOPNOTSUPP
  const inode = make.unnamed(newInode(dentry.inode, caller, mode & 0o7777, false))
  if (typeof inode === 'number') return inode
  const name = `#${inode.attributes().ino}`
  const unnamed = { ...nameless(name, dentry, inode) }
  return inode.open(flags & ~O_TMPFILE, { mount, dentry: unnamed }, caller)
}

/** A name that is in no directory; as /proc/self/fd shows it, it was removed. */
const nameless = (name: string, parent: Location['dentry'], inode: Inode): Location['dentry'] => ({
  ...{ name, parent, inode, children: new Map(), mounted: undefined, removed: true, own: undefined },
})

/** Opens a program for execve(2): a regular file that may be executed where it is mounted. */
export function openToExecute(location: Location, caller: FsCaller): OpenFile | number {
  const { inode } = location.dentry
  if (inode.type === S_IFLNK) return -ELOOP
  if (inode.type !== S_IFREG || location.mount.noExec) return -EACCES
  const denied = permits(inode, EXECUTE, caller.credentials)
  return denied !== 0 ? denied : inode.open(O_RDONLY, location, caller)
}

export const isFifo = ({ type }: Inode): boolean => type === S_IFIFO
