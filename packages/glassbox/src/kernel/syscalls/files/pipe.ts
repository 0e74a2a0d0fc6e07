/** pipe(2), and what moves bytes between files: sendfile, splice, tee, copy_file_range. */
import {
  IN_ACCESS,
  O_APPEND,
  O_CLOEXEC,
  O_DIRECT,
  O_NONBLOCK,
  S_IFDIR,
  S_IFREG,
  SPLICE_F_GIFT,
  SPLICE_F_MORE,
  SPLICE_F_MOVE,
  SPLICE_F_NONBLOCK,
} from '../../../linux/constants.ts'
import { EAGAIN, EBADF, EFAULT, EINVAL, EISDIR, EPIPE, ESPIPE, EXDEV } from '../../../linux/errno-numbers.ts'
import { ArrayTransfer } from '../../fs/array-transfer.ts'
import { tellFile } from '../../fs/notify/watches.ts'
import { isReadable, isWritable } from '../../fs/open-file.ts'
import { afterWrite } from '../../fs/operations/written.ts'
import { newPipe } from '../../fs/pipe/make.ts'
import { PipeFile } from '../../fs/pipe/pipe-file.ts'
import type { OpenFile } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'
import { BLOCKED } from '../../wait/blocking.ts'
import type { Family } from '../family.ts'
import { addFile } from './file.ts'
import { withinLimit } from './size-limit.ts'
import { hold, timeOf, waitFor } from './support.ts'

const SIGPIPE = 13

function pipe2(task: Task, address: number, flags: number): number {
  if ((flags & ~(O_CLOEXEC | O_NONBLOCK | O_DIRECT)) !== 0) return -EINVAL
  const { fsuid: uid, fsgid: gid } = task.credentials
  const { reader, writer } = newPipe(flags & (O_NONBLOCK | O_DIRECT), { uid, gid }, timeOf(task))
  const read = addFile(task, reader, flags)
  const write = read < 0 ? read : addFile(task, writer, flags)
  if (write < 0) {
    if (read >= 0) task.files.close(read)
    else writer.closed()
    return write
  }
  if (task.memory.writeInt32(address, read) === 0 && task.memory.writeInt32(address + 4, write) === 0)
    return 0
  task.files.close(read)
  task.files.close(write)
  return -EFAULT
}

const PIECE = 64 * 1024
/** A call moves no more than this: two devices could go on for ever. */
const MOST_COPIED = 0x7fff_f000
const piece = new Uint8Array(PIECE)

/** One side of a copy: a file, and the place of its offset in guest memory, if it has one. */
interface Side {
  readonly file: OpenFile
  /** Address of the offset; 0: the file's own position. */
  readonly address: number
  position: number
}

function sideOf(task: Task, file: OpenFile, address: number): Side | number {
  if (address === 0) return { file, address, position: file.position }
  const position = task.memory.readInt64(address)
  if (Number.isNaN(position)) return -EFAULT
  return position < 0 ? -EINVAL : { file, address, position }
}

/** Stores how far a side has come. */
function settle(task: Task, side: Side): number {
  if (side.address !== 0) return task.memory.writeInt64(side.address, side.position)
  if (!side.file.stream) side.file.position = side.position
  return 0
}

/** So many bytes went from one side to the other. */
function moveOn(task: Task, from: Side, to: Side, count: number): void {
  if (!from.file.stream) from.position += count
  tellFile(from.file, IN_ACCESS)
  if (!to.file.stream) to.position += count
  afterWrite(to.file, task.credentials)
}

/** Copies from a file that has positions; bytes that are not taken are read again later. */
function copyOut(task: Task, from: Side, to: Side, wantedLength: number): number {
  const length = Math.min(wantedLength, MOST_COPIED)
  let done = 0
  while (done < length) {
    const wanted = withinLimit(task, to.file, to.position, Math.min(PIECE, length - done))
    if (wanted < 0) return done > 0 ? done : wanted
    const read = from.file.read(new ArrayTransfer(piece.subarray(0, wanted)), from.position)
    if (read <= 0) return done > 0 ? done : read
    const written = to.file.write(new ArrayTransfer(piece.subarray(0, read)), to.position)
    if (written <= 0) return done > 0 ? done : written
    moveOn(task, from, to, written)
    done += written
    if (written < read) break
  }
  return done
}

function sendfile(task: Task, out: number, input: number, offset: number, count: number): number {
  const from = task.files.get(input)
  const to = task.files.get(out)
  if (from === undefined || to === undefined || !isReadable(from) || !isWritable(to)) return -EBADF
  if (from.inode.type === S_IFDIR || count < 0 || (to.flags & O_APPEND) !== 0) return -EINVAL
  if (from.stream) return offset !== 0 ? -ESPIPE : -EINVAL
  const source = sideOf(task, from, offset)
  if (typeof source === 'number') return source
  const attempt = (): number => {
    const target = { file: to, address: 0, position: to.position }
    const moved = copyOut(task, source, target, count)
    if (moved === -EPIPE) task.signal(SIGPIPE)
    if (moved <= 0) return moved
    const error = settle(task, source)
    return error !== 0 ? error : (settle(task, target), moved)
  }
  return waitForAny(task, [from, to], to, attempt)
}

/** Tries, and waits on several files if the one that decides may block. */
function waitForAny(
  task: Task,
  files: readonly OpenFile[],
  decides: OpenFile,
  attempt: () => number,
): number {
  const result = attempt()
  if (result !== -EAGAIN || (decides.flags & O_NONBLOCK) !== 0) return result
  const release = hold(files)
  return task.block({
    interruption: 'restart',
    queues: files.map(({ queue }) => queue),
    retry: () => {
      const again = attempt()
      return again === -EAGAIN ? BLOCKED : again
    },
    ended: release,
  })
}

const SPLICE_KNOWN = SPLICE_F_MOVE | SPLICE_F_NONBLOCK | SPLICE_F_MORE | SPLICE_F_GIFT

function splice(
  task: Task,
  input: number,
  inputOffset: number,
  out: number,
  outOffset: number,
  length: number,
  flags: number,
): number {
  if (length === 0) return 0
  if ((flags & ~SPLICE_KNOWN) !== 0 || length < 0) return -EINVAL
  const from = task.files.get(input)
  const to = task.files.get(out)
  if (from === undefined || to === undefined || !isReadable(from) || !isWritable(to)) return -EBADF
  const isFromPipe = from instanceof PipeFile
  const isToPipe = to instanceof PipeFile
  if (!isFromPipe && !isToPipe) return -EINVAL
  if ((isFromPipe && inputOffset !== 0) || (isToPipe && outOffset !== 0)) return -ESPIPE
  if (isFromPipe && isToPipe && from.pipe === to.pipe) return -EINVAL
  if (!isToPipe && (to.flags & O_APPEND) !== 0) return -EINVAL
  if ((inputOffset !== 0 && from.stream) || (outOffset !== 0 && to.stream)) return -ESPIPE
  const source = sideOf(task, from, inputOffset)
  const target = sideOf(task, to, outOffset)
  if (typeof source === 'number') return source
  if (typeof target === 'number') return target
  const attempt = (): number => {
    const moved = isFromPipe ? fromPipe(task, source, target, length) : toPipe(task, source, target, length)
    if (moved === -EPIPE) task.signal(SIGPIPE)
    if (moved > 0) {
      settle(task, source)
      settle(task, target)
    }
    return moved
  }
  if ((flags & SPLICE_F_NONBLOCK) !== 0) return attempt()
  return waitForAny(task, [from, to], isFromPipe ? from : to, attempt)
}

/** Bytes leave a pipe only when the other file has taken them. */
function fromPipe(task: Task, from: Side, to: Side, length: number): number {
  if (!(from.file instanceof PipeFile)) return -EINVAL
  const { pipe } = from.file
  if (pipe.length === 0) return pipe.writers === 0 ? 0 : -EAGAIN
  const bytes = pipe.peek(0, Math.min(length, PIECE, pipe.length))
  const roomy = to.file instanceof PipeFile ? bytes.subarray(0, to.file.pipe.room) : bytes
  if (roomy.length === 0) return -EAGAIN
  const allowed = withinLimit(task, to.file, to.position, roomy.length)
  if (allowed < 0) return allowed
  const written = to.file.write(new ArrayTransfer(roomy.subarray(0, allowed)), to.position)
  if (written <= 0) return written
  pipe.drop(written)
  moveOn(task, from, to, written)
  return written
}

/** A stream is read only as far as the pipe has room. */
function toPipe(task: Task, from: Side, to: Side, length: number): number {
  if (!(to.file instanceof PipeFile)) return -EINVAL
  if (to.file.pipe.readers === 0) return -EPIPE
  const room = Math.min(length, PIECE, to.file.pipe.room)
  if (room === 0) return -EAGAIN
  const read = from.file.read(new ArrayTransfer(piece.subarray(0, room)), from.position)
  if (read <= 0) return read
  const written = to.file.pipe.write(new ArrayTransfer(piece.subarray(0, read)))
  if (written > 0) moveOn(task, from, to, written)
  return written
}

function tee(task: Task, input: number, out: number, length: number, flags: number): number {
  if ((flags & ~SPLICE_KNOWN) !== 0) return -EINVAL
  if (length === 0) return 0
  const from = task.files.get(input)
  const to = task.files.get(out)
  if (from === undefined || to === undefined || !isReadable(from) || !isWritable(to)) return -EBADF
  if (!(from instanceof PipeFile) || !(to instanceof PipeFile) || from.pipe === to.pipe) return -EINVAL
  const attempt = (): number => {
    if (to.pipe.readers === 0) {
      task.signal(SIGPIPE)
      return -EPIPE
    }
    if (from.pipe.length === 0) return from.pipe.writers === 0 ? 0 : -EAGAIN
    const bytes = from.pipe.peek(0, Math.min(length, to.pipe.room))
    return bytes.length === 0 ? -EAGAIN : to.pipe.write(new ArrayTransfer(bytes))
  }
  return (flags & SPLICE_F_NONBLOCK) !== 0 ? attempt() : waitForAny(task, [from, to], from, attempt)
}

function copyFileRange(
  task: Task,
  input: number,
  inputOffset: number,
  out: number,
  outOffset: number,
  length: number,
  flags: number,
): number {
  const from = task.files.get(input)
  const to = task.files.get(out)
  if (from === undefined || to === undefined || !isReadable(from) || !isWritable(to)) return -EBADF
  if (flags !== 0 || length < 0) return -EINVAL
  if ((to.flags & O_APPEND) !== 0) return -EBADF
  if (from.inode.type === S_IFDIR || to.inode.type === S_IFDIR) return -EISDIR
  if (from.inode.type !== S_IFREG || to.inode.type !== S_IFREG) return -EINVAL
  const source = sideOf(task, from, inputOffset)
  const target = sideOf(task, to, outOffset)
  if (typeof source === 'number') return source
  if (typeof target === 'number') return target
  if (from.inode.attributes().dev !== to.inode.attributes().dev) return -EXDEV
  const isSame = from.inode === to.inode
  const overlaps = source.position < target.position + length && target.position < source.position + length
  if (isSame && overlaps) return -EINVAL
  const moved = copyOut(task, source, target, length)
  if (moved > 0) {
    settle(task, source)
    settle(task, target)
  }
  return moved
}

function vmsplice(task: Task, fd: number, vector: number, count: number, flags: number): number {
  const file = task.files.get(fd)
  if (!(file instanceof PipeFile)) return -EBADF
  const attempt = (): number => {
    const transfer = task.memory.vector(vector, count)
    if (typeof transfer === 'number') return transfer
    return isWritable(file) ? file.write(transfer) : file.read(transfer)
  }
  const result = attempt()
  return result !== -EAGAIN || (flags & SPLICE_F_NONBLOCK) !== 0 ? result : waitFor(task, file, attempt)
}

export const pipe: Family = {
  pipe: (task, address) => pipe2(task, address, 0),
  pipe2,
  sendfile,
  splice,
  tee,
  copy_file_range: copyFileRange,
  vmsplice,
}
