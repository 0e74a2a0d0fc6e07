/**
 * Locks whose owner dies: get_robust_list(2). A thread keeps a list of the locks that it holds in
 * its own memory. At its end each is marked FUTEX_OWNER_DIED, and one who waits for it is woken.
 */
import type { Task } from '../state.ts'
import { futexKey } from './key.ts'
import { OWNER_DIED, TID_MASK, WAITERS } from './words.ts'

/** More are not followed: the list is the guest's and may be a circle. */
const MOST = 2048

export function releaseRobustLocks(task: Task): void {
  const head = task.robustList
  if (head === 0) return
  const { memory } = task
  const offset = memory.readInt64(head + 8)
  const underway = memory.readInt64(head + 16)
  let entry = memory.readInt64(head)
  for (let i = 0; i < MOST && !Number.isNaN(entry) && address(entry) !== head; i++) {
    const next = memory.readInt64(address(entry))
    if (entry !== underway) releaseLock(task, address(entry) + offset, isPriority(entry), false)
    entry = next
  }
  if (underway > 0) releaseLock(task, address(underway) + offset, isPriority(underway), true)
}

/** The lowest bit of an entry marks a lock with priority inheritance. */
const address = (entry: number): number => entry - (Math.abs(entry) % 2)
const isPriority = (entry: number): boolean => Math.abs(entry) % 2 === 1

function releaseLock(task: Task, word: number, priority: boolean, underway: boolean): void {
  const value = task.memory.readInt32(word)
  if (Number.isNaN(value)) return
  const key = futexKey(task, word, false)
  if (typeof key === 'number') return
  // It was unlocked already, but death came before the wake-up.
  if (underway && !priority && value === 0) {
    task.world.futexes.wake(key, 1)
    return
  }
  if ((value & TID_MASK) !== task.tid) return
  if (task.memory.writeInt32(word, (value & WAITERS) | OWNER_DIED) !== 0) return
  if (value & WAITERS) wakeBoth(task, word)
}

/** glibc waits on a robust lock of one process by a private futex, on a shared one by a shared. */
function wakeBoth(task: Task, word: number): void {
  for (const isPrivate of [true, false]) {
    const key = futexKey(task, word, isPrivate)
    if (typeof key !== 'number' && task.world.futexes.wake(key, 1) > 0) return
  }
}
