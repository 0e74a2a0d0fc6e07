/** Calls that change the mode, the owner or the times of a file. */
import { syscall } from '../../../gate/gate.ts'
import { AT_EMPTY_PATH, AT_FDCWD } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { pathOfDescriptor } from '../object.ts'
import type { Arguments, MakeOn, Performers } from './performer.ts'

const FCHMODAT = syscallNumber('fchmodat')
const FCHOWNAT = syscallNumber('fchownat')
const UTIMENSAT = syscallNumber('utimensat')
const EMPTY = new Uint8Array(1)
const MICROSECONDS = 1_000_000n

/** fchmod(2) refuses a descriptor with O_PATH; its path in /proc leads to the same object. */
const chmod = ({ int }: Arguments): MakeOn => {
  const mode = int('mode')
  return ({ fd }) => ({ result: syscall(FCHMODAT, AT_FDCWD, pathOfDescriptor(fd), mode) })
}

const chown = ({ int }: Arguments): MakeOn => {
  const [owner, group] = [int('owner'), int('group')]
  return ({ fd }) => ({ result: syscall(FCHOWNAT, fd, EMPTY, owner, group, AT_EMPTY_PATH) })
}

/** Sets access time and modification time: four words, or both to now. */
const setTimes =
  (times: BigInt64Array | undefined): MakeOn =>
  ({ fd }) => ({ result: syscall(UTIMENSAT, AT_FDCWD, pathOfDescriptor(fd), times ?? 0, 0) })

/** Reads two pairs of words from the program's memory; undefined if the program gave none. */
function readWords({ call, arg }: Arguments, count: number): BigInt64Array | undefined | number {
  const address = arg('times')
  if (address === 0n) return undefined
  const words = new BigInt64Array(count)
  const bytes = call.read(address, words.byteLength)
  if (bytes.length < words.byteLength) return ERRNO.EFAULT
  new Uint8Array(words.buffer).set(bytes)
  return words
}

/** struct timespec[2]. The kernel checks the nanoseconds. */
const utimensat = (args: Arguments): MakeOn | number => {
  const words = readWords(args, 4)
  return typeof words === 'number' ? words : setTimes(words)
}

/** struct timeval[2]. */
const utimes = (args: Arguments): MakeOn | number => {
  const words = readWords(args, 4)
  if (words === undefined || typeof words === 'number') return words ?? setTimes(undefined)
  const [accessed = 0n, accessedUs = 0n, modified = 0n, modifiedUs = 0n] = words
  const isValid = (us: bigint): boolean => us >= 0n && us < MICROSECONDS
  if (!isValid(accessedUs) || !isValid(modifiedUs)) return ERRNO.EINVAL
  return setTimes(BigInt64Array.of(accessed, accessedUs * 1000n, modified, modifiedUs * 1000n))
}

/** struct utimbuf: whole seconds. */
const utime = (args: Arguments): MakeOn | number => {
  const words = readWords(args, 2)
  if (words === undefined || typeof words === 'number') return words ?? setTimes(undefined)
  return setTimes(BigInt64Array.of(words[0] ?? 0n, 0n, words[1] ?? 0n, 0n))
}

export const CHANGES: Performers = {
  ...{ chmod, fchmod: chmod, fchmodat: chmod, fchmodat2: chmod },
  ...{ chown, lchown: chown, fchown: chown, fchownat: chown },
  ...{ utime, utimes, futimesat: utimes, utimensat },
}
