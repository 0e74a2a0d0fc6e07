/**
 * Lends the standard streams of this process to programs that inherit them. An open file is shared
 * with all its flags: a program finds it blocking, as programs expect, also where libuv made it
 * non-blocking for this process; and what the program made of it is undone. The flags are those
 * from before the first of the programs that have it at a time, and are back after the last.
 *
 * Without privilege a program has this process's user, and may fchmod(2) what it writes to: a file
 * full of its own words, made set-user-ID, would run as that user. The mode is back after each
 * program.
 */
import { fchmodSync, fstatSync, type Stats } from 'node:fs'
import { close, keepDescriptor, ownDescriptor } from '../gate/descriptors.ts'
import { call, syscall } from '../gate/gate.ts'
import { F_DUPFD_CLOEXEC, F_GETFL, F_SETFL, O_NONBLOCK, SEEK_CUR, SEEK_SET } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'

const STREAMS = [0, 1, 2] as const
const FCNTL = syscallNumber('fcntl')
const LSEEK = syscallNumber('lseek')
/** S_ISUID and S_ISGID. */
const PRIVILEGE_BITS = 0o6000

/** A stream as it was. */
interface Before {
  readonly fd: number
  readonly flags: number
  readonly stats: Stats | undefined
}

let borrowers = 0
let before: readonly Before[] = []

/** To be called once for each lent stream, when its program is dead: see the top of the file. */
export type GiveBack = () => void

export function lend(fd: 0 | 1 | 2): GiveBack {
  // All three at once: they are often one open file.
  if (borrowers++ === 0) before = STREAMS.map(remember)
  const flags = syscall(FCNTL, fd, F_GETFL)
  if (flags >= 0 && flags & O_NONBLOCK) syscall(FCNTL, fd, F_SETFL, flags & ~O_NONBLOCK)
  let lent = true
  return () => {
    if (!lent) return
    lent = false
    const own = before[fd]
    if (own) restoreMode(own)
    if (--borrowers > 0) return
    for (const stream of before) if (stream.flags >= 0) syscall(FCNTL, stream.fd, F_SETFL, stream.flags)
  }
}

function statsOf(fd: number): Stats | undefined {
  try {
    return fstatSync(fd)
  } catch {
    return undefined // closed: a program cannot inherit it
  }
}

const remember = (fd: number): Before => ({ fd, flags: syscall(FCNTL, fd, F_GETFL), stats: statsOf(fd) })

/**
 * Where something was written or changed. A write takes the privilege bits away, and they are not
 * given to what was written.
 */
function restoreMode({ fd, stats: then }: Before): void {
  const now = statsOf(fd)
  if (!then || !now || then.ino !== now.ino || then.dev !== now.dev || then.ctimeMs === now.ctimeMs) return
  const mode = then.mode & 0o7777 & ~PRIVILEGE_BITS
  if ((now.mode & 0o7777) === mode) return
  try {
    fchmodSync(fd, mode)
  } catch {
    // Not ours: then it was not the program's either, whose rights were no more than ours.
  }
}

/**
 * Puts `fd`, which stands for this process's stdin, to where that stands, and gives back where the
 * program has left it. What it did with an open file of its own is not told. On failure `fd` is
 * closed.
 */
export function lendPosition(fd: number): GiveBack {
  return keepDescriptor(fd, () => {
    const start = syscall(LSEEK, 0, 0, SEEK_CUR)
    if (start > 0) call('lseek', [fd, start, SEEK_SET])
    const ours = ownDescriptor(call('fcntl', [fd, F_DUPFD_CLOEXEC, 0]))
    let lent = true
    return () => {
      if (!lent) return
      lent = false
      const end = syscall(LSEEK, ours, 0, SEEK_CUR)
      if (start >= 0 && end >= 0) syscall(LSEEK, 0, end, SEEK_SET)
      close(ours)
    }
  })
}
