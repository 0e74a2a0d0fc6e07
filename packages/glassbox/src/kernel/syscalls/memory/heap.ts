/** brk(2): the heap behind the program. */
import { PROT_READ, PROT_WRITE, RLIMIT_DATA } from '../../../linux/constants.ts'
import { AREA_GROWS_DOWN, AREA_LOCKED, AREA_MAY_EXECUTE, AREA_MAY_WRITE } from '../../mm/areas/area.ts'
import { mayExpand } from '../../mm/expand.ts'
import { STACK_GUARD } from '../../mm/layout.ts'
import { mapAnonymous } from '../../mm/map.ts'
import { pageEnd } from '../../mm/pages/page.ts'
import type { Task } from '../../task/types.ts'
import type { Family } from '../family.ts'
import { softLimit } from './ranges.ts'

/** Returns the end of the heap: the new one, or the old one if that cannot be. */
function brk(task: Task, wanted: number): number {
  const space = task.addressSpace
  const { program } = space
  if (wanted < program.heapStart || wanted > task.world.platform.maxAddress) return program.heapEnd
  const oldEnd = pageEnd(program.heapEnd)
  const newEnd = pageEnd(wanted)
  if (newEnd < oldEnd) space.remove(newEnd, oldEnd, true)
  else if (newEnd > oldEnd && !grow(task, oldEnd, newEnd)) return program.heapEnd
  program.heapEnd = wanted
  return wanted
}

function grow(task: Task, start: number, end: number): boolean {
  const space = task.addressSpace
  const bytes = end - start
  const above = space.areas.after(start)
  const guard = above !== undefined && (above.flags & AREA_GROWS_DOWN) !== 0 ? STACK_GUARD : 0
  if (above !== undefined && above.start - guard < end) return false
  if (end - space.program.heapStart > softLimit(task, RLIMIT_DATA)) return false
  if (!mayExpand(space, bytes, true)) return false
  if (bytes > task.world.memory.limitBytes) return false
  const flags = AREA_MAY_WRITE | AREA_MAY_EXECUTE | (space.lockFuture ? AREA_LOCKED : 0)
  return mapAnonymous(space, { start, end, protection: PROT_READ | PROT_WRITE, flags, name: 'heap' })
}

export const HEAP: Family = { brk }
