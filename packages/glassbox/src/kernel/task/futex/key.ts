/** What a futex word is known by. */
import { EFAULT, EINVAL } from '../../../linux/errno-numbers.ts'
import type { Task } from '../state.ts'
import type { FutexKey } from './table.ts'

/** Places in the page cache are told from places in the memory of the world by this bit. */
const CACHE = 2 ** 46

/**
 * The key of the word at this address; −EINVAL if it is not aligned, −EFAULT if nothing is mapped
 * there. With `isPrivate` the mapping is not looked at: FUTEX_PRIVATE_FLAG.
 */
export function futexKey(task: Task, address: number, isPrivate: boolean): FutexKey | number {
  if (address % 4 !== 0) return -EINVAL
  const space = task.addressSpace
  if (isPrivate) return { space, word: address }
  // Reading loads the page, so that it has a place.
  if (Number.isNaN(task.memory.readInt32(address))) return -EFAULT
  const place = space.sharedPlace(address)
  if (place === undefined) return { space, word: address }
  return { space: undefined, word: place.cache ? CACHE + place.offset : place.offset }
}
