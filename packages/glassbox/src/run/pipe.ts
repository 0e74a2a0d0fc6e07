/** Descriptors for the streams of a program. No other child inherits them. */
import { call, cString } from '../gate/gate.ts'
import { AT_FDCWD, O_CLOEXEC } from '../linux/constants.ts'

/** Both ends belong to the caller. */
export function pipe(): { read: number; write: number } {
  const ends = new Int32Array(2)
  call('pipe2', [ends, O_CLOEXEC])
  const [read = -1, write = -1] = ends
  return { read, write }
}

/** As closeSync(), at a tenth of its cost. */
export function close(fd: number): void {
  call('close', [fd])
}

const NULL_DEVICE = cString('/dev/null')

/** An open /dev/null of the program's own: its flags and locks would tell the next program of this one. The caller closes it. */
export function openNull(flags: number): number {
  return call('openat', [AT_FDCWD, NULL_DEVICE, flags | O_CLOEXEC, 0], '/dev/null')
}
