/**
 * truncate(2). The kernel would apply the limit of the size of files that this thread has, and not
 * that of the program, so the program's is applied here.
 */
import { syscall } from '../../../gate/gate.ts'
import { AT_EACCESS, AT_EMPTY_PATH } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { fileSizeLimit } from '../../limits/file-size.ts'
import { pathOfDescriptor, sizeOfFile } from '../object.ts'
import type { Arguments, MakeOn, Performers } from './performer.ts'

const TRUNCATE = syscallNumber('truncate')
const FACCESSAT2 = syscallNumber('faccessat2')
const EMPTY = new Uint8Array(1)
const W_OK = 2

const truncate = ({ call, arg }: Arguments): MakeOn => {
  const length = BigInt.asIntN(64, arg('length'))
  return ({ fd }) => {
    const size = sizeOfFile(fd)
    const limit = fileSizeLimit(call.tid) ?? 0
    if (size === undefined || length <= size || Number(length) <= limit)
      return { result: syscall(TRUNCATE, pathOfDescriptor(fd), length) }
    const refused = syscall(FACCESSAT2, fd, EMPTY, W_OK, AT_EMPTY_PATH | AT_EACCESS)
    return refused < 0 ? { result: refused } : { result: -ERRNO.EFBIG, tooLarge: true }
  }
}

export const SIZES: Performers = { truncate }
