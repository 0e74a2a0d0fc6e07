/** A pipe whose ends no other child inherits. Both belong to the caller. */
import { call } from '../gate/gate.ts'
import { O_CLOEXEC } from '../linux/constants.ts'

export function pipe(): { read: number; write: number } {
  const ends = new Int32Array(2)
  call('pipe2', [ends, O_CLOEXEC])
  const [read = -1, write = -1] = ends
  return { read, write }
}
