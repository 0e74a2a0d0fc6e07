/**
 * RLIMIT_FSIZE: how large a program may make a file. Every call that can make one larger asks
 * here. A program that asks for more gets SIGXFSZ and EFBIG.
 */
import { O_APPEND, RLIMIT_FSIZE, S_IFREG } from '../../../linux/constants.ts'
import { EFBIG } from '../../../linux/errno-numbers.ts'
import type { OpenFile } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'

const SIGXFSZ = 25

const limitOf = (task: Task): number => task.process.limits[RLIMIT_FSIZE]?.soft ?? Infinity

function refuse(task: Task): number {
  task.signal(SIGXFSZ)
  return -EFBIG
}

/** Whether a file may get this size: 0, or a negative errno. */
export const mayGrowTo = (task: Task, size: number): number => (size > limitOf(task) ? refuse(task) : 0)

/** How many of `length` bytes may be written at this position; or a negative errno. */
export function withinLimit(task: Task, file: OpenFile, position: number, length: number): number {
  if (file.stream || length === 0) return length
  const limit = limitOf(task)
  if (limit === Infinity || file.inode.type !== S_IFREG) return length
  const at = (file.flags & O_APPEND) !== 0 ? file.attributes().size : position
  if (at + length <= limit) return length
  return at < limit ? limit - at : refuse(task)
}
