/** read(2), write(2) and their relatives. */
import {
  IN_ACCESS,
  O_APPEND,
  O_NONBLOCK,
  O_PATH,
  RWF_APPEND,
  RWF_DSYNC,
  RWF_HIPRI,
  RWF_NOWAIT,
  RWF_SYNC,
} from '../../../linux/constants.ts'
import { EAGAIN, EBADF, EFAULT, EINVAL, EOPNOTSUPP, EPIPE, ESPIPE } from '../../../linux/errno-numbers.ts'
import { tellFile } from '../../fs/notify/watches.ts'
import { isReadable, isWritable } from '../../fs/open-file.ts'
import { afterWrite } from '../../fs/operations/written.ts'
import type { OpenFile } from '../../fs/vfs.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { withinLimit } from './size-limit.ts'
import { patienceOf, waitFor } from './support.ts'

/** A call moves no more than this. */
const MOST = 0x7fff_f000
const SIGPIPE = 13

/** The buffers of a call: one of read(2), or the iovecs of readv(2). */
interface Buffers {
  readonly address: number
  /** Bytes of the one buffer, or the number of iovecs. */
  readonly length: number
  readonly vector: boolean
}

/** The transfer of the buffers, without the bytes that are done. */
function transferOf(task: Task, { address, length, vector }: Buffers, done: number): Transfer | number {
  if (!vector) return task.memory.buffer(address + done, length - done)
  const transfer = task.memory.vector(address, length)
  if (typeof transfer !== 'number' && done > 0) skip(transfer, done)
  return transfer
}

const skipped = new Uint8Array(64 * 1024)

function skip(transfer: Transfer, count: number): void {
  for (let left = count; left > 0; ) {
    const taken = transfer.take(skipped, 0, Math.min(left, skipped.length))
    if (taken === 0) return
    left -= taken
  }
}

function read(task: Task, fd: number, address: number, length: number): number {
  const file = task.files.get(fd)
  if (file === undefined || !isReadable(file)) return -EBADF
  if (length < 0) return -EFAULT
  const moved = file.read(task.memory.buffer(address, Math.min(length, MOST)), file.position)
  if (moved > 0) {
    if (!file.stream) file.position += moved
    tellFile(file, IN_ACCESS)
    return moved
  }
  if (moved !== -EAGAIN || (file.flags & O_NONBLOCK) !== 0) return moved
  return readLater(task, file, { address, length: Math.min(length, MOST), vector: false })
}

/** Waits for the first bytes. */
function readLater(task: Task, file: OpenFile, buffers: Buffers): number {
  const attempt = (): number => {
    const transfer = transferOf(task, buffers, 0)
    if (typeof transfer === 'number') return transfer
    const moved = file.read(transfer, file.position)
    if (moved > 0 && !file.stream) file.position += moved
    if (moved > 0) tellFile(file, IN_ACCESS)
    return moved
  }
  return waitFor(task, file, attempt, patienceOf(file, 'read'))
}

function readv(task: Task, fd: number, address: number, count: number): number {
  const file = task.files.get(fd)
  if (file === undefined || !isReadable(file)) return -EBADF
  const transfer = task.memory.vector(address, count)
  if (typeof transfer === 'number') return transfer
  const moved = file.read(transfer, file.position)
  if (moved > 0 && !file.stream) file.position += moved
  if (moved > 0) tellFile(file, IN_ACCESS)
  if (moved !== -EAGAIN || (file.flags & O_NONBLOCK) !== 0) return moved
  return readLater(task, file, { address, length: count, vector: true })
}

function write(task: Task, fd: number, address: number, length: number): number {
  const file = task.files.get(fd)
  if (file === undefined || !isWritable(file)) return -EBADF
  if (length < 0) return -EFAULT
  const allowed = withinLimit(task, file, file.position, Math.min(length, MOST))
  return allowed < 0 ? allowed : writeAll(task, file, { address, length: allowed, vector: false }, allowed)
}

function writev(task: Task, fd: number, address: number, count: number): number {
  const file = task.files.get(fd)
  if (file === undefined || !isWritable(file)) return -EBADF
  const transfer = task.memory.vector(address, count)
  if (typeof transfer === 'number') return transfer
  const allowed = withinLimit(task, file, file.position, transfer.remaining)
  return allowed < 0 ? allowed : writeAll(task, file, { address, length: count, vector: true }, allowed)
}

/** Writes at the file's position; a blocking stream takes all bytes before the call returns. */
function writeAll(task: Task, file: OpenFile, buffers: Buffers, total: number): number {
  const first = writeOnce(task, file, buffers, 0, total)
  if (first === total || (file.flags & O_NONBLOCK) !== 0 || !file.stream || faulted) return first
  if (first < 0 && first !== -EAGAIN) return first
  let done = Math.max(first, 0)
  const again = (): number => {
    const moved = writeOnce(task, file, buffers, done, total)
    if (moved < 0 && moved !== -EAGAIN) return done > 0 ? done : moved
    done += Math.max(moved, 0)
    return done === total || faulted ? done : -EAGAIN
  }
  return waitFor(
    task,
    file,
    again,
    patienceOf(file, 'write', () => done),
  )
}

/** Whether the last write ended because the guest's memory did: no more bytes will come. */
let faulted = false

function writeOnce(task: Task, file: OpenFile, buffers: Buffers, done: number, total: number): number {
  const transfer = transferOf(task, buffers, done)
  faulted = false
  if (typeof transfer === 'number') return transfer
  transfer.limit(total - done)
  const moved = file.write(transfer, file.position)
  faulted = transfer.faulted
  if (moved === 0 && faulted) return -EFAULT
  if (moved > 0) {
    if (!file.stream) {
      file.position = (file.flags & O_APPEND) !== 0 ? file.attributes().size : file.position + moved
    }
    afterWrite(file, task.credentials)
  } else if (moved === -EPIPE) task.signal(SIGPIPE)
  return moved
}

/** A position of pread(2): of a file that has one. */
function positioned(file: OpenFile | undefined, readable: boolean, offset: number): number {
  if (offset < 0) return -EINVAL
  if (file === undefined || (file.flags & O_PATH) !== 0) return -EBADF
  if (file.stream) return -ESPIPE
  return (readable ? isReadable(file) : isWritable(file)) ? 0 : -EBADF
}

function pread(task: Task, fd: number, address: number, length: number, offset: number): number {
  const file = task.files.get(fd)
  const error = positioned(file, true, offset)
  if (error !== 0 || file === undefined) return error
  return length < 0 ? -EFAULT : readAt(file, task.memory.buffer(address, Math.min(length, MOST)), offset)
}

function pwrite(task: Task, fd: number, address: number, length: number, offset: number): number {
  const file = task.files.get(fd)
  const error = positioned(file, false, offset)
  if (error !== 0 || file === undefined) return error
  return length < 0
    ? -EFAULT
    : writeAt(task, file, task.memory.buffer(address, Math.min(length, MOST)), offset)
}

function writeAt(task: Task, file: OpenFile, transfer: Transfer, offset: number): number {
  const allowed = withinLimit(task, file, offset, transfer.remaining)
  if (allowed < 0) return allowed
  transfer.limit(allowed)
  const moved = file.write(transfer, offset)
  if (moved > 0) afterWrite(file, task.credentials)
  return moved
}

function preadv(task: Task, fd: number, address: number, count: number, offset: number): number {
  const file = task.files.get(fd)
  const error = positioned(file, true, offset)
  if (error !== 0 || file === undefined) return error
  const transfer = task.memory.vector(address, count)
  return typeof transfer === 'number' ? transfer : readAt(file, transfer, offset)
}

function readAt(file: OpenFile, transfer: Transfer, offset: number): number {
  const moved = file.read(transfer, offset)
  if (moved > 0) tellFile(file, IN_ACCESS)
  return moved
}

function pwritev(task: Task, fd: number, address: number, count: number, offset: number): number {
  const file = task.files.get(fd)
  const error = positioned(file, false, offset)
  if (error !== 0 || file === undefined) return error
  const transfer = task.memory.vector(address, count)
  return typeof transfer === 'number' ? transfer : writeAt(task, file, transfer, offset)
}

const RWF_KNOWN = RWF_HIPRI | RWF_DSYNC | RWF_SYNC | RWF_NOWAIT | RWF_APPEND

/** The flags of preadv2: those that ask for more than is always done are refused. */
const refusedFlags = (flags: number): number => ((flags & ~RWF_KNOWN) !== 0 ? -EOPNOTSUPP : 0)

function preadv2(
  task: Task,
  fd: number,
  address: number,
  count: number,
  low: number,
  _high: number,
  flags: number,
): number {
  if ((flags & RWF_APPEND) !== 0) return -EOPNOTSUPP
  const error = refusedFlags(flags)
  if (error !== 0) return error
  if (low !== -1) return preadv(task, fd, address, count, low)
  const result = readv(task, fd, address, count)
  return result
}

function pwritev2(
  task: Task,
  fd: number,
  address: number,
  count: number,
  low: number,
  _high: number,
  flags: number,
): number {
  const error = refusedFlags(flags)
  if (error !== 0) return error
  if ((flags & RWF_APPEND) !== 0) {
    const file = task.files.get(fd)
    return pwritev(task, fd, address, count, file === undefined || file.stream ? low : file.attributes().size)
  }
  return low === -1 ? writev(task, fd, address, count) : pwritev(task, fd, address, count, low)
}

function lseek(task: Task, fd: number, offset: number, whence: number): number {
  const file = task.files.get(fd)
  return file === undefined ? -EBADF : file.seek(offset, whence)
}

export const io: Family = {
  read,
  write,
  readv,
  writev,
  pread64: pread,
  pwrite64: pwrite,
  preadv,
  pwritev,
  preadv2: { handler: preadv2, partly: 'RWF_NOWAIT waits if the file is a stream.' },
  pwritev2: { handler: pwritev2, partly: 'RWF_NOWAIT waits if the file is a stream.' },
  lseek,
}
