/**
 * mlock(2) and its relatives. Nothing is ever swapped out here, so locking only counts, and makes
 * the pages.
 */
import {
  MCL_CURRENT,
  MCL_FUTURE,
  MCL_ONFAULT,
  MLOCK_ONFAULT,
  RLIMIT_MEMLOCK,
} from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { AREA_LOCKED } from '../../mm/areas/area.ts'
import { bytesWithin } from '../../mm/expand.ts'
import { populate } from '../../mm/map.ts'
import { PAGE_SIZE, pageStart } from '../../mm/pages/page.ts'
import type { SpacePages } from '../../mm/space-pages.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { rangeEnd, softLimit, unsigned } from './ranges.ts'

const { EAGAIN, EINVAL, ENOMEM, EPERM } = ERRNO

function mlock(task: Task, address: number, length: number): number {
  return lock(task, address, length, true)
}

function mlock2(task: Task, address: number, length: number, flags: number): number {
  return (flags & ~MLOCK_ONFAULT) === 0 ? lock(task, address, length, flags === 0) : -EINVAL
}

function lock(task: Task, address: number, length: number, isNow: boolean): number {
  const limit = task.credentials.privileged ? Infinity : softLimit(task, RLIMIT_MEMLOCK)
  if (limit === 0) return -EPERM
  const space = task.addressSpace
  const [start, end] = wholePages(address, length)
  if (end < 0) return -EINVAL
  // Pages that are locked already are not counted twice.
  const added = end - start - bytesWithin(space, start, end, AREA_LOCKED)
  if (space.lockedPages * PAGE_SIZE + added > limit) return -ENOMEM
  if (!space.areas.covers(start, end) || !space.mayIsolate(start, end)) return -ENOMEM
  setLocked(space, start, end, true)
  return !isNow || populate(space, start, end) ? 0 : -EAGAIN
}

function munlock(task: Task, address: number, length: number): number {
  const [start, end] = wholePages(address, length)
  if (end < 0) return -EINVAL
  if (!task.addressSpace.mayIsolate(start, end)) return -ENOMEM
  const isCovered = task.addressSpace.areas.covers(start, end)
  setLocked(task.addressSpace, start, end, false)
  return isCovered ? 0 : -ENOMEM
}

function mlockall(task: Task, flags: number): number {
  if (flags === 0 || flags === MCL_ONFAULT) return -EINVAL
  if ((flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) !== 0) return -EINVAL
  const limit = task.credentials.privileged ? Infinity : softLimit(task, RLIMIT_MEMLOCK)
  if (limit === 0) return -EPERM
  const space = task.addressSpace
  if ((flags & MCL_CURRENT) !== 0 && space.totalPages * PAGE_SIZE > limit) return -ENOMEM
  space.lockFuture = (flags & MCL_FUTURE) !== 0
  if ((flags & MCL_CURRENT) !== 0) for (const area of space.areas.all) space.setLocked(area, true)
  return 0
}

function munlockall(task: Task): number {
  const space = task.addressSpace
  space.lockFuture = false
  for (const area of space.areas.all) space.setLocked(area, false)
  space.join(0, Infinity)
  return 0
}

/** The pages that hold the range; their end is −1 if it wraps around. */
function wholePages(address: number, length: number): readonly [start: number, end: number] {
  const start = pageStart(unsigned(address))
  return [start, rangeEnd(start, unsigned(length + (address - pageStart(address))))]
}

function setLocked(space: SpacePages, start: number, end: number, isLocked: boolean): void {
  for (const area of space.isolated(start, end))
    if (((area.flags & AREA_LOCKED) !== 0) !== isLocked) space.setLocked(area, isLocked)
  space.join(start, end)
}

export const LOCKING: Family = { mlock, mlock2, munlock, mlockall, munlockall }
