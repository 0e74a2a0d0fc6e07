/** mremap(2): a mapping becomes longer, shorter, or goes elsewhere. */
import { MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE, RLIMIT_MEMLOCK } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { AREA_GROWS_DOWN, AREA_LOCKED, type Area, isData } from '../../mm/areas/area.ts'
import { mayExpand } from '../../mm/expand.ts'
import { LOWEST_ADDRESS, STACK_GUARD } from '../../mm/layout.ts'
import { continueArea, duplicate, leaveEmpty, moveAreas, oneMapping } from '../../mm/move.ts'
import { PAGE_SIZE, pageEnd } from '../../mm/pages/page.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { findGap } from './map.ts'
import { isAligned, softLimit } from './ranges.ts'

const { EAGAIN, EFAULT, EINVAL, ENOMEM } = ERRNO

const FLAGS = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP

interface Request {
  readonly start: number
  readonly oldSize: number
  readonly newSize: number
  readonly flags: number
  readonly target: number
}

function mremap(
  task: Task,
  start: number,
  oldLength: number,
  newLength: number,
  flags: number,
  target: number,
): number {
  const request = { start, oldSize: pageEnd(oldLength), newSize: pageEnd(newLength), flags, target }
  if (!isWellFormed(task, request)) return -EINVAL
  const space = task.addressSpace
  const { oldSize, newSize } = request
  const first = space.areas.find(start)
  if (first === undefined) return -EFAULT
  if (!space.hasRoom) return -ENOMEM
  if (oldSize === 0) return first.shared ? duplicated(task, request) : -EINVAL
  if ((flags & MREMAP_DONTUNMAP) !== 0 && (first.shared || !first.anonymous)) return -EINVAL
  if ((flags & MREMAP_FIXED) !== 0) {
    if (target < LOWEST_ADDRESS) return -ERRNO.EPERM
    space.remove(target, target + newSize, true)
  }
  if (newSize < oldSize) space.remove(start + newSize, start + oldSize, true)
  const kept = Math.min(oldSize, newSize)
  const last = oneMapping(space, start, start + kept)
  if (last === undefined) return -EFAULT
  if (newSize <= oldSize && (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) === 0) return start
  const refusal = newSize > oldSize ? checkLimits(task, last, newSize - oldSize) : 0
  if (refusal !== 0) return refusal
  if (canGrow(task, request, last))
    return continueArea(space, last, start + oldSize, start + newSize) ? start : -ENOMEM
  return (flags & MREMAP_MAYMOVE) === 0 ? -ENOMEM : moved(task, request, kept, last)
}

function isWellFormed(task: Task, request: Request): boolean {
  const { start, oldSize, newSize, flags, target } = request
  if ((flags & ~FLAGS) !== 0 || !isAligned(start) || newSize <= 0 || oldSize < 0) return false
  if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0 && (flags & MREMAP_MAYMOVE) === 0) return false
  if ((flags & MREMAP_DONTUNMAP) !== 0 && oldSize !== newSize) return false
  if ((flags & MREMAP_FIXED) === 0) return true
  if (!isAligned(target) || target < 0 || target + newSize > task.world.platform.maxAddress) return false
  return target + newSize <= start || start + oldSize <= target
}

/** Whether it can become longer where it is. */
function canGrow(task: Task, request: Request, last: Area): boolean {
  const { start, oldSize, newSize, flags } = request
  const end = start + newSize
  if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0 || last.end !== start + oldSize) return false
  const above = task.addressSpace.areas.after(last.end)
  const guard = above !== undefined && (above.flags & AREA_GROWS_DOWN) !== 0 ? STACK_GUARD : 0
  return end <= task.world.platform.maxAddress && (above === undefined || above.start - guard >= end)
}

function moved(task: Task, request: Request, kept: number, last: Area): number {
  const space = task.addressSpace
  const { start, newSize, flags } = request
  const target = placeFor(task, request)
  if (target < 0) return target
  const model = space.areas.find(start) as Area
  moveAreas(space, start, start + kept, target)
  if ((flags & MREMAP_DONTUNMAP) !== 0) leaveEmpty(space, model, start, start + kept)
  if (newSize <= kept) return target
  const end = space.areas.find(target + kept - PAGE_SIZE) ?? last
  return continueArea(space, end, target + kept, target + newSize) ? target : -ENOMEM
}

function duplicated(task: Task, request: Request): number {
  const { newSize, start, flags } = request
  if ((flags & MREMAP_MAYMOVE) === 0) return -EINVAL
  const refusal = checkLimits(task, task.addressSpace.areas.find(start) as Area, newSize)
  if (refusal !== 0) return refusal
  const target = placeFor(task, request)
  if (target < 0) return target
  return duplicate(task.addressSpace, start, newSize, target) ? target : -ENOMEM
}

function placeFor(task: Task, request: Request): number {
  if ((request.flags & MREMAP_FIXED) !== 0) return request.target
  const found = findGap(task.addressSpace, task.addressSpace.layout.mmapBase, request.newSize)
  return found < 0 ? -ENOMEM : found
}

function checkLimits(task: Task, area: Area, bytes: number): number {
  const space = task.addressSpace
  const locked = space.lockedPages * PAGE_SIZE + bytes
  const isLocked = (area.flags & AREA_LOCKED) !== 0 && !task.credentials.privileged
  if (isLocked && locked > softLimit(task, RLIMIT_MEMLOCK)) return -EAGAIN
  if (!mayExpand(space, bytes, isData(area.protection, area.flags))) return -ENOMEM
  return bytes > task.world.memory.limitBytes ? -ENOMEM : 0
}

export const REMAPPING: Family = { mremap }
