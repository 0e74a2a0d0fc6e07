/** What a futex word is known by. */
import { ERRNO } from '../../../linux/errno.ts'
import type { Task } from '../state.ts'
import type { FutexKey } from './table.ts'

/** Places in the page cache are told from places in the memory of the world by this bit. */
const CACHE = 2 ** 46

/**
 * The key of the word at this address; −EINVAL if it is not aligned, −EFAULT if nothing is mapped
 * there. With `isPrivate` the mapping is not looked at: FUTEX_PRIVATE_FLAG.
 */
export function futexKey(task: Task, address: number, isPrivate: boolean): FutexKey | number {
  if (address % 4 !== 0) return -ERRNO.EINVAL
  const space = task.addressSpace
  if (isPrivate) return { space, word: address }
  const place = space.futexKey(address)
  if (typeof place === 'number') return place
  if (place === undefined) return { space, word: address }
  return { space: undefined, word: place.backing === 'cache' ? CACHE + place.offset : place.offset }
}
