/**
 * Lends the standard streams of this process to programs that inherit them. An open file is shared with all its flags: a program
 * finds it blocking, as programs expect, also where libuv made it non-blocking for this process; and what the program made of it
 * is undone. The flags are those from before the first of the programs that have it at a time, and are back after the last.
 */
import { syscall } from '../gate/gate.ts'
import { F_GETFL, F_SETFL, O_NONBLOCK } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'

const STREAMS = [0, 1, 2] as const
const FCNTL = syscallNumber('fcntl')

let borrowers = 0
let before: readonly number[] = []

/** To be called once for each lent stream, when its program is dead: see the top of the file. */
export type GiveBack = () => void

export function lend(fd: 0 | 1 | 2): GiveBack {
  // All three at once: they are often one open file.
  if (borrowers++ === 0) before = STREAMS.map(stream => syscall(FCNTL, stream, F_GETFL))
  const flags = syscall(FCNTL, fd, F_GETFL)
  if (flags >= 0 && flags & O_NONBLOCK) syscall(FCNTL, fd, F_SETFL, flags & ~O_NONBLOCK)
  let lent = true
  return () => {
    if (!lent) return
    lent = false
    if (--borrowers > 0) return
    for (const [stream, flagsBefore] of before.entries())
      if (flagsBefore >= 0) syscall(FCNTL, stream, F_SETFL, flagsBefore)
  }
}
