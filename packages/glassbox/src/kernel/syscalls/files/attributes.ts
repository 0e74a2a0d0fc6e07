/** stat(2) and what changes attributes: chmod, chown, truncate, utimensat, access. */
import {
  AT_EACCESS,
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_NO_AUTOMOUNT,
  AT_STATX_DONT_SYNC,
  AT_STATX_FORCE_SYNC,
  AT_SYMLINK_NOFOLLOW,
  IN_ACCESS,
  IN_ATTRIB,
  IN_MODIFY,
  S_IFDIR,
  S_IFLNK,
  S_IFREG,
  S_ISGID,
} from '../../../linux/constants.ts'
import {
  EACCES,
  EBADF,
  EFAULT,
  EINVAL,
  EISDIR,
  EOPNOTSUPP,
  EPERM,
  EROFS,
  ETXTBSY,
} from '../../../linux/errno-numbers.ts'
import { tell } from '../../fs/notify/watches.ts'
import { isWritable } from '../../fs/open-file.ts'
import { isExecuted } from '../../fs/operations/open.ts'
import { isInGroup, isOwner, permits, permitsBy, WRITE, withoutSetIds } from '../../fs/permissions.ts'
import type { AttributeChange, Credentials, Location, Mount, OpenFile, Time } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { mayGrowTo } from './size-limit.ts'
import { dentryOf, findPlace, inodeOf, isFile, opened, timeOf } from './support.ts'
import { writeStat, writeStatx } from './stat-layout.ts'

const STAT_FLAGS = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH | AT_NO_AUTOMOUNT

const mountOf = (found: Location | OpenFile): Mount | undefined =>
  isFile(found) ? found.location?.mount : found.mount

function newfstatat(task: Task, directory: number, path: number, buffer: number, flags: number): number {
  if ((flags & ~STAT_FLAGS) !== 0) return -EINVAL
  const found = findPlace(task, directory, path, flags, (flags & AT_SYMLINK_NOFOLLOW) === 0)
  if (typeof found === 'number') return found
  return writeStat(task.memory, buffer, (isFile(found) ? found : found.dentry.inode).attributes())
}

function fstat(task: Task, fd: number, buffer: number): number {
  const file = task.files.get(fd)
  return file === undefined ? -EBADF : writeStat(task.memory, buffer, file.attributes())
}

const STATX_FLAGS = STAT_FLAGS | AT_STATX_DONT_SYNC | AT_STATX_FORCE_SYNC
const STATX_RESERVED = 0x8000_0000

function statx(
  task: Task,
  directory: number,
  path: number,
  flags: number,
  mask: number,
  buffer: number,
): number {
  if ((mask & STATX_RESERVED) !== 0 || (flags & ~STATX_FLAGS) !== 0) return -EINVAL
  const sync = flags & (AT_STATX_DONT_SYNC | AT_STATX_FORCE_SYNC)
  if (sync === (AT_STATX_DONT_SYNC | AT_STATX_FORCE_SYNC)) return -EINVAL
  const found = path === 0 && (flags & AT_EMPTY_PATH) !== 0 ? byDescriptor(task, directory) : undefined
  const place = found ?? findPlace(task, directory, path, flags, (flags & AT_SYMLINK_NOFOLLOW) === 0)
  if (typeof place === 'number') return place
  const attributes = (isFile(place) ? place : place.dentry.inode).attributes()
  const mount = mountOf(place)
  const isRoot = !isFile(place) && place.dentry === place.mount.root
  return writeStatx(task.memory, buffer, attributes, mount?.id ?? 0, isRoot)
}

const byDescriptor = (task: Task, fd: number): Location | OpenFile | number =>
  fd === AT_FDCWD ? task.fs.cwd : (task.files.get(fd) ?? -EBADF)

function faccessat2(task: Task, directory: number, path: number, mode: number, flags: number): number {
  if ((mode & ~7) !== 0 || (flags & ~(AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL
  const { credentials } = task
  const checked = (flags & AT_EACCESS) !== 0 ? credentials : realCredentials(credentials)
  const caller = { credentials: checked, fs: task.fs }
  const found = findPlace(task, directory, path, flags, (flags & AT_SYMLINK_NOFOLLOW) === 0, caller)
  if (typeof found === 'number') return found
  const inode = isFile(found) ? found.inode : found.dentry.inode
  const mount = mountOf(found)
  if (mode === 0) return 0
  if ((mode & 1) !== 0 && inode.type === S_IFREG && mount?.noExec === true) return -EACCES
  const denied = permits(inode, mode, checked)
  if (denied !== 0) return denied
  const isOfFileSystem = inode.type === S_IFREG || inode.type === S_IFDIR || inode.type === S_IFLNK
  return (mode & WRITE) !== 0 && mount?.readOnly === true && isOfFileSystem ? -EROFS : 0
}

/** access(2) asks for the real ids, as a set-id program must. */
function realCredentials(credentials: Credentials): Credentials {
  const { uid, gid, fsuid, fsgid } = credentials
  if (uid === fsuid && gid === fsgid) return credentials
  return { ...credentials, fsuid: uid, fsgid: gid, privileged: uid === 0 && credentials.privileged }
}

/** Changes attributes of what was found, if its mount can be written. */
function change(found: Location | OpenFile, task: Task, changes: AttributeChange, owners: boolean): number {
  const inode = isFile(found) ? found.inode : found.dentry.inode
  if (mountOf(found)?.readOnly === true) return -EROFS
  if (owners && !isOwner(inode, task.credentials)) return -EPERM
  return changeAndTell(found, changes, IN_ATTRIB)
}

/** Changes what was found; who watches it hears it. */
function changeAndTell(found: Location | OpenFile, changes: AttributeChange, event: number): number {
  const error = inodeOf(found).change(changes)
  if (error === 0) tell(dentryOf(found), event)
  return error
}

function chmod(found: Location | OpenFile | number, task: Task, mode: number): number {
  if (typeof found === 'number') return found
  const inode = isFile(found) ? found.inode : found.dentry.inode
  if (inode.type === S_IFLNK) return -EOPNOTSUPP
  const { gid } = inode.attributes()
  const mayKeepGroup = task.credentials.privileged || isInGroup(task.credentials, gid)
  const kept = mayKeepGroup || inode.type === S_IFDIR ? mode : mode & ~S_ISGID
  return change(found, task, { mode: kept & 0o7777 }, true)
}

const fchmod = (task: Task, fd: number, mode: number): number => chmod(opened(task, fd), task, mode)

function fchmodat2(task: Task, directory: number, path: number, mode: number, flags: number): number {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL
  return chmod(findPlace(task, directory, path, flags, (flags & AT_SYMLINK_NOFOLLOW) === 0), task, mode)
}

function chown(found: Location | OpenFile | number, task: Task, uid: number, gid: number): number {
  if (typeof found === 'number') return found
  const { credentials } = task
  const inode = isFile(found) ? found.inode : found.dentry.inode
  if (mountOf(found)?.readOnly === true) return -EROFS
  const before = inode.attributes()
  const newUid = uid === KEEP ? before.uid : uid
  const newGid = gid === KEEP ? before.gid : gid
  if (!credentials.privileged && !mayChown(before, credentials, newUid, newGid, uid, gid)) return -EPERM
  const plain = inode.type === S_IFDIR ? before.mode : withoutSetIds(before.mode)
  const cleared = plain === before.mode ? {} : { mode: plain }
  return changeAndTell(found, { uid: newUid, gid: newGid, ...cleared }, IN_ATTRIB)
}

/** An id that is left as it is: −1. */
const KEEP = 0xffff_ffff

function mayChown(
  before: { readonly uid: number; readonly gid: number },
  credentials: Credentials,
  newUid: number,
  newGid: number,
  uid: number,
  gid: number,
): boolean {
  if (uid === KEEP && gid === KEEP) return true
  if (credentials.fsuid !== before.uid) return false
  return newUid === before.uid && (newGid === before.gid || isInGroup(credentials, newGid))
}

function fchownat(
  task: Task,
  directory: number,
  path: number,
  uid: number,
  gid: number,
  flags: number,
): number {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL
  const found = findPlace(task, directory, path, flags, (flags & AT_SYMLINK_NOFOLLOW) === 0)
  return chown(found, task, uid >>> 0, gid >>> 0)
}

const fchown = (task: Task, fd: number, uid: number, gid: number): number =>
  chown(opened(task, fd), task, uid >>> 0, gid >>> 0)

function resize(task: Task, found: Location | OpenFile, size: number): number {
  const inode = inodeOf(found)
  if (mountOf(found)?.readOnly === true) return -EROFS
  const refused = mayGrowTo(task, size)
  if (refused !== 0) return refused
  const { mode } = inode.attributes()
  const error = changeAndTell(found, { size }, IN_MODIFY)
  const plain = withoutSetIds(mode)
  if (error === 0 && plain !== mode && !task.credentials.privileged) inode.change({ mode: plain })
  return error
}

function truncate(task: Task, path: number, size: number): number {
  if (size < 0) return -EINVAL
  const found = findPlace(task, AT_FDCWD, path, 0, true)
  if (typeof found === 'number' || isFile(found)) return found as number
  const { inode } = found.dentry
  if (inode.type === S_IFDIR) return -EISDIR
  if (inode.type !== S_IFREG) return -EINVAL
  if (found.mount.readOnly) return -EROFS
  const denied = permits(inode, WRITE, task.credentials)
  if (denied !== 0) return denied
  return isExecuted(inode) ? -ETXTBSY : resize(task, found, size)
}

function ftruncate(task: Task, fd: number, size: number): number {
  if (size < 0) return -EINVAL
  const file = opened(task, fd)
  if (typeof file === 'number') return file
  if (file.inode.type !== S_IFREG || !isWritable(file)) return -EINVAL
  return file.resize?.(size) ?? resize(task, file, size)
}

const UTIME_NOW = 0x3fff_ffff
const UTIME_OMIT = 0x3fff_fffe

/** One of the two times: undefined is left as it is; −EFAULT or −EINVAL. */
function readTime(task: Task, address: number): Time | undefined | number {
  const seconds = task.memory.readInt64(address)
  const nanoseconds = task.memory.readInt64(address + 8)
  if (Number.isNaN(seconds) || Number.isNaN(nanoseconds)) return -EFAULT
  if (nanoseconds === UTIME_OMIT) return undefined
  if (nanoseconds === UTIME_NOW) return timeOf(task)
  return nanoseconds < 0 || nanoseconds > 999_999_999 ? -EINVAL : { seconds, nanoseconds }
}

function utimensat(task: Task, directory: number, path: number, times: number, flags: number): number {
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL
  const atime = times === 0 ? timeOf(task) : readTime(task, times)
  const mtime = times === 0 ? atime : readTime(task, times + 16)
  if (typeof atime === 'number') return atime
  if (typeof mtime === 'number') return mtime
  if (atime === undefined && mtime === undefined) return 0
  const isNow =
    times === 0 || (nanosecondsAt(task, times) === UTIME_NOW && nanosecondsAt(task, times + 16) === UTIME_NOW)
  const found =
    path === 0
      ? opened(task, directory)
      : findPlace(task, directory, path, flags, (flags & AT_SYMLINK_NOFOLLOW) === 0)
  return typeof found === 'number' ? found : setTimes(task, found, atime, mtime, isNow)
}

const nanosecondsAt = (task: Task, time: number): number => task.memory.readInt64(time + 8)

function setTimes(
  task: Task,
  found: Location | OpenFile,
  atime: Time | undefined,
  mtime: Time | undefined,
  isNow: boolean,
): number {
  const inode = isFile(found) ? found.inode : found.dentry.inode
  if (mountOf(found)?.readOnly === true) return -EROFS
  if (!isOwner(inode, task.credentials)) {
    // The current time may be set by everybody who may write.
    if (!isNow) return -EPERM
    const denied = permitsBy(inode.attributes(), WRITE, task.credentials)
    if (denied !== 0) return denied
  }
  const one = atime === undefined ? IN_MODIFY : IN_ACCESS
  const event = atime !== undefined && mtime !== undefined ? IN_ATTRIB : one
  return changeAndTell(found, { ...(atime ? { atime } : {}), ...(mtime ? { mtime } : {}) }, event)
}

/** The older calls: microseconds, and seconds alone. */
function futimesat(task: Task, directory: number, path: number, times: number): number {
  const both = times === 0 ? [timeOf(task), timeOf(task)] : [0, 16].map(at => microseconds(task, times + at))
  const [atime, mtime] = both
  if (typeof atime === 'number') return atime
  if (typeof mtime === 'number') return mtime
  const found = path === 0 ? opened(task, directory) : findPlace(task, directory, path, 0, true)
  return typeof found === 'number' ? found : setTimes(task, found, atime, mtime, times === 0)
}

function microseconds(task: Task, address: number): Time | number {
  const seconds = task.memory.readInt64(address)
  const micros = task.memory.readInt64(address + 8)
  if (Number.isNaN(seconds) || Number.isNaN(micros)) return -EFAULT
  return micros < 0 || micros >= 1_000_000 ? -EINVAL : { seconds, nanoseconds: micros * 1000 }
}

function utime(task: Task, path: number, times: number): number {
  const found = findPlace(task, AT_FDCWD, path, 0, true)
  if (typeof found === 'number') return found
  if (times === 0) return setTimes(task, found, timeOf(task), timeOf(task), true)
  const [atime, mtime] = [task.memory.readInt64(times), task.memory.readInt64(times + 8)]
  if (Number.isNaN(atime) || Number.isNaN(mtime)) return -EFAULT
  const whole = (seconds: number): Time => ({ seconds, nanoseconds: 0 })
  return setTimes(task, found, whole(atime), whole(mtime), false)
}

export const attributes: Family = {
  stat: (task, path, buffer) => newfstatat(task, AT_FDCWD, path, buffer, 0),
  lstat: (task, path, buffer) => newfstatat(task, AT_FDCWD, path, buffer, AT_SYMLINK_NOFOLLOW),
  fstat,
  newfstatat,
  statx,
  access: (task, path, mode) => faccessat2(task, AT_FDCWD, path, mode, 0),
  faccessat: (task, directory, path, mode) => faccessat2(task, directory, path, mode, 0),
  faccessat2,
  chmod: (task, path, mode) => fchmodat2(task, AT_FDCWD, path, mode, 0),
  fchmod,
  fchmodat: (task, directory, path, mode) => fchmodat2(task, directory, path, mode, 0),
  fchmodat2,
  chown: (task, path, uid, gid) => fchownat(task, AT_FDCWD, path, uid, gid, 0),
  lchown: (task, path, uid, gid) => fchownat(task, AT_FDCWD, path, uid, gid, AT_SYMLINK_NOFOLLOW),
  fchown,
  fchownat,
  truncate,
  ftruncate,
  utimensat,
  futimesat,
  utimes: (task, path, times) => futimesat(task, AT_FDCWD, path, times),
  utime,
}
