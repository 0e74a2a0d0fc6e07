/** Descriptors for the streams of a program. No other child inherits them. */
import { ownDescriptor } from '../gate/descriptors.ts'
import { call, cString, syscall } from '../gate/gate.ts'
import { AT_FDCWD, O_CLOEXEC } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'

/** The user of a program, where it is not the one of this process. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/**
 * Both ends belong to the caller. A pipe is a file: only its owner may open it by a name such as
 * /dev/stdout.
 */
export function pipe(owner: Owner | undefined): { read: number; write: number } {
  const ends = new Int32Array(2)
  call('pipe2', [ends, O_CLOEXEC])
  const [read = -1, write = -1] = ends
  for (const end of ends) ownDescriptor(end)
  if (owner) syscall(syscallNumber('fchown'), read, owner.uid, owner.gid) // refused: it can be used, by its number
  return { read, write }
}

const NULL_DEVICE = cString('/dev/null')

/**
 * An open /dev/null of the program's own: its flags and locks would tell the next program of this
 * one. The caller closes it.
 */
export function openNull(flags: number): number {
  return ownDescriptor(call('openat', [AT_FDCWD, NULL_DEVICE, flags | O_CLOEXEC, 0], '/dev/null'))
}
