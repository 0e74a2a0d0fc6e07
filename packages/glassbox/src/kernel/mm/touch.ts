/**
 * Touching memory: what happens when a guest or the kernel reads or writes an address. The area is
 * looked up, the stack grows if need be, missing pages are made or loaded, and a shared page is
 * copied before it is written. Afterwards the access can be done.
 */
import { PROT_WRITE, RLIMIT_STACK } from '../../linux/constants.ts'
import { AREA_GROWS_DOWN, type Area } from './areas/area.ts'
import { STACK_GUARD } from './layout.ts'
import { PAGE_SIZE, pageEnd, pageStart } from './pages/page.ts'
import type { SpacePages } from './space-pages.ts'

/** Anonymous areas up to this length get all their pages at once; longer ones by windows. */
const WHOLE_AREA = 256 * 1024 * 1024
const WINDOW = 32 * 1024 * 1024
/** Files are mapped as they are loaded, in windows of this length. */
const FILE_WINDOW = 256 * 1024
/** A stack grows by at least this much. */
const STACK_STEP = 128 * 1024
/** With more areas than this a copy takes the whole area, so that it is not split further. */
const MANY_AREAS = 20_000
/** Of a file that cannot change so many pages are copied together: data lies side by side. */
const FILE_COPY = 16 * PAGE_SIZE
/** The most pages that are copied together for who writes one after the other. */
const MOST_TOGETHER = 32
/** The most pages that are remembered for the next fork. */
export const MOST_LEARNED = 64
/** The most neighbours that get their right to write back together. */
const REGAIN_PAGES = 512

/** Why an access is not possible. */
export type Refusal = 'nothing' | 'forbidden' | 'beyond-end' | 'no-memory'

/** The area that holds the address, ready for the access; or why there is none. */
export function touch(space: SpacePages, address: number, write: boolean): Area | Refusal {
  const area = space.areas.find(address) ?? growStack(space, address)
  if (area === undefined) return 'nothing'
  if (write ? (area.protection & PROT_WRITE) === 0 : area.protection === 0) return 'forbidden'
  if (area.backing === undefined) {
    const refusal =
      area.file === undefined ? makePages(space, area, address) : loadPages(space, area, address)
    if (refusal !== undefined) return refusal
  }
  const backed = space.areas.find(address) as Area
  if (!write || !backed.copyOnWrite) return backed
  return copyOnWrite(space, backed, address) ? (space.areas.find(address) as Area) : 'no-memory'
}

/** The stack below an area that grows down, made longer so that it holds the address. */
export function growStack(space: SpacePages, address: number): Area | undefined {
  const above = space.areas.after(address)
  if (above === undefined || (above.flags & AREA_GROWS_DOWN) === 0 || above.end <= address) return undefined
  // The areas of one stack follow each other: its top is the end of the last.
  let top = above.end
  for (let next = space.areas.find(top); next !== undefined; next = space.areas.find(top)) {
    if ((next.flags & AREA_GROWS_DOWN) === 0) break
    top = next.end
  }
  const limit = Math.max(0, top - (space.limits[RLIMIT_STACK]?.soft ?? 8 * 1024 * 1024))
  const below = space.areas.before(address)
  const floor = Math.max(
    limit,
    below === undefined ? 0 : below.end + (below.protection === 0 ? 0 : STACK_GUARD),
  )
  const needed = pageStart(address)
  if (needed < floor) return undefined
  const start = Math.max(pageEnd(floor), Math.min(needed, above.start - STACK_STEP))
  const grown = above.part(above.start, above.start)
  grown.start = start
  grown.backing = undefined
  grown.owned = false
  grown.copyOnWrite = false
  grown.hostProtection = -1
  space.add(grown)
  return grown
}

/** Gives an anonymous area without pages its pages, or the window around the address. */
function makePages(space: SpacePages, whole: Area, address: number): Refusal | undefined {
  const area = whole.end - whole.start <= WHOLE_AREA ? whole : windowOf(space, whole, address, WINDOW)
  const before = space.areas.find(area.start - 1)
  const after = before?.owned === true && before.backing === 'world' ? endOffset(before) : 0
  const offset = space.world.world.allocate(area.pages, 'zero', after)
  if (offset < 0) return 'no-memory'
  area.backing = 'world'
  area.offset = offset
  area.owned = true
  area.copyOnWrite = false
  space.show(area)
  space.join(area.start, area.end)
  return undefined
}

function windowOf(space: SpacePages, area: Area, address: number, length: number): Area {
  const from = Math.max(area.start, address - (address % length))
  space.isolate(from, Math.min(area.end, from + length))
  return space.areas.find(address) as Area
}

function endOffset(area: Area): number {
  return area.offset + (area.end - area.start)
}

/** Loads the page of a file, and shows what lies beside it. */
function loadPages(space: SpacePages, area: Area, address: number): Refusal | undefined {
  const { mappable } = area.file as NonNullable<Area['file']>
  const at = area.fileOffset + pageStart(address) - area.start
  if (at >= pageEnd(mappable.size)) return 'beyond-end'
  const page = mappable.page(at)
  if (page < 0) return 'beyond-end'
  const end = Math.min(area.end, area.start + pageEnd(mappable.size) - area.fileOffset)
  const window = address - (address % FILE_WINDOW)
  const start = [area.start, Math.max(area.start, window)].find(
    from => runFrom(area, from, end) > pageStart(address) - from,
  )
  showFile(space, area, start ?? pageStart(address), end)
  return undefined
}

/** How many bytes of a file area are loaded side by side from an address on. */
function runFrom(area: Area, from: number, end: number): number {
  const { mappable } = area.file as NonNullable<Area['file']>
  return mappable.pageRun(area.fileOffset + from - area.start, (end - from) / PAGE_SIZE) * PAGE_SIZE
}

/** Shows the loaded pages of a file from `from` on. Returns the end of what is shown. */
export function showFile(space: SpacePages, area: Area, from: number, end: number): number {
  const length = runFrom(area, from, end)
  if (length === 0) return from
  const { mappable } = area.file as NonNullable<Area['file']>
  space.isolate(from, from + length)
  const part = space.areas.find(from) as Area
  part.backing = mappable.backing
  part.offset = mappable.page(part.fileOffset)
  part.owned = false
  part.copyOnWrite = !part.shared
  space.show(part)
  space.join(from, from + length)
  return from + length
}

/**
 * Makes the page at an address the guest's own. If nobody else refers to it there is nothing to
 * copy: then the page and its neighbours in the same position may be written again.
 */
export function copyOnWrite(space: SpacePages, area: Area, address: number): boolean {
  const page = pageStart(address)
  if (area.owned && space.regained.size < MOST_LEARNED) space.regained.add(page)
  if (area.owned && regain(space, area, page)) return true
  if (space.areas.count > MANY_AREAS) return copyPages(space, area.start, area.end)
  if (area.backing !== 'cache') return copyPages(space, page, endOfRun(space, area, page))
  const window = page - (page % FILE_COPY)
  return copyPages(space, Math.max(area.start, window), Math.min(area.end, window + FILE_COPY))
}

/**
 * How far to copy: a page, and twice as many each time that the next write follows soon behind the
 * last copy. Only what others share is worth it.
 */
function endOfRun(space: SpacePages, area: Area, page: number): number {
  const last = space.lastCopy
  const isNext = page >= last.end && page <= last.end + last.pages * PAGE_SIZE
  const most = isNext ? Math.min(MOST_TOGETHER, last.pages * 2) : 1
  const { world } = space.world
  const room = Math.min(most, (area.end - page) / PAGE_SIZE)
  let pages = 1
  while (
    pages < room &&
    area.owned &&
    world.references(area.offset + page - area.start + pages * PAGE_SIZE) > 1
  )
    pages++
  space.lastCopy = { end: page + pages * PAGE_SIZE, pages: most }
  return page + pages * PAGE_SIZE
}

/** Copies the pages of [start, end), which is within one area. */
export function copyPages(space: SpacePages, start: number, end: number): boolean {
  space.isolate(start, end)
  const area = space.areas.find(start) as Area
  const from = space.allocatorOf(area)
  const to = space.world.world
  const before = space.areas.find(start - 1)
  const offset = to.allocate(area.pages, 'any', before?.owned === true ? endOffset(before) : 0)
  if (offset < 0) return false
  if (!to.copyFrom(offset, from, area.offset, area.pages)) {
    to.release(offset, area.pages)
    return false
  }
  if (area.owned) to.release(area.offset, area.pages)
  area.offset = offset
  area.backing = 'world'
  area.owned = true
  area.copyOnWrite = false
  space.showPages(area, true)
  if (space.parent !== undefined) for (let page = start; page < end; page += PAGE_SIZE) space.copied.add(page)
  space.join(start, end)
  return true
}

function regain(space: SpacePages, area: Area, page: number): boolean {
  const allocator = space.world.world
  const offset = area.offset + page - area.start
  const ahead = Math.min(REGAIN_PAGES, (area.end - page) / PAGE_SIZE)
  const count = allocator.singleRun(offset, ahead)
  if (count === 0) return false
  let behind = 0
  while (
    behind < REGAIN_PAGES &&
    page - (behind + 1) * PAGE_SIZE >= area.start &&
    allocator.references(offset - (behind + 1) * PAGE_SIZE) === 1
  )
    behind++
  const start = page - behind * PAGE_SIZE
  const end = page + count * PAGE_SIZE
  space.isolate(start, end)
  const part = space.areas.find(page) as Area
  part.copyOnWrite = false
  space.show(part)
  space.join(start, end)
  return true
}
