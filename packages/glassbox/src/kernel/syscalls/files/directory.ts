/** Working directories and the names of directories. */
import { AT_FDCWD, IN_ACCESS, O_PATH, S_IFDIR } from '../../../linux/constants.ts'
import { EBADF, EFAULT, EINVAL, ENOENT, ENOTDIR, EPERM, ERANGE } from '../../../linux/errno-numbers.ts'
import { tellFile } from '../../fs/notify/watches.ts'
import { pathFrom } from '../../fs/path/mounts.ts'
import { walk } from '../../fs/path/start.ts'
import { FOLLOW } from '../../fs/path/walk.ts'
import { EXECUTE, permits } from '../../fs/permissions.ts'
import type { Dentry, DirectoryEntry, Location, OpenFile } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { findPath } from './support.ts'

function directoryAt(task: Task, path: number): Location | number {
  const error = findPath(task, AT_FDCWD, path, FOLLOW)
  return error !== 0 ? error : mayEnter(task, walk.location())
}

function mayEnter(task: Task, place: Location): Location | number {
  const { inode } = place.dentry
  if (inode.type !== S_IFDIR) return -ENOTDIR
  const denied = permits(inode, EXECUTE, task.credentials)
  return denied !== 0 ? denied : place
}

function chdir(task: Task, path: number): number {
  const place = directoryAt(task, path)
  if (typeof place === 'number') return place
  task.fs.cwd = place
  return 0
}

function fchdir(task: Task, fd: number): number {
  const file = task.files.get(fd)
  if (file === undefined) return -EBADF
  const place = file.location === undefined ? -ENOTDIR : mayEnter(task, file.location)
  if (typeof place === 'number') return place
  task.fs.cwd = place
  return 0
}

function chroot(task: Task, path: number): number {
  const place = directoryAt(task, path)
  if (typeof place === 'number') return place
  if (!task.credentials.privileged) return -EPERM
  task.fs.root = place
  return 0
}

function getcwd(task: Task, buffer: number, size: number): number {
  const { cwd, root } = task.fs
  if (cwd.dentry.removed) return -ENOENT
  const path = pathFrom(root, cwd) ?? `(unreachable)${cwd.dentry.name}`
  const bytes = Buffer.from(`${path}\0`, 'latin1')
  if (bytes.length > size) return -ERANGE
  const error = task.memory.write(buffer, bytes, 0, bytes.length)
  return error !== 0 ? error : bytes.length
}

function umask(task: Task, mask: number): number {
  const before = task.fs.umask
  task.fs.umask = mask & 0o777
  return before
}

const PIECE = 64 * 1024
const records = new Uint8Array(PIECE)
const view = new DataView(records.buffer)

/** How a record is laid out: struct linux_dirent64, or the older struct linux_dirent. */
interface Layout {
  readonly nameAt: number
  /** The type is behind the NUL of the name, at the end of the record. */
  readonly typeLast: boolean
}

const NEW: Layout = { nameAt: 19, typeLast: false }
const OLD: Layout = { nameAt: 18, typeLast: true }

const getdents64 = (task: Task, fd: number, buffer: number, size: number): number =>
  readNames(task, fd, buffer, size, NEW)

function readNames(task: Task, fd: number, buffer: number, size: number, layout: Layout): number {
  const file = task.files.get(fd)
  if (file === undefined || (file.flags & O_PATH) !== 0) return -EBADF
  if (file.names === undefined) return -ENOTDIR
  const names = file.names()
  if (typeof names === 'number') return names
  if (file.location?.dentry.removed === true && file.position === 0) return -ENOENT
  tellFile(file, IN_ACCESS)
  const { inode } = file
  const room = Math.min(size, PIECE)
  let length = 0
  let at = file.position
  for (; at < names.length + 2; at++) {
    const entry = at < 2 ? dots(file, at, inode.attributes().ino) : (names[at - 2] as DirectoryEntry)
    const end = length + recordLength(entry.name.length, layout)
    if (end > room) break
    putRecord(entry, length, end, at + 1, layout)
    length = end
  }
  if (length === 0) return at < names.length + 2 ? -EINVAL : 0
  const error = task.memory.write(buffer, records, 0, length)
  if (error !== 0) return -EFAULT
  file.position = at
  return length
}

/** `.` and `..`. */
function dots(file: OpenFile, at: number, ino: number): DirectoryEntry {
  if (at === 0) return { name: '.', ino, type: DT_DIR }
  return { name: '..', ino: parentOf(file.location)?.inode.attributes().ino ?? ino, type: DT_DIR }
}

const DT_DIR = 4

function parentOf(place: Location | undefined): Dentry | undefined {
  if (place === undefined) return undefined
  return place.dentry === place.mount.root ? place.mount.at?.dentry.parent : place.dentry.parent
}

const recordLength = (name: number, { nameAt, typeLast }: Layout): number =>
  (nameAt + name + (typeLast ? 2 : 1) + 7) & ~7

function putRecord(
  { name, ino, type }: DirectoryEntry,
  start: number,
  end: number,
  next: number,
  { nameAt, typeLast }: Layout,
): void {
  records.fill(0, start, end)
  view.setUint32(start, ino >>> 0, true)
  view.setUint32(start + 4, Math.floor(ino / 2 ** 32), true)
  view.setUint32(start + 8, next, true)
  view.setUint16(start + 16, end - start, true)
  records[typeLast ? end - 1 : start + 18] = type
  for (let i = 0; i < name.length; i++) records[start + nameAt + i] = name.charCodeAt(i)
}

export const directory: Family = {
  chdir,
  fchdir,
  chroot,
  getcwd,
  umask,
  getdents64,
  getdents: (task, fd, buffer, size) => readNames(task, fd, buffer, size, OLD),
}
