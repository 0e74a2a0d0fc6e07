/**
 * Programs that inherit the standard streams of this process borrow them. An open file is shared
 * together with its flags. Programs expect blocking streams, so the flag that libuv may have set
 * for this process is cleared while a program has the stream. Changes that a program makes to the
 * flags are undone. The flags are remembered before the first of several simultaneous programs,
 * and restored after the last.
 *
 * Without privilege a program runs as this process's user, and may fchmod(2) the file that it
 * writes to. It could write a program of its own and make it set-user-ID, to run it as that user.
 * So the mode is restored after each program.
 */
import { fchmodSync, fstatSync, type Stats } from 'node:fs'
import { close, keepDescriptor } from '../gate/descriptors.ts'
import { call, syscall } from '../gate/gate.ts'
import { F_DUPFD_CLOEXEC, F_GETFL, F_SETFL, O_NONBLOCK, SEEK_CUR, SEEK_SET } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'

const STREAMS = [0, 1, 2] as const
const FCNTL = syscallNumber('fcntl')
const LSEEK = syscallNumber('lseek')
/** S_ISUID and S_ISGID. */
const PRIVILEGE_BITS = 0o6000

/** The state of a stream before it was borrowed. */
interface Before {
  readonly fd: number
  readonly flags: number
  readonly stats: Stats | undefined
}

let borrowers = 0
let before: readonly Before[] = []

/** Restores a borrowed stream. Call it once, when the program is dead; later calls do nothing. */
export type Restore = () => void

/** Prepares a standard stream for a program that inherits it. */
export function borrow(fd: 0 | 1 | 2): Restore {
  // All three together, because they are often one open file.
  if (borrowers++ === 0) before = STREAMS.map(remember)
  const flags = syscall(FCNTL, fd, F_GETFL)
  if (flags >= 0 && flags & O_NONBLOCK) syscall(FCNTL, fd, F_SETFL, flags & ~O_NONBLOCK)
  let isBorrowed = true
  return () => {
    if (!isBorrowed) return
    isBorrowed = false
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
    return undefined // it is closed, so no program can inherit it
  }
}

const remember = (fd: number): Before => ({ fd, flags: syscall(FCNTL, fd, F_GETFL), stats: statsOf(fd) })

/**
 * Restores the mode of a file that was changed. A write removes the set-user-ID and set-group-ID
 * bits; they are not restored, because the contents may be the program's.
 */
function restoreMode({ fd, stats: then }: Before): void {
  const now = statsOf(fd)
  if (!then || !now || then.ino !== now.ino || then.dev !== now.dev || then.ctimeMs === now.ctimeMs) return
  const mode = then.mode & 0o7777 & ~PRIVILEGE_BITS
  if ((now.mode & 0o7777) === mode) return
  try {
    fchmodSync(fd, mode)
  } catch {
    // The file belongs to another user. Then the program could not change its mode either.
  }
}

/**
 * Sets the position of `fd`, which the program gets in place of this process's stdin, to that of
 * stdin. Restoring moves stdin to the position where the program left `fd`. On failure `fd` is
 * closed.
 */
export function borrowPosition(fd: number): Restore {
  return keepDescriptor(fd, () => {
    const start = syscall(LSEEK, 0, 0, SEEK_CUR)
    if (start > 0) call('lseek', [fd, start, SEEK_SET])
    const ours = call('fcntl', [fd, F_DUPFD_CLOEXEC, 0])
    let isBorrowed = true
    return () => {
      if (!isBorrowed) return
      isBorrowed = false
      const end = syscall(LSEEK, ours, 0, SEEK_CUR)
      if (start >= 0 && end >= 0) syscall(LSEEK, 0, end, SEEK_SET)
      close(ours)
    }
  })
}
