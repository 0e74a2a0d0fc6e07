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
import { PROT_WRITE } from '../../linux/constants.ts'
import { AREA_DONT_FORK, AREA_LOCKED, AREA_WIPE_ON_FORK, type Area, UNMAPPED } from './area.ts'
import { PAGE_SIZE } from './pages/page.ts'
import type { SpacePages } from './space-pages.ts'
import { copyPages, MOST_LEARNED } from './touch.ts'

/** Copying so many pages costs less than one fault. */
const EAGER_PAGES = 8
/** Fills an empty child. False if there is no memory. */
export function shareWithChild(parent: SpacePages, child: SpacePages, putOff: boolean): boolean {
  for (const area of parent.areas.all) {
    if ((area.flags & AREA_DONT_FORK) !== 0) continue
    const copy = area.part(area.start, area.end)
    copy.hostProtection = UNMAPPED
    copy.flags &= ~AREA_LOCKED
    if ((area.flags & AREA_WIPE_ON_FORK) !== 0) forget(copy)
    else if (area.owned && area.shared) parent.world.world.share(area.offset, area.pages)
    else if (area.owned && !isSmall(area)) {
      parent.world.world.share(area.offset, area.pages)
      area.copyOnWrite = true
      copy.copyOnWrite = true
      if (!putOff) parent.show(area)
    } else if (area.owned && !copyNow(parent, copy)) return false
    child.add(copy)
  }
  child.parent = parent
  child.copied.clear()
  parent.regained.clear()
  parent.putOff = putOff
  copyLearned(parent, child)
  // The parent's other threads must not write a shared page once the child runs.
  if (!putOff) parent.settleCopies()
  return true
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

function isSmall(area: Area): boolean {
  return area.pages <= EAGER_PAGES && (area.protection & PROT_WRITE) !== 0 && !area.copyOnWrite
}

function forget(area: Area): void {
  area.backing = undefined
  area.owned = false
  area.copyOnWrite = false
}

/** Gives an area of the child its own copies of the parent's pages. */
function copyNow(parent: SpacePages, area: Area): boolean {
  const { world } = parent.world
  const offset = world.allocate(area.pages, 'any')
  if (offset < 0) return false
  if (!world.copyFrom(offset, world, area.offset, area.pages)) {
    world.release(offset, area.pages)
    return false
  }
  area.offset = offset
  return true
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
