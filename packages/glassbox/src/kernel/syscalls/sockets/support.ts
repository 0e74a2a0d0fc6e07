/** What the calls on sockets have in common: the socket of a descriptor, and waiting. */
import { MSG_DONTWAIT, O_NONBLOCK } from '../../../linux/constants.ts'
import { EAGAIN, EBADF, ENOTSOCK } from '../../../linux/errno-numbers.ts'
import { SocketFile } from '../../fs/socket/socket-file.ts'
import type { Task } from '../../task/state.ts'
import { patienceOf, waitFor } from '../files/support.ts'

/** The socket of a descriptor, or EBADF, or ENOTSOCK. */
export function socketAt(task: Task, fd: number): SocketFile | number {
  const file = task.files.get(fd)
  if (file === undefined) return -EBADF
  return file instanceof SocketFile ? file : -ENOTSOCK
}

/** Whether a call with these MSG_* may wait. */
export const mayWait = (file: SocketFile, flags: number): boolean =>
  (flags & MSG_DONTWAIT) === 0 && (file.flags & O_NONBLOCK) === 0

/**
 * The answer of an attempt, after a wait if there is none yet and the flags and the file permit
 * it. `done`: what the call has moved so far, which is its result if the wait ends early. `ended`:
 * called when the call is over, whether it has waited or not.
 */
export function orWait(
  task: Task,
  file: SocketFile,
  direction: 'read' | 'write',
  flags: number,
  attempt: () => number,
  done: () => number = () => 0,
  ended: () => void = () => {},
): number {
  const result = attempt()
  if (result === -EAGAIN && mayWait(file, flags))
    return waitFor(task, file, attempt, { ...patienceOf(file, direction, done), ended })
  ended()
  return result === -EAGAIN && done() > 0 ? done() : result
}
