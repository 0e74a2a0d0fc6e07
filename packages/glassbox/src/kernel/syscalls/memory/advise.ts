/** madvise(2). Advice about speed is taken and changes nothing; the rest changes contents. */
import {
  MADV_COLD,
  MADV_DODUMP,
  MADV_DOFORK,
  MADV_DONTDUMP,
  MADV_DONTFORK,
  MADV_DONTNEED,
  MADV_DONTNEED_LOCKED,
  MADV_FREE,
  MADV_HUGEPAGE,
  MADV_HWPOISON,
  MADV_KEEPONFORK,
  MADV_MERGEABLE,
  MADV_NOHUGEPAGE,
  MADV_NORMAL,
  MADV_PAGEOUT,
  MADV_POPULATE_READ,
  MADV_POPULATE_WRITE,
  MADV_RANDOM,
  MADV_REMOVE,
  MADV_SEQUENTIAL,
  MADV_SOFT_OFFLINE,
  MADV_UNMERGEABLE,
  MADV_WILLNEED,
  MADV_WIPEONFORK,
  PROT_WRITE,
} from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import {
  AREA_DONT_DUMP,
  AREA_DONT_FORK,
  AREA_LOCKED,
  AREA_MAY_WRITE,
  AREA_WIPE_ON_FORK,
  type Area,
} from '../../mm/areas/area.ts'
import { discard, removePages } from '../../mm/discard.ts'
import { populate } from '../../mm/map.ts'
import type { SpacePages } from '../../mm/space-pages.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { isAligned, rangeEnd, unsigned } from './ranges.ts'

/** What is done with each area of the range: 0, or a negative errno that ends the call. */
type Advice = (space: SpacePages, area: Area) => number

const nothing: Advice = () => 0

/** Advice about the next accesses, huge pages and merging. */
const HINTS = [
  ...[MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED, MADV_COLD, MADV_PAGEOUT],
  ...[MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_MERGEABLE, MADV_UNMERGEABLE],
]

const ADVICE: ReadonlyMap<number, Advice> = new Map<number, Advice>([
  ...HINTS.map((hint): [number, Advice] => [hint, nothing]),
  [MADV_DONTNEED, (space, area) => ((area.flags & AREA_LOCKED) !== 0 ? -ERRNO.EINVAL : forget(space, area))],
  [MADV_DONTNEED_LOCKED, forget],
  [MADV_FREE, free],
  [MADV_REMOVE, remove],
  [MADV_DONTFORK, flag(AREA_DONT_FORK, 0)],
  [MADV_DOFORK, flag(0, AREA_DONT_FORK)],
  [MADV_DONTDUMP, flag(AREA_DONT_DUMP, 0)],
  [MADV_DODUMP, flag(0, AREA_DONT_DUMP)],
  [MADV_WIPEONFORK, wipeOnFork],
  [MADV_KEEPONFORK, flag(0, AREA_WIPE_ON_FORK)],
])

function madvise(task: Task, address: number, length: number, advice: number): number {
  const isPopulating = advice === MADV_POPULATE_READ || advice === MADV_POPULATE_WRITE
  const apply = ADVICE.get(advice)
  if (advice === MADV_HWPOISON || advice === MADV_SOFT_OFFLINE) return -ERRNO.EPERM
  if (apply === undefined && !isPopulating) return -ERRNO.EINVAL
  const start = unsigned(address)
  const end = rangeEnd(start, unsigned(length))
  if (!isAligned(address) || end < 0 || (length !== 0 && end === start)) return -ERRNO.EINVAL
  const space = task.addressSpace
  if (isPopulating) return populated(space, start, end, advice === MADV_POPULATE_WRITE)
  return adviseEach(space, start, end, apply as Advice)
}

/** Gaps are skipped, and make the answer ENOMEM. */
function adviseEach(space: SpacePages, start: number, end: number, apply: Advice): number {
  let result = 0
  let at = start
  while (at < end) {
    const area = space.areas.after(at)
    if (area === undefined || area.start >= end) return -ERRNO.ENOMEM
    if (area.start > at) result = -ERRNO.ENOMEM
    const from = Math.max(at, area.start)
    at = Math.min(area.end, end)
    if (apply === nothing) continue
    if (!space.mayIsolate(from, at)) return -ERRNO.ENOMEM
    space.isolate(from, at)
    const refusal = apply(space, space.areas.find(from) as Area)
    if (refusal !== 0) return refusal
  }
  space.join(start, end)
  return result
}

function populated(space: SpacePages, start: number, end: number, write: boolean): number {
  if (!space.areas.covers(start, end)) return -ERRNO.ENOMEM
  const areas = space.areas.within(start, end)
  const isRefused = areas.some(
    area => area.protection === 0 || (write && (area.protection & PROT_WRITE) === 0),
  )
  if (isRefused) return -ERRNO.EINVAL
  return populate(space, start, end) ? 0 : -ERRNO.EFAULT
}

function forget(space: SpacePages, area: Area): number {
  discard(space, area)
  return 0
}

/** What may be lost may also be lost at once. */
function free(space: SpacePages, area: Area): number {
  if (area.shared || !area.anonymous) return -ERRNO.EINVAL
  return forget(space, area)
}

function remove(space: SpacePages, area: Area): number {
  const { file } = area
  if ((area.flags & AREA_LOCKED) !== 0 || (!area.shared && file === undefined)) return -ERRNO.EINVAL
  if (!area.shared || (area.flags & AREA_MAY_WRITE) === 0) return -ERRNO.EACCES
  if (file !== undefined)
    return file.mappable.punch?.(area.fileOffset, area.end - area.start) ?? -ERRNO.EOPNOTSUPP
  removePages(space, area)
  return 0
}

function flag(set: number, clear: number): Advice {
  return (_space, area) => {
    area.flags = (area.flags & ~clear) | set
    return 0
  }
}

function wipeOnFork(_space: SpacePages, area: Area): number {
  if (area.shared || !area.anonymous) return -ERRNO.EINVAL
  area.flags |= AREA_WIPE_ON_FORK
  return 0
}

export const ADVISING: Family = { madvise }
