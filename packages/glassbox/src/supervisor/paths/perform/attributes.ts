/** Calls that ask for the attributes of a file: stat, access, readlink, statfs. */
import { syscall } from '../../../gate/gate.ts'
import { AT_EACCESS, AT_EMPTY_PATH } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { bytesOfPath } from '../../../linux/path-bytes.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { typeOf } from '../object.ts'
import type { Arguments, MakeOn, Performers } from './performer.ts'

const NEWFSTATAT = syscallNumber('newfstatat')
const STATX = syscallNumber('statx')
const FACCESSAT2 = syscallNumber('faccessat2')
const READLINKAT = syscallNumber('readlinkat')
const FSTATFS = syscallNumber('fstatfs')
const EMPTY = new Uint8Array(1)
const STAT_BYTES = 144
const STATX_BYTES = 256
const STATFS_BYTES = 120
const PATH_MAX = 4096
/** AT_STATX_SYNC_TYPE, Linux 4.11: the only flags of statx that are not about the path. */
const SYNC_TYPE = 0x6000

const stat = ({ arg }: Arguments): MakeOn => {
  const address = arg('statbuf')
  return ({ fd }) => {
    const bytes = new Uint8Array(STAT_BYTES)
    const result = syscall(NEWFSTATAT, fd, EMPTY, bytes, AT_EMPTY_PATH)
    return result < 0 ? { result } : { result, output: { address, bytes } }
  }
}

const statx = ({ arg, int }: Arguments): MakeOn => {
  const address = arg('statxbuf')
  const mask = int('mask')
  const flags = (int('flags') & SYNC_TYPE) | AT_EMPTY_PATH
  return ({ fd }) => {
    const bytes = new Uint8Array(STATX_BYTES)
    const result = syscall(STATX, fd, EMPTY, flags, mask, bytes)
    return result < 0 ? { result } : { result, output: { address, bytes } }
  }
}

/**
 * access(2) asks by the real ids, which this thread keeps. The real and the effective ids of the
 * program are the same, because it cannot gain privileges.
 */
const access = ({ int }: Arguments): MakeOn => {
  const mode = int('mode')
  return ({ fd }) => ({ result: syscall(FACCESSAT2, fd, EMPTY, mode, AT_EMPTY_PATH | AT_EACCESS) })
}

const statfs = ({ arg }: Arguments): MakeOn => {
  const address = arg('buf')
  return ({ fd }) => {
    const bytes = new Uint8Array(STATFS_BYTES)
    const result = syscall(FSTATFS, fd, bytes)
    return result < 0 ? { result } : { result, output: { address, bytes } }
  }
}

const readlink = ({ arg, int }: Arguments): MakeOn | number => {
  const address = arg('buf')
  const size = int('bufsiz')
  if (size <= 0) return ERRNO.EINVAL
  return ({ fd, link, byDescriptor }) => {
    const room = new Uint8Array(Math.min(size, PATH_MAX))
    if (link !== undefined) {
      const bytes = bytesOfPath(link).subarray(0, room.length)
      return { result: bytes.length, output: { address, bytes } }
    }
    // For an object that is no link, an empty path gives ENOENT and another one EINVAL.
    if (!byDescriptor && typeOf(fd) !== 'link') return { result: -ERRNO.EINVAL }
    const result = syscall(READLINKAT, fd, EMPTY, room, room.length)
    return result < 0 ? { result } : { result, output: { address, bytes: room.subarray(0, result) } }
  }
}

export const ATTRIBUTES: Performers = {
  ...{ stat, lstat: stat, newfstatat: stat, statx, statfs },
  ...{ access, faccessat: access, faccessat2: access },
  ...{ readlink, readlinkat: readlink },
}
