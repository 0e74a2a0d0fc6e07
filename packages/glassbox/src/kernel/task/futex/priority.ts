/**
 * Locks with priority inheritance: FUTEX_LOCK_PI and its relatives. There are no priorities here,
 * so the kernel's part is to hand the lock over: the word has the owner's thread id.
 */
import { EAGAIN, EDEADLK, EFAULT, EPERM, ESRCH, ETIMEDOUT } from '../../../linux/errno-numbers.ts'
import { BLOCKED } from '../../wait/blocking.ts'
import type { Task } from '../state.ts'
import { futexKey } from './key.ts'
import { Sleeper } from './table.ts'
import { OWNER_DIED, TID_MASK, WAITERS } from './words.ts'

/** Takes the lock, or waits for it; `undefined` as deadline: does not wait. */
export function lockPriority(
  task: Task,
  address: number,
  isPrivate: boolean,
  deadlineNs: number | undefined,
): number {
  const key = futexKey(task, address, isPrivate)
  if (typeof key === 'number') return key
  const value = task.memory.readInt32(address)
  if (Number.isNaN(value)) return -EFAULT
  const owner = value & TID_MASK
  if (owner === task.tid) return -EDEADLK
  const isFree = owner === 0 || (value & OWNER_DIED) !== 0
  if (isFree) return task.memory.writeInt32(address, task.tid | (value & (OWNER_DIED | WAITERS)))
  if (deadlineNs === undefined) return -EAGAIN
  if (!task.world.tasks.has(owner)) return -ESRCH
  if (task.memory.writeInt32(address, value | WAITERS) !== 0) return -EFAULT
  const sleeper = new Sleeper(task, -1)
  task.world.futexes.add(key, sleeper)
  const taken = (): number => {
    const now = task.memory.readInt32(address)
    if (Number.isNaN(now)) return -EFAULT
    const others = task.world.futexes.count(key) > 0 ? WAITERS : 0
    return task.memory.writeInt32(address, task.tid | others | (now & OWNER_DIED))
  }
  return task.block({
    interruption: 'restart',
    queues: [],
    retry: () => (sleeper.woken ? taken() : BLOCKED),
    deadlineNs,
    timedOut: () => (sleeper.woken ? taken() : -ETIMEDOUT),
    interrupted: () => (sleeper.woken ? taken() : undefined),
    ended: () => sleeper.leave(),
  })
}

/** Gives the lock to the next who waits. The word says so at once, so nobody can come between. */
export function unlockPriority(task: Task, address: number, isPrivate: boolean): number {
  const key = futexKey(task, address, isPrivate)
  if (typeof key === 'number') return key
  const value = task.memory.readInt32(address)
  if (Number.isNaN(value)) return -EFAULT
  if ((value & TID_MASK) !== task.tid) return -EPERM
  const next = task.world.futexes.oldest(key)
  if (next === undefined) return task.memory.writeInt32(address, 0)
  const tid = (next.waiter as Task).tid
  const others = task.world.futexes.count(key) > 1 ? WAITERS : 0
  if (task.memory.writeInt32(address, tid | others) !== 0) return -EFAULT
  task.world.futexes.wake(key, 1)
  return 0
}
