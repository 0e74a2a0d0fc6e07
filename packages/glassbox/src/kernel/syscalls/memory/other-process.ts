/** process_vm_readv(2) and process_vm_writev(2). */
import { ERRNO } from '../../../linux/errno.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'

const MAX_PIECES = 1024
const IOVEC_SIZE = 16
const CHUNK = 64 * 1024

/** Where the bytes are in the other process. */
interface Piece {
  readonly address: number
  readonly length: number
}

function transfer(
  task: Task,
  pid: number,
  local: number,
  localCount: number,
  remote: number,
  remoteCount: number,
  flags: number,
  isWriting: boolean,
): number {
  if (flags !== 0) return -ERRNO.EINVAL
  if (remoteCount < 0 || remoteCount > MAX_PIECES) return -ERRNO.EINVAL
  const pieces = readPieces(task.memory, remote, remoteCount)
  if (typeof pieces === 'number') return pieces
  const buffers = task.memory.vector(local, localCount)
  if (typeof buffers === 'number') return buffers
  if (buffers.remaining === 0 || remoteCount === 0) return 0
  const other = task.world.tasks.get(pid)
  if (other === undefined) return -ERRNO.ESRCH
  if (!mayAccess(task, other)) return -ERRNO.EPERM
  const bytes = new Uint8Array(Math.min(CHUNK, buffers.remaining))
  for (const piece of pieces) {
    for (let done = 0; done < piece.length && buffers.remaining > 0; ) {
      const count = Math.min(bytes.length, piece.length - done, buffers.remaining)
      const at = piece.address + done
      if (isWriting) {
        const taken = buffers.take(bytes, 0, count)
        if (taken < count || other.memory.write(at, bytes, 0, count) < 0)
          return partial(buffers.moved - taken)
      } else {
        if (other.memory.read(at, bytes, 0, count) < 0) return partial(buffers.moved)
        if (buffers.put(bytes, 0, count) < count) return partial(buffers.moved)
      }
      done += count
    }
  }
  return buffers.moved
}

function partial(moved: number): number {
  return moved > 0 ? moved : -ERRNO.EFAULT
}

function readPieces(memory: UserMemory, address: number, count: number): Piece[] | number {
  const pieces: Piece[] = []
  for (let index = 0; index < count; index++) {
    const at = memory.readInt64(address + index * IOVEC_SIZE)
    const length = memory.readInt64(address + index * IOVEC_SIZE + 8)
    if (Number.isNaN(at) || Number.isNaN(length)) return -ERRNO.EFAULT
    if (length < 0) return -ERRNO.EINVAL
    pieces.push({ address: at, length })
  }
  return pieces
}

/** ptrace(2), "Ptrace access mode checking": the same user, or root. */
function mayAccess(task: Task, other: Task): boolean {
  const { credentials: own } = task
  const { credentials: theirs } = other
  if (own.privileged || task.process === other.process) return true
  const isSameUser = [theirs.uid, theirs.euid, theirs.suid].every(id => id === own.uid)
  return isSameUser && [theirs.gid, theirs.egid, theirs.sgid].every(id => id === own.gid)
}

export const OTHER_PROCESS: Family = {
  process_vm_readv: (task, pid, local, localCount, remote, remoteCount, flags) =>
    transfer(task, pid, local, localCount, remote, remoteCount, flags, false),
  process_vm_writev: (task, pid, local, localCount, remote, remoteCount, flags) =>
    transfer(task, pid, local, localCount, remote, remoteCount, flags, true),
}
