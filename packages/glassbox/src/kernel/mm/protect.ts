/** Changing the rights of mappings: mprotect(2). */
import { PROT_EXEC, PROT_WRITE } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { AREA_MAY_EXECUTE, AREA_MAY_WRITE, type Area, isData } from './areas/area.ts'
import { mayExpand } from './expand.ts'
import type { SpacePages } from './space-pages.ts'
import { touch } from './touch.ts'

/** Anonymous memory that gets rights gets its pages with them: glibc's heaps grow like that. */
const MAKE_AT_ONCE = 256 * 1024 * 1024

/**
 * Changes what is mapped from `start` on up to the first gap, or the first area that may not have
 * these rights: then −ENOMEM or −EACCES, and what is before it has changed.
 */
export function protect(space: SpacePages, start: number, end: number, protection: number): number {
  let at = start
  let result = 0
  while (at < end && result === 0) {
    const area = space.areas.find(at)
    if (area === undefined) result = -ERRNO.ENOMEM
    else if (!mayHave(area, protection)) result = -ERRNO.EACCES
    else if (!mayBecome(space, area, Math.min(area.end, end) - at, protection)) result = -ERRNO.ENOMEM
    else if (!space.mayIsolate(at, Math.min(area.end, end))) result = -ERRNO.ENOMEM
    else {
      const to = Math.min(area.end, end)
      space.isolate(at, to)
      protectArea(space, space.areas.find(at) as Area, protection)
      at = to
    }
  }
  space.join(start, at)
  return result
}

function protectArea(space: SpacePages, area: Area, protection: number): void {
  const isMade = protection !== 0 && area.protection === 0 && area.end - area.start <= MAKE_AT_ONCE
  space.setProtection(area, protection)
  space.show(area)
  if (area.shared && (protection & PROT_WRITE) !== 0)
    area.file?.mappable.written(area.fileOffset, area.end - area.start)
  if (isMade && area.backing === undefined && area.anonymous) touch(space, area.start, false)
}

/** Memory that becomes data is charged as such, unless a limit was exceeded before. */
function mayBecome(space: SpacePages, area: Area, bytes: number, protection: number): boolean {
  if (!isData(protection, area.flags) || isData(area.protection, area.flags)) return true
  return mayExpand(space, bytes, true) || !mayExpand(space, bytes, false)
}

function mayHave(area: Area, protection: number): boolean {
  if ((protection & PROT_WRITE) !== 0 && (area.flags & AREA_MAY_WRITE) === 0) return false
  return (protection & PROT_EXEC) === 0 || (area.flags & AREA_MAY_EXECUTE) !== 0
}
