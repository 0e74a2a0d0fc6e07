/**
 * Whether files have changed since they were looked at. Some hundred are looked at whenever a
 * process uses a copy of the configuration, so statx(2) writes each into one buffer: a fifth of
 * what lstatSync() costs.
 */
import { cString, syscall } from '../../gate/gate.ts'
import { AT_FDCWD, AT_SYMLINK_NOFOLLOW, STATX_CTIME } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

/** A path of the host, with the time at which its inode was changed last: seconds and ns. */
export type Watched = readonly [path: string, seconds: number, nanoseconds: number]

/** struct statx: 256 bytes. `stx_ctime` has 64 bits of seconds, then 32 bits of nanoseconds. */
const STATX_BYTES = 256
const CTIME = 0x60

const state = new DataView(new ArrayBuffer(STATX_BYTES))
const bytes = new Uint8Array(state.buffer)
const STATX = syscallNumber('statx')

/** Looks at a path without following a link into the buffer. False if there is nothing. */
const look = (path: string): boolean =>
  syscall(STATX, AT_FDCWD, cString(path), AT_SYMLINK_NOFOLLOW, STATX_CTIME, bytes) === 0

const seconds = (): number => Number(state.getBigInt64(CTIME, true))
const nanoseconds = (): number => state.getUint32(CTIME + 8, true)

/** The state of a path; `undefined` if there is nothing. */
export const watch = (path: string): Watched | undefined =>
  look(path) ? [path, seconds(), nanoseconds()] : undefined

/** Whether the path is what it was: neither it nor its contents, mode or owner have changed. */
export const isUnchanged = ([path, at, and]: Watched): boolean =>
  look(path) && state.getUint32(CTIME, true) === at >>> 0 && nanoseconds() === and
