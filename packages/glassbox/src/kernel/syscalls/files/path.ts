/** Names: mkdir, mknod, link, symlink, readlink, unlink, rename. */
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_FOLLOW,
  O_PATH,
  S_IFLNK,
} from '../../../linux/constants.ts'
import { EINVAL, ENOENT } from '../../../linux/errno-numbers.ts'
import { makeDirectory, makeHardLink, makeLink, makeNode } from '../../fs/operations/make.ts'
import { removeDirectory, renamePath, unlinkPath } from '../../fs/operations/remove.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { findPlace, isFile, otherBytes, pathBytes, readPath, startOf } from './support.ts'

function mkdirat(task: Task, directory: number, path: number, mode: number): number {
  const length = readPath(task, path)
  if (length < 0) return length
  const start = startOf(task, directory)
  return typeof start === 'number' ? start : makeDirectory(start, task, pathBytes, length, mode)
}

function mknodat(task: Task, directory: number, path: number, mode: number, device: number): number {
  const length = readPath(task, path)
  if (length < 0) return length
  const start = startOf(task, directory)
  return typeof start === 'number' ? start : makeNode(start, task, pathBytes, length, mode, device)
}

function symlinkat(task: Task, target: number, directory: number, path: number): number {
  const targetLength = readPath(task, target, otherBytes)
  if (targetLength < 0) return targetLength
  const text = Buffer.from(otherBytes.buffer, 0, targetLength).toString('latin1')
  const length = readPath(task, path)
  if (length < 0) return length
  const start = startOf(task, directory)
  return typeof start === 'number' ? start : makeLink(start, task, pathBytes, length, text)
}

function linkat(
  task: Task,
  fromDirectory: number,
  from: number,
  directory: number,
  path: number,
  flags: number,
): number {
  if ((flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) !== 0) return -EINVAL
  const found = findPlace(task, fromDirectory, from, flags, (flags & AT_SYMLINK_FOLLOW) !== 0)
  if (typeof found === 'number') return found
  // Without privilege a descriptor can be linked only by /proc/self/fd.
  if (isFile(found) && !task.credentials.privileged) return -ENOENT
  const place = isFile(found) ? found.location : found
  if (place === undefined) return -ENOENT
  const length = readPath(task, path)
  if (length < 0) return length
  const start = startOf(task, directory)
  return typeof start === 'number' ? start : makeHardLink(place, start, task, pathBytes, length)
}

function readlinkat(task: Task, directory: number, path: number, buffer: number, size: number): number {
  if (size <= 0) return -EINVAL
  const found = findPlace(task, directory, path, AT_EMPTY_PATH, false)
  if (typeof found === 'number') return found
  if (isFile(found) && (found.flags & O_PATH) === 0) return -ENOENT
  const inode = isFile(found) ? found.inode : found.dentry.inode
  if (inode.type !== S_IFLNK || inode.readlink === undefined) return isFile(found) ? -ENOENT : -EINVAL
  const text = inode.readlink(task)
  if (typeof text === 'number') return text
  const bytes = Buffer.from(text, 'latin1')
  const length = Math.min(bytes.length, size)
  const error = task.memory.write(buffer, bytes, 0, length)
  return error !== 0 ? error : length
}

function unlinkat(task: Task, directory: number, path: number, flags: number): number {
  if ((flags & ~AT_REMOVEDIR) !== 0) return -EINVAL
  const length = readPath(task, path)
  if (length < 0) return length
  const start = startOf(task, directory)
  if (typeof start === 'number') return start
  return (flags & AT_REMOVEDIR) !== 0
    ? removeDirectory(start, task, pathBytes, length)
    : unlinkPath(start, task, pathBytes, length)
}

function renameat2(
  task: Task,
  fromDirectory: number,
  from: number,
  toDirectory: number,
  to: number,
  flags: number,
): number {
  const fromLength = readPath(task, from)
  if (fromLength < 0) return fromLength
  const toLength = readPath(task, to, otherBytes)
  if (toLength < 0) return toLength
  const fromStart = startOf(task, fromDirectory)
  if (typeof fromStart === 'number') return fromStart
  const toStart = startOf(task, toDirectory, otherBytes)
  if (typeof toStart === 'number') return toStart
  return renamePath(fromStart, pathBytes, fromLength, toStart, otherBytes, toLength, task, flags)
}

export const path: Family = {
  mkdir: (task, name, mode) => mkdirat(task, AT_FDCWD, name, mode),
  mkdirat,
  mknod: (task, name, mode, device) => mknodat(task, AT_FDCWD, name, mode, device),
  mknodat,
  symlink: (task, target, name) => symlinkat(task, target, AT_FDCWD, name),
  symlinkat,
  link: (task, from, to) => linkat(task, AT_FDCWD, from, AT_FDCWD, to, 0),
  linkat,
  readlink: (task, name, buffer, size) => readlinkat(task, AT_FDCWD, name, buffer, size),
  readlinkat,
  unlink: (task, name) => unlinkat(task, AT_FDCWD, name, 0),
  unlinkat,
  rmdir: (task, name) => unlinkat(task, AT_FDCWD, name, AT_REMOVEDIR),
  rename: (task, from, to) => renameat2(task, AT_FDCWD, from, AT_FDCWD, to, 0),
  renameat: (task, fromDirectory, from, toDirectory, to) =>
    renameat2(task, fromDirectory, from, toDirectory, to, 0),
  renameat2,
}
