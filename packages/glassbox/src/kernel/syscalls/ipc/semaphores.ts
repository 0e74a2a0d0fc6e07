/** Sets of semaphores: semget, semop, semtimedop. */
import { SEM_UNDO } from '../../../linux/constants.ts'
import {
  E2BIG,
  EACCES,
  EAGAIN,
  EFAULT,
  EFBIG,
  EIDRM,
  EINVAL,
  ENOMEM,
  ENOSPC,
} from '../../../linux/errno-numbers.ts'
import { OPERATIONS, SEMAPHORES, SET_SIZE } from '../../task/ipc/limits.ts'
import { MAY_READ, MAY_WRITE } from '../../task/ipc/object.ts'
import { altersValues, type Operation, PendingRequest, SemaphoreSet } from '../../task/ipc/semaphores.ts'
import type { Task } from '../../task/state.ts'
import { BLOCKED } from '../../wait/blocking.ts'
import { family } from '../tasks/family.ts'
import { readTimespec } from '../tasks/structs.ts'
import { semctl } from './semaphore-control.ts'
import { obtain, roomIn, seconds } from './support.ts'

function semget(task: Task, key: number, size: number, flags: number): number {
  const { ipc } = task.world
  if (size < 0 || size > SET_SIZE) return -EINVAL
  const make = (): number => {
    if (size === 0) return -EINVAL
    if (ipc.semaphores + size > SEMAPHORES) return -ENOSPC
    const full = roomIn(ipc.sets)
    if (full !== 0) return full
    if (!ipc.held.take(SemaphoreSet.bytes(size))) return -ENOMEM
    return ipc.addSet(new SemaphoreSet(key | 0, size, flags, task.credentials, seconds(task)))
  }
  return obtain(task, { table: ipc.sets, suits: found => found.size >= size, make }, key, flags)
}

const SEMBUF_BYTES = 6

/** An array of struct sembuf. */
function readOperations(task: Task, address: number, count: number): Operation[] | number {
  const bytes = new Uint8Array(count * SEMBUF_BYTES)
  if (task.memory.read(address, bytes, 0, bytes.length) !== 0) return -EFAULT
  const view = new DataView(bytes.buffer)
  return Array.from({ length: count }, (_, number) => ({
    index: view.getUint16(number * SEMBUF_BYTES, true),
    change: view.getInt16(number * SEMBUF_BYTES + 2, true),
    flags: view.getInt16(number * SEMBUF_BYTES + 4, true),
  }))
}

function semtimedop(task: Task, id: number, address: number, count: number, timeout: number): number {
  const ns = timeout === 0 ? Infinity : readTimespec(task.memory, timeout)
  if (ns === -EFAULT) return -EFAULT
  if (count < 1 || id < 0) return -EINVAL
  if (count > OPERATIONS) return -E2BIG
  const operations = readOperations(task, address, count)
  if (typeof operations === 'number') return operations
  if (ns < 0) return -EINVAL
  const set = task.world.ipc.sets.find(id)
  if (set === undefined) return -EINVAL
  if (operations.some(({ index }) => index >= set.size)) return -EFBIG
  const alters = altersValues(operations)
  if (!set.permits(task.credentials, alters ? MAY_WRITE : MAY_READ)) return -EACCES
  return operate(task, set, operations, ns)
}

function operate(task: Task, set: SemaphoreSet, operations: readonly Operation[], ns: number): number {
  const undoes = operations.some(({ flags }) => (flags & SEM_UNDO) !== 0)
  const adjustments = undoes ? task.world.ipc.adjustmentsOf(task.process, set) : undefined
  if (typeof adjustments === 'number') return adjustments
  const request = { operations, pid: task.process.pid, adjustments }
  const result = set.attempt(request)
  if (typeof result !== 'number') return wait(task, set, new PendingRequest(request, task, result), ns)
  if (result !== 0) return result
  set.operatedAt = seconds(task)
  if (altersValues(operations)) set.settle()
  return 0
}

function wait(task: Task, set: SemaphoreSet, pending: PendingRequest, ns: number): number {
  if (ns === 0) return -EAGAIN
  set.enter(pending)
  return task.block({
    interruption: 'no-handler',
    queues: [],
    retry: () => pending.result ?? (set.removed ? -EIDRM : BLOCKED),
    deadlineNs: task.world.clock.monotonic() + ns,
    timedOut: () => pending.result ?? -EAGAIN,
    interrupted: () => pending.result,
    ended: () => set.leave(pending),
  })
}

export const SEMAPHORES_OF_SETS: ReturnType<typeof family> = family({
  semget,
  semop: (task, id, address, count) => semtimedop(task, id, address, count, 0),
  semtimedop,
  semctl,
})
