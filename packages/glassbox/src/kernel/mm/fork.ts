/**
 * Sharing the pages of a process with its child: fork(2).
 *
 * - Small writable areas are copied at once, and so are the pages that the last child copied
 *   ("learned"). The rest is shared; a write of either side copies then.
 * - If the parent is parked until the child leaves or blocks, it keeps its right to write ("put
 *   off"): mostly the child executes a program or ends before, and the parent goes on as if
 *   nothing had happened. `settle` takes the right away at last.
 * - When the child leaves, the parent gets back what nobody else shares, in one batch.
 */
import { PROT_READ, PROT_WRITE } from '../../linux/constants.ts'
import {
  AREA_DONT_FORK,
  AREA_LOCKED,
  AREA_SHARED,
  AREA_WIPE_ON_FORK,
  type Area,
  UNMAPPED,
} from './areas/area.ts'
import { PAGE_SIZE } from './pages/page.ts'
import type { SpacePages } from './space-pages.ts'
import { copyPages, MOST_LEARNED } from './touch.ts'

/** Copying so many pages costs less than one fault. */
const EAGER_PAGES = 8
/** Pages to the next one that a child will write: a mapping of its own costs as much as these. */
const PAGES_PER_WRITE = 12
/** Longer runs are never copied as a whole. */
const MOST_COPIED = 64

/** Fills an empty child. False if there is no memory. */
export function shareWithChild(parent: SpacePages, child: SpacePages, putOff: boolean): boolean {
  const { all } = parent.areas
  child.parent = parent
  for (let index = 0; index < all.length; ) {
    const count = areasToCopy(parent, index)
    if (count === 0) shareArea(parent, child, all[index] as Area, putOff)
    else if (!copyAreas(parent, child, all.slice(index, index + count))) return false
    index += Math.max(1, count)
  }
  parent.regained.clear()
  parent.putOff = putOff
  copyLearned(parent, child)
  // The parent's other threads must not write a shared page once the child runs.
  if (!putOff) parent.settleCopies()
  return true
}

/** The child and the parent have the same pages, until one of them writes. */
function shareArea(parent: SpacePages, child: SpacePages, area: Area, putOff: boolean): void {
  if ((area.flags & AREA_DONT_FORK) !== 0) return
  const copy = area.part(area.start, area.end)
  copy.hostProtection = UNMAPPED
  copy.flags &= ~AREA_LOCKED
  if ((area.flags & AREA_WIPE_ON_FORK) !== 0) forget(copy)
  else if (area.owned) {
    parent.world.world.share(area.offset, area.pages)
    if (!area.shared) {
      area.copyOnWrite = true
      copy.copyOnWrite = true
      if (!putOff) parent.show(area)
    }
  }
  child.add(copy, !isReadSeldom(copy) || remember(parent, child, copy.start, copy.end) > 0)
}

/** Most children never look at locales and tables of their parent: a fault shows them. */
function isReadSeldom(area: Area): boolean {
  return !area.owned && area.backing === 'cache' && area.protection === PROT_READ
}

/**
 * How many areas from this one on are copied together, because they are short, or because the
 * last child has written so many of their pages that sharing the rest costs more. 0: shared.
 */
function areasToCopy(parent: SpacePages, index: number): number {
  const { all } = parent.areas
  const first = all[index] as Area
  if (!mayCopy(first)) return 0
  let [end, pages] = [index + 1, first.pages]
  for (let next = all[end]; pages <= MOST_COPIED && next !== undefined; next = all[++end]) {
    if (!mayCopy(next) || !(all[end - 1] as Area).looksContinuedBy(next)) break
    pages += next.pages
  }
  const written = pages > MOST_COPIED ? 0 : learnedIn(parent, first.start, (all[end - 1] as Area).end).length
  if (pages <= Math.max(EAGER_PAGES, written * PAGES_PER_WRITE)) return end - index
  return first.pages <= EAGER_PAGES ? 1 : 0
}

const mayCopy = (area: Area): boolean =>
  area.owned &&
  (area.protection & PROT_WRITE) !== 0 &&
  (area.flags & (AREA_SHARED | AREA_DONT_FORK | AREA_WIPE_ON_FORK)) === 0

/** Gives the child its own copy of areas that continue each other, as one area. */
function copyAreas(parent: SpacePages, child: SpacePages, areas: readonly Area[]): boolean {
  const { world } = parent.world
  const { start } = areas[0] as Area
  const { end } = areas.at(-1) as Area
  const copy = (areas[0] as Area).part(start, end)
  const offset = world.allocate(copy.pages, 'any')
  if (offset < 0) return false
  for (const area of areas) {
    if (world.copyFrom(offset + area.start - start, world, area.offset, area.pages)) continue
    world.release(offset, copy.pages)
    return false
  }
  copy.offset = offset
  copy.copyOnWrite = false
  copy.hostProtection = UNMAPPED
  copy.flags &= ~AREA_LOCKED
  child.add(copy, false)
  child.showPages(copy, copy.pages <= EAGER_PAGES)
  remember(parent, child, start, end)
  return true
}

/** The addresses in this range that the last child has needed. */
const learnedIn = (parent: SpacePages, start: number, end: number): number[] =>
  parent.learned.filter(address => address >= start && address < end)

/** The child has at once what the last one has needed here; returns how many pages that are. */
function remember(parent: SpacePages, child: SpacePages, start: number, end: number): number {
  const addresses = learnedIn(parent, start, end)
  for (const address of addresses) child.copied.add(address)
  return addresses.length
}

/** Takes away the right to write shared pages, if that was put off. */
export function settle(parent: SpacePages): void {
  if (!parent.putOff) return
  parent.putOff = false
  for (const area of parent.areas.all) if (area.copyOnWrite) parent.show(area)
}

/** The child has given its pages back: what nobody else shares is the parent's alone again. */
export function childLeft(child: SpacePages): void {
  const { parent } = child
  child.parent = undefined
  if (parent === undefined) return
  parent.learned = [...new Set([...parent.regained, ...child.copied])].slice(-MOST_LEARNED)
  child.copied.clear()
  const { world } = parent.world
  for (const area of parent.areas.all) {
    if (!area.copyOnWrite || !area.owned) continue
    if (world.singleRun(area.offset, area.pages) < area.pages) continue
    area.copyOnWrite = false
    parent.show(area)
  }
  settle(parent)
  parent.join(0, Infinity)
}

function forget(area: Area): void {
  area.backing = undefined
  area.owned = false
  area.copyOnWrite = false
}

/** The parent shares a page no more: it may go on writing it, whatever happens to its area. */
function keepWritable(parent: SpacePages, address: number): void {
  const area = parent.areas.find(address)
  if (area === undefined || !area.copyOnWrite || !area.owned) return
  if (parent.world.world.references(area.offset + address - area.start) > 1) return
  for (const page of parent.isolated(address, address + PAGE_SIZE)) {
    page.copyOnWrite = false
    parent.show(page)
  }
}

function copyLearned(parent: SpacePages, child: SpacePages): void {
  for (const address of parent.learned) {
    const area = child.areas.find(address)
    if (area === undefined || !area.copyOnWrite || (area.protection & PROT_WRITE) === 0) continue
    // A copy that fails now is tried again when the page is written.
    if (copyPages(child, address, address + PAGE_SIZE)) keepWritable(parent, address)
  }
}
