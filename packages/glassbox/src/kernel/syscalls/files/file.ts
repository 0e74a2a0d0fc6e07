/** Opening, closing and duplicating descriptors. */
import {
  AT_FDCWD,
  CLOSE_RANGE_CLOEXEC,
  CLOSE_RANGE_UNSHARE,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_LARGEFILE,
  O_NOFOLLOW,
  O_PATH,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_CACHED,
  RESOLVE_IN_ROOT,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from '../../../linux/constants.ts'
import { E2BIG, EAGAIN, EBADF, EINVAL } from '../../../linux/errno-numbers.ts'
import { OPEN_HOW_BYTES } from '../../../linux/open-how.ts'
import { dropReference } from '../../fs/descriptor-table.ts'
import { openPath } from '../../fs/operations/open.ts'
import type { OpenFile } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'
import { BLOCKED } from '../../wait/blocking.ts'
import type { Family } from '../family.ts'
import { pathBytes, readPath, startOf } from './support.ts'

function openat(task: Task, directory: number, address: number, flags: number, mode: number): number {
  return openResolved(
    task,
    directory,
    address,
    flags | O_LARGEFILE,
    (flags & (O_CREAT | TMPFILE)) === 0 ? 0 : mode,
    0,
  )
}

const RELATIVE = new Uint8Array(1)
const TMPFILE = O_TMPFILE & ~O_DIRECTORY

function openResolved(
  task: Task,
  directory: number,
  address: number,
  flags: number,
  mode: number,
  resolve: number,
): number {
  const length = readPath(task, address)
  if (length < 0) return length
  const room = task.files.free()
  if (room < 0) return room
  // Within a root of its own an absolute path begins at the descriptor as well.
  const isScoped = (resolve & RESOLVE_IN_ROOT) !== 0
  const start = startOf(task, directory, isScoped ? RELATIVE : pathBytes)
  if (typeof start === 'number') return start
  const file = openPath(start, task, pathBytes, length, flags, mode & 0o7777, resolve)
  if (typeof file === 'number') return file
  if (file.opening === true) return waitToOpen(task, file, flags)
  return addFile(task, file, flags)
}

/** Gives a new open file a descriptor; without a free one it is closed again. */
export function addFile(task: Task, file: OpenFile, flags: number): number {
  const fd = task.files.add(file, (flags & O_CLOEXEC) !== 0)
  if (fd < 0) dropReference(file)
  return fd
}

/** A FIFO whose other end is not there yet. */
function waitToOpen(task: Task, file: OpenFile, flags: number): number {
  let opened = false
  return task.block({
    interruption: 'restart',
    queues: [file.queue],
    retry: () => {
      if (file.opening === true) return BLOCKED
      opened = true
      return addFile(task, file, flags)
    },
    ended: () => {
      if (!opened) dropReference(file)
    },
  })
}

const KNOWN_FLAGS = 0o37777777 & ~0o4
const KNOWN_RESOLVE =
  RESOLVE_NO_XDEV |
  RESOLVE_NO_MAGICLINKS |
  RESOLVE_NO_SYMLINKS |
  RESOLVE_BENEATH |
  RESOLVE_IN_ROOT |
  RESOLVE_CACHED

const howBytes = new Uint8Array(4096)
const howView = new DataView(howBytes.buffer)

function openat2(task: Task, directory: number, path: number, how: number, size: number): number {
  if (size < OPEN_HOW_BYTES) return -EINVAL
  if (size > howBytes.length) return -E2BIG
  const error = task.memory.read(how, howBytes, 0, size)
  if (error !== 0) return error
  for (let at = OPEN_HOW_BYTES; at < size; at++) if (howBytes[at] !== 0) return -E2BIG
  const flags = howView.getUint32(0, true)
  const mode = howView.getUint32(8, true)
  const resolve = howView.getUint32(16, true)
  const high = howView.getUint32(4, true) | howView.getUint32(12, true) | howView.getUint32(20, true)
  if (high !== 0 || (flags & ~KNOWN_FLAGS) !== 0 || (resolve & ~KNOWN_RESOLVE) !== 0) return -EINVAL
  const makes = (flags & O_CREAT) !== 0 || (flags & TMPFILE) !== 0
  if (makes ? (mode & ~0o7777) !== 0 : mode !== 0) return -EINVAL
  if ((resolve & RESOLVE_BENEATH) !== 0 && (resolve & RESOLVE_IN_ROOT) !== 0) return -EINVAL
  if ((flags & O_PATH) !== 0 && (flags & ~(O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)) !== 0)
    return -EINVAL
  if ((resolve & RESOLVE_CACHED) !== 0 && (flags & (O_TRUNC | O_CREAT | TMPFILE)) !== 0) return -EAGAIN
  return openResolved(task, directory, path, flags, mode, resolve)
}

function close(task: Task, fd: number): number {
  return task.files.close(fd)
}

function closeRange(task: Task, first: number, last: number, flags: number): number {
  if ((flags & ~(CLOSE_RANGE_CLOEXEC | CLOSE_RANGE_UNSHARE)) !== 0 || first > last) return -EINVAL
  if ((flags & CLOSE_RANGE_UNSHARE) !== 0) task.unshareFiles()
  for (const fd of task.files.numbers()) {
    if (fd < first || fd > last) continue
    if ((flags & CLOSE_RANGE_CLOEXEC) !== 0) task.files.setCloseOnExec(fd, true)
    else task.files.close(fd)
  }
  return 0
}

function dup(task: Task, fd: number): number {
  return duplicate(task, fd, 0, false)
}

/** The lowest free descriptor from `from` on becomes another name of the open file. */
export function duplicate(task: Task, fd: number, from: number, closeOnExec: boolean): number {
  const file = task.files.get(fd)
  if (file === undefined) return -EBADF
  const copy = task.files.add(file, closeOnExec, from)
  if (copy >= 0) file.references++
  return copy
}

function dup2(task: Task, fd: number, target: number): number {
  if (fd === target) return task.files.get(fd) === undefined ? -EBADF : fd
  return replace(task, fd, target, false)
}

function dup3(task: Task, fd: number, target: number, flags: number): number {
  if (fd === target || (flags & ~O_CLOEXEC) !== 0) return -EINVAL
  return replace(task, fd, target, (flags & O_CLOEXEC) !== 0)
}

function replace(task: Task, fd: number, target: number, closeOnExec: boolean): number {
  if (target < 0 || target >= task.files.limit) return -EBADF
  task.files.makeRoom(target)
  const file = task.files.get(fd)
  if (file === undefined) return -EBADF
  file.references++
  return task.files.set(target, file, closeOnExec)
}

export const file: Family = {
  open: (task, path, flags, mode) => openat(task, AT_FDCWD, path, flags, mode),
  openat,
  openat2,
  creat: (task, path, mode) => openat(task, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode),
  close,
  close_range: closeRange,
  dup,
  dup2,
  dup3,
}
