/** Makes descriptors for the streams of a program. They are close-on-exec. */
import { call, cString, syscall } from '../gate/gate.ts'
import { AT_FDCWD, O_CLOEXEC } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'

/** The user of a program, if it differs from the user of this process. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/**
 * Makes a pipe; both ends belong to the caller. Only the owner of a pipe may open it by a name
 * such as /dev/stdout, so it is given to `owner`.
 */
export function pipe(owner: Owner | undefined): { read: number; write: number } {
  const ends = new Int32Array(2)
  call('pipe2', [ends, O_CLOEXEC])
  const [read = -1, write = -1] = ends
  // If this is refused, only opening the pipe by name fails.
  if (owner) syscall(syscallNumber('fchown'), read, owner.uid, owner.gid)
  return { read, write }
}

const NULL_DEVICE = cString('/dev/null')

/**
 * Opens /dev/null, separately for each program: through the flags and locks of a shared open file,
 * one program could signal to the next. The caller closes it.
 */
export function openNull(flags: number): number {
  return call('openat', [AT_FDCWD, NULL_DEVICE, flags | O_CLOEXEC, 0], '/dev/null')
}
