/** Locks: flock(2), and the record locks of fcntl(2). */
import {
  F_OFD_GETLK,
  F_OFD_SETLK,
  F_OFD_SETLKW,
  F_GETLK,
  F_RDLCK,
  F_SETLK,
  F_SETLKW,
  F_UNLCK,
  F_WRLCK,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
  LOCK_UN,
  O_PATH,
} from '../../../linux/constants.ts'
import { EAGAIN, EBADF, EDEADLK, EINVAL, ENOLCK, EOVERFLOW } from '../../../linux/errno-numbers.ts'
import {
  MOST_LOCKS,
  waits,
  waitsNoMore,
  wouldDeadlock,
  type Lock,
  type LockTable,
  type Range,
} from '../../fs/locks/file-locks.ts'
import { locksOf } from '../../fs/locks/release.ts'
import { isReadable, isWritable } from '../../fs/open-file.ts'
import type { OpenFile } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'
import { BLOCKED } from '../../wait/blocking.ts'
import type { Family } from '../family.ts'
import { hold } from './support.ts'

const WHOLE: Range = { start: 0, end: Infinity }

function flock(task: Task, fd: number, operation: number): number {
  const file = task.files.get(fd)
  if (file === undefined || (file.flags & O_PATH) !== 0) return -EBADF
  const kind = operation & ~LOCK_NB
  const table = locksOf(file.inode).whole
  if (kind === LOCK_UN) {
    table.release(file)
    return 0
  }
  if (kind !== LOCK_SH && kind !== LOCK_EX) return -EINVAL
  const lock: Lock = { ...WHOLE, owner: file, exclusive: kind === LOCK_EX, pid: task.process.pid }
  // A change of kind first gives the old lock up: flock(2).
  if (table.conflict(file, lock.exclusive, WHOLE) !== undefined) table.release(file)
  return acquire(task, file, table, lock, (operation & LOCK_NB) === 0, false)
}

/** Sets a lock, or waits until it can be set. */
function acquire(
  task: Task,
  file: OpenFile,
  table: LockTable,
  lock: Lock,
  mayWait: boolean,
  findsDeadlocks: boolean,
): number {
  const attempt = (): number => {
    if (table.conflict(lock.owner, lock.exclusive, lock) !== undefined) return -EAGAIN
    if (table.all.length >= MOST_LOCKS) return -ENOLCK
    table.set(lock)
    return 0
  }
  const result = attempt()
  if (result !== -EAGAIN || !mayWait) return result
  const blockers = (): readonly Lock[] => table.conflicts(lock.owner, lock.exclusive, lock)
  if (findsDeadlocks) {
    if (wouldDeadlock(lock.owner, blockers())) return -EDEADLK
    waits(lock.owner, blockers)
  }
  const release = hold([file])
  return task.block({
    interruption: 'restart',
    queues: [table.queue],
    retry: () => {
      const again = attempt()
      return again === -EAGAIN ? BLOCKED : again
    },
    ended: () => {
      if (findsDeadlocks) waitsNoMore(lock.owner)
      release()
    },
  })
}

const FLOCK_BYTES = 32
const bytes = new Uint8Array(FLOCK_BYTES)
const view = new DataView(bytes.buffer)

/** struct flock: type, whence, start, length, pid. */
interface Request {
  readonly type: number
  readonly range: Range
}

function readRequest(task: Task, file: OpenFile, address: number): Request | number {
  const error = task.memory.read(address, bytes, 0, FLOCK_BYTES)
  if (error !== 0) return error
  const type = view.getInt16(0, true)
  const whence = view.getInt16(2, true)
  if (whence < 0 || whence > 2) return -EINVAL
  const base = whence === 0 ? 0 : whence === 1 ? file.position : file.attributes().size
  const length = Number(view.getBigInt64(16, true))
  const from = base + Number(view.getBigInt64(8, true))
  const start = length < 0 ? from + length : from
  if (start < 0) return -EINVAL
  const end = length === 0 ? Infinity : length < 0 ? from : from + length
  return end !== Infinity && end > Number.MAX_SAFE_INTEGER ? -EOVERFLOW : { type, range: { start, end } }
}

function writeAnswer(task: Task, address: number, found: Lock | undefined): number {
  if (found === undefined) {
    view.setInt16(0, F_UNLCK, true)
    return task.memory.write(address, bytes, 0, FLOCK_BYTES)
  }
  view.setInt16(0, found.exclusive ? F_WRLCK : F_RDLCK, true)
  view.setInt16(2, 0, true)
  view.setBigInt64(8, BigInt(found.start), true)
  view.setBigInt64(16, found.end === Infinity ? 0n : BigInt(found.end - found.start), true)
  view.setInt32(24, found.pid, true)
  return task.memory.write(address, bytes, 0, FLOCK_BYTES)
}

/** The commands of fcntl(2) about locks; undefined: it is another command. */
export function lockCommand(
  task: Task,
  file: OpenFile,
  command: number,
  argument: number,
): number | undefined {
  const isOpenFile = command === F_OFD_GETLK || command === F_OFD_SETLK || command === F_OFD_SETLKW
  if (!isOpenFile && command !== F_GETLK && command !== F_SETLK && command !== F_SETLKW) return undefined
  const request = readRequest(task, file, argument)
  if (typeof request === 'number') return request
  if (isOpenFile && view.getInt32(24, true) !== 0) return -EINVAL
  const owner = isOpenFile ? file : task.files
  const pid = isOpenFile ? -1 : task.process.pid
  const table = locksOf(file.inode).records
  const { type, range } = request
  const exclusive = type === F_WRLCK
  if (command === F_GETLK || command === F_OFD_GETLK) {
    if (type !== F_RDLCK && type !== F_WRLCK) return -EINVAL
    return writeAnswer(task, argument, table.conflict(owner, exclusive, range))
  }
  if (type === F_UNLCK) {
    table.unlock(owner, range)
    return 0
  }
  if (type !== F_RDLCK && type !== F_WRLCK) return -EINVAL
  if (exclusive ? !isWritable(file) : !isReadable(file)) return -EBADF
  const mayWait = command === F_SETLKW || command === F_OFD_SETLKW
  return acquire(task, file, table, { ...range, owner, exclusive, pid }, mayWait, !isOpenFile)
}

export const lock: Family = { flock }
