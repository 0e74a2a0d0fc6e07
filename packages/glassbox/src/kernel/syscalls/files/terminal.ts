/** ioctl(2): what all files know stands here, the rest is asked of the file. */
import {
  FIOASYNC,
  FIOCLEX,
  FIONBIO,
  FIONCLEX,
  FIONREAD,
  O_ASYNC,
  O_NONBLOCK,
  O_PATH,
  S_IFREG,
  TIOCGPTPEER,
} from '../../../linux/constants.ts'
import { EBADF, EFAULT } from '../../../linux/errno-numbers.ts'
import type { OpenFile } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { addFile } from './file.ts'

function setFlag(task: Task, file: OpenFile, flag: number, argument: number): number {
  const value = task.memory.readInt32(argument)
  if (Number.isNaN(value)) return -EFAULT
  file.flags = value === 0 ? file.flags & ~flag : file.flags | flag
  return 0
}

function ioctl(task: Task, fd: number, request: number, argument: number): number {
  const file = task.files.get(fd)
  if (file === undefined || (file.flags & O_PATH) !== 0) return -EBADF
  switch (request) {
    case FIOCLEX:
      task.files.setCloseOnExec(fd, true)
      return 0
    case FIONCLEX:
      task.files.setCloseOnExec(fd, false)
      return 0
    case FIONBIO:
      return setFlag(task, file, O_NONBLOCK, argument)
    case FIOASYNC:
      return setFlag(task, file, O_ASYNC, argument)
    default:
  }
  if (request === FIONREAD && file.inode.type === S_IFREG) {
    return task.memory.writeInt32(argument, file.attributes().size - file.position)
  }
  if (request === TIOCGPTPEER && file.peer !== undefined) {
    const peer = file.peer(argument, task)
    return typeof peer === 'number' ? peer : addFile(task, peer, argument)
  }
  return file.ioctl(request, argument, task.memory, task)
}

export const terminal: Family = {
  ioctl: { handler: ioctl, partly: 'Requests of devices that the world does not have are ENOTTY.' },
}
