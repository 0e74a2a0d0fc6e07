/**
 * How large an address space may become: RLIMIT_AS for all of its pages, RLIMIT_DATA for private
 * ones that the program may write, other than stacks. As mm/mmap.c counts them.
 */
import { RLIMIT_AS, RLIMIT_DATA } from '../../linux/constants.ts'
import { PAGE_SIZE } from './pages/page.ts'
import type { SpacePages } from './space-pages.ts'

/** Whether the space may have so many more bytes. `data`: they are data. */
export function mayExpand(space: SpacePages, bytes: number, data: boolean): boolean {
  const { limits, totalPages, dataPages } = space
  if (totalPages * PAGE_SIZE + bytes > (limits[RLIMIT_AS]?.soft ?? Infinity)) return false
  if (!data) return true
  const { soft, hard } = limits[RLIMIT_DATA] ?? { soft: Infinity, hard: Infinity }
  // A limit of 0 means the hard one: Linux has this rule for Valgrind.
  return dataPages * PAGE_SIZE + bytes <= (soft === 0 ? hard : soft)
}

/** How many bytes of the range are mapped; `flag`: only areas that have it. */
export function bytesWithin(space: SpacePages, start: number, end: number, flag = 0): number {
  let bytes = 0
  for (const area of space.areas.within(start, end))
    if ((area.flags & flag) === flag) bytes += Math.min(end, area.end) - Math.max(start, area.start)
  return bytes
}
