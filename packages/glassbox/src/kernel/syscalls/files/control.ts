/** fcntl(2). */
import {
  F_ADD_SEALS,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GET_SEALS,
  F_GETFD,
  F_GETFL,
  F_GETLEASE,
  F_GETOWN,
  F_GETPIPE_SZ,
  F_GETSIG,
  F_SETFD,
  F_SETFL,
  F_SETLEASE,
  F_SETOWN,
  F_SETPIPE_SZ,
  F_SETSIG,
  F_UNLCK,
  FD_CLOEXEC,
  O_APPEND,
  O_ASYNC,
  O_DIRECT,
  O_NOATIME,
  O_NONBLOCK,
  O_PATH,
} from '../../../linux/constants.ts'
import { EBADF, EBUSY, EINVAL, EPERM } from '../../../linux/errno-numbers.ts'
import { MemoryFile, SEAL_SEAL, SEAL_WRITE } from '../../fs/memory/file.ts'
import { isOwner } from '../../fs/permissions.ts'
import { MOST_CAPACITY } from '../../fs/pipe/pipe.ts'
import { PipeFile } from '../../fs/pipe/pipe-file.ts'
import type { OpenFile } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { duplicate } from './file.ts'
import { lockCommand } from './lock.ts'

const CHANGEABLE = O_APPEND | O_ASYNC | O_DIRECT | O_NOATIME | O_NONBLOCK

type Command = (task: Task, file: OpenFile, argument: number, fd: number) => number

const COMMANDS = new Map<number, Command>([
  [F_DUPFD, (task, _file, from, fd) => copyFrom(task, fd, from, false)],
  [F_DUPFD_CLOEXEC, (task, _file, from, fd) => copyFrom(task, fd, from, true)],
  [F_GETFD, (task, _file, _argument, fd) => (task.files.closesOnExec(fd) ? FD_CLOEXEC : 0)],
  [F_SETFD, setDescriptorFlags],
  [F_GETFL, (_task, file) => file.flags],
  [F_SETFL, setStatusFlags],
  [F_GETPIPE_SZ, (_task, file) => (file instanceof PipeFile ? file.pipe.capacity : -EBADF)],
  [F_SETPIPE_SZ, setCapacity],
  [F_GET_SEALS, (_task, { inode }) => (inode instanceof MemoryFile ? inode.seals : -EINVAL)],
  [F_ADD_SEALS, addSeals],
  [F_GETOWN, () => 0],
  [F_SETOWN, () => 0],
  [F_GETSIG, () => 0],
  [F_SETSIG, () => 0],
  [F_GETLEASE, () => F_UNLCK],
  [F_SETLEASE, () => -EINVAL],
])

/** Commands that a descriptor opened with O_PATH knows. */
const OF_PLACES = new Set([F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL])

function fcntl(task: Task, fd: number, command: number, argument: number): number {
  const file = task.files.get(fd)
  if (file === undefined) return -EBADF
  if ((file.flags & O_PATH) !== 0 && !OF_PLACES.has(command)) return -EBADF
  const known = COMMANDS.get(command)
  if (known !== undefined) return known(task, file, argument, fd)
  return lockCommand(task, file, command, argument) ?? -EINVAL
}

function copyFrom(task: Task, fd: number, from: number, closeOnExec: boolean): number {
  return from < 0 || from >= task.files.limit ? -EINVAL : duplicate(task, fd, from, closeOnExec)
}

function setDescriptorFlags(task: Task, _file: OpenFile, flags: number, fd: number): number {
  task.files.setCloseOnExec(fd, (flags & FD_CLOEXEC) !== 0)
  return 0
}

function setStatusFlags(task: Task, file: OpenFile, flags: number): number {
  const added = flags & ~file.flags
  if ((added & O_NOATIME) !== 0 && !isOwner(file.inode, task.credentials)) return -EPERM
  file.flags = (file.flags & ~CHANGEABLE) | (flags & CHANGEABLE)
  return 0
}

function setCapacity(task: Task, file: OpenFile, bytes: number): number {
  if (!(file instanceof PipeFile)) return -EBADF
  const wanted = bytes >>> 0
  if (wanted > 2 ** 31) return -EINVAL
  if (wanted > MOST_CAPACITY && wanted > file.pipe.capacity && !task.credentials.privileged) return -EPERM
  if (wanted > 2 ** 28) return -EPERM
  return file.pipe.resize(wanted) ? file.pipe.capacity : -EBUSY
}

const KNOWN_SEALS = 0x3f

function addSeals(_task: Task, file: OpenFile, seals: number): number {
  const { inode } = file
  if (!(inode instanceof MemoryFile)) return -EINVAL
  if ((file.flags & 3) === 0) return -EPERM
  if ((seals & ~KNOWN_SEALS) !== 0) return -EINVAL
  if ((inode.seals & SEAL_SEAL) !== 0) return -EPERM
  if ((seals & SEAL_WRITE) !== 0 && inode.mappable.mapped && (inode.seals & SEAL_WRITE) === 0) return -EBUSY
  inode.seals |= seals
  return 0
}

export const control: Family = {
  fcntl: {
    handler: fcntl,
    partly: 'Signals for input (F_SETOWN, F_SETSIG) and leases are accepted at most.',
  },
}
