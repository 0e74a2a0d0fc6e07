/** semctl(2). */
import {
  GETALL,
  GETNCNT,
  GETPID,
  GETVAL,
  GETZCNT,
  IPC_INFO,
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  SEM_INFO,
  SEM_STAT,
  SEM_STAT_ANY,
  SETALL,
  SETVAL,
} from '../../../linux/constants.ts'
import { EACCES, EFAULT, EINVAL, ERANGE } from '../../../linux/errno-numbers.ts'
import { REGISTER } from '../../platform/registers.ts'
import { OPERATIONS, SEMAPHORE_VALUE, SEMAPHORES, SET_SIZE, SETS } from '../../task/ipc/limits.ts'
import { MAY_READ, MAY_WRITE } from '../../task/ipc/object.ts'
import type { SemaphoreSet } from '../../task/ipc/semaphores.ts'
import type { Task } from '../../task/state.ts'
import { answer, change, permissionsOf, putSequence, remove, seconds } from './support.ts'

export function semctl(task: Task, id: number, index: number, command: number, argument: number): number {
  if (id < 0) return -EINVAL
  switch (command) {
    case IPC_INFO:
    case SEM_INFO:
      return describeAll(task, command, argument)
    case IPC_STAT:
    case SEM_STAT:
    case SEM_STAT_ANY:
      return describe(task, id, command, argument)
    case GETALL:
    case GETVAL:
    case GETPID:
    case GETNCNT:
    case GETZCNT:
      return get(task, id, index, command, argument)
    case SETALL:
      return setAll(task, id, argument)
    case SETVAL:
      return setOne(task, id, index, valueOf(task, argument))
    case IPC_SET:
      return change(task, task.world.ipc.sets.find(id), 'semid_ds', argument, ({ sem_perm }) => sem_perm)
    case IPC_RMID:
      return remove(task, task.world.ipc.sets.find(id), set => task.world.ipc.removeSet(set))
    default:
      return -EINVAL
  }
}

/** What struct seminfo says that is no limit any more, and what it says of use instead. */
const LEGACY = { semmnu: SEMAPHORES, semmap: SEMAPHORES, semume: OPERATIONS }
const UNDO_BYTES = 20

function describeAll(task: Task, command: number, address: number): number {
  const { sets, semaphores } = task.world.ipc
  const failure = answer(task, address, 'seminfo', {
    ...{ semmni: SETS, semmns: SEMAPHORES, semmsl: SET_SIZE, semopm: OPERATIONS, semvmx: SEMAPHORE_VALUE },
    ...LEGACY,
    ...(command === SEM_INFO
      ? { semusz: sets.size, semaem: semaphores }
      : { semusz: UNDO_BYTES, semaem: SEMAPHORE_VALUE }),
  })
  return failure === 0 ? sets.highestIndex : failure
}

function describe(task: Task, id: number, command: number, address: number): number {
  const { sets } = task.world.ipc
  const set = command === IPC_STAT ? sets.find(id) : sets.at(id)
  if (set === undefined) return -EINVAL
  if (command !== SEM_STAT_ANY && !set.permits(task.credentials, MAY_READ)) return -EACCES
  const value = {
    sem_perm: permissionsOf(set),
    ...{ sem_otime: set.operatedAt, sem_ctime: set.changedAt, sem_nsems: set.size },
  }
  const failure = answer(task, address, 'semid_ds', value, view => putSequence(view, set))
  return failure !== 0 || command === IPC_STAT ? failure : set.id
}

function get(task: Task, id: number, index: number, command: number, address: number): number {
  const set = task.world.ipc.sets.find(id)
  if (set === undefined) return -EINVAL
  if (!set.permits(task.credentials, MAY_READ)) return -EACCES
  if (command === GETALL) {
    const bytes = new Uint8Array(set.values.slice().buffer)
    return task.memory.write(address, bytes, 0, bytes.length)
  }
  if (index < 0 || index >= set.size) return -EINVAL
  if (command === GETVAL) return set.values[index] as number
  if (command === GETPID) return set.pids[index] as number
  return set.waiting(index, command === GETZCNT)
}

function setAll(task: Task, id: number, address: number): number {
  const set = task.world.ipc.sets.find(id)
  if (set === undefined) return -EINVAL
  if (!set.permits(task.credentials, MAY_WRITE)) return -EACCES
  const values = new Uint16Array(set.size)
  const bytes = new Uint8Array(values.buffer)
  if (task.memory.read(address, bytes, 0, bytes.length) !== 0) return -EFAULT
  if (values.some(value => value > SEMAPHORE_VALUE)) return -ERANGE
  for (const [index, value] of values.entries()) set.setValue(index, value, task.process.pid)
  return changed(task, set)
}

/** The union's int: what the upper half of the register has is nobody's. */
function valueOf(task: Task, argument: number): number {
  if (Number.isSafeInteger(argument)) return argument | 0
  return Number(BigInt.asIntN(32, task.thread.registers().getExact(REGISTER.r10)))
}

function setOne(task: Task, id: number, index: number, value: number): number {
  if (value < 0 || value > SEMAPHORE_VALUE) return -ERANGE
  const set = task.world.ipc.sets.find(id)
  if (set === undefined || index < 0 || index >= set.size) return -EINVAL
  if (!set.permits(task.credentials, MAY_WRITE)) return -EACCES
  set.setValue(index, value, task.process.pid)
  return changed(task, set)
}

function changed(task: Task, set: SemaphoreSet): number {
  set.changedAt = seconds(task)
  set.settle()
  return 0
}
