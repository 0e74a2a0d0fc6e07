/**
 * Making mappings at an address that is known to be free, or that may be replaced: what mmap(2),
 * brk(2) and execve(2) share. Checks of arguments and limits are the callers'.
 */
import { PROT_WRITE } from '../../linux/constants.ts'
import { AREA_NO_RESERVE, AREA_SHARED, Area, type AreaName } from './areas/area.ts'
import type { MappedFile } from './mapped-file.ts'
import { PAGE_SIZE, pageEnd } from './pages/page.ts'
import type { SpacePages } from './space-pages.ts'
import { showFile, touch } from './touch.ts'

/** Files up to this length are loaded at once; of longer ones what is loaded is shown. */
const LOAD_AT_ONCE = 64 * 1024 * 1024
/** Where a long file is not loaded, it is looked for the next loaded part in these steps. */
const STEP = 256 * 1024
/** The most loaded parts of one mapping that are shown at once. */
const MOST_PARTS = 64
/** Private parts of files that may be written are copied at once up to this length. */
const COPY_AT_ONCE = 2 * 1024 * 1024
/** Shared memory beyond this length would have to be reserved as a whole. */
const RESERVE_AT_ONCE = 256 * 1024 * 1024

export interface Mapping {
  readonly start: number
  readonly end: number
  /** PROT_* and AREA_*. */
  readonly protection: number
  readonly flags: number
  readonly name?: AreaName
}

/**
 * Maps anonymous memory and replaces what is there. False: no memory. Private memory gets its
 * pages at the first touch if it is long or has no rights, else at once.
 */
export function mapAnonymous(space: SpacePages, mapping: Mapping): boolean {
  const { start, end } = mapping
  const area = new Area(start, end, mapping.protection, mapping.flags)
  area.name = mapping.name
  const shared = (mapping.flags & AREA_SHARED) !== 0
  const wanted = end - start <= RESERVE_AT_ONCE && mapping.protection !== 0
  const lazily = (mapping.flags & AREA_NO_RESERVE) !== 0 || !wanted
  if (shared || !lazily) {
    const before = space.areas.find(start - 1)
    const after = before?.owned === true ? before.offset + (before.end - before.start) : 0
    const offset = space.world.world.allocate(area.pages, 'zero', after)
    if (offset < 0) return false
    area.backing = 'world'
    area.owned = true
    area.offset = offset
  }
  space.remove(start, end, area.wantedProtection < 0)
  space.add(area)
  space.join(start, end)
  return true
}

/** Maps a file and replaces what is there. What is loaded is shown at once. */
export function mapFile(space: SpacePages, mapping: Mapping, file: MappedFile, fileOffset: number): boolean {
  const { start, end, protection, flags } = mapping
  const area = new Area(start, end, protection, flags)
  area.file = file
  area.fileOffset = fileOffset
  space.remove(start, end, true)
  space.add(area)
  const { mappable } = file
  const shownEnd = Math.min(end, start + pageEnd(mappable.size) - fileOffset)
  if (shownEnd > start) {
    // A file that may change is copied page by page: until then its changes are seen.
    const isStable = mappable.backing === 'cache' && (flags & AREA_SHARED) === 0
    if (isStable && (protection & PROT_WRITE) !== 0 && shownEnd - start <= COPY_AT_ONCE) {
      if (!copyFile(space, area, shownEnd)) return false
    } else if (protection !== 0) showLoaded(space, start, shownEnd)
    if ((flags & AREA_SHARED) !== 0 && (protection & PROT_WRITE) !== 0)
      mappable.written(fileOffset, shownEnd - start)
  }
  space.join(start, end)
  return true
}

/** Loads what is short, and shows what is loaded: the guest need not fault for it. */
function showLoaded(space: SpacePages, start: number, end: number): void {
  let at = start
  for (let parts = 0; at < end && parts < MOST_PARTS; ) {
    const area = space.areas.find(at) as Area
    const { mappable } = area.file as MappedFile
    if (mappable.size <= LOAD_AT_ONCE && mappable.page(area.fileOffset + at - area.start) < 0) return
    const shown = showFile(space, area, at, end)
    if (shown > at) parts++
    at = shown > at ? shown : at - ((area.fileOffset + at - area.start) % STEP) + STEP
  }
}

/** Gives a private part of a file its own pages at once. */
function copyFile(space: SpacePages, whole: Area, end: number): boolean {
  const { world } = space.world
  space.isolate(whole.start, end)
  const area = space.areas.find(whole.start) as Area
  const offset = world.allocate(area.pages, 'any')
  if (offset < 0) return false
  const file = area.file as MappedFile
  const from = file.mappable.backing === 'cache' ? space.world.cache : world
  for (let at = 0; at < area.end - area.start; ) {
    const source = file.mappable.page(area.fileOffset + at)
    const run = source < 0 ? 0 : file.mappable.pageRun(area.fileOffset + at, area.pages - at / PAGE_SIZE)
    if (run === 0 || !world.copyFrom(offset + at, from, source, run)) {
      world.release(offset, area.pages)
      // The first touch says what is wrong with it.
      return source < 0
    }
    at += run * PAGE_SIZE
  }
  area.backing = 'world'
  area.offset = offset
  area.owned = true
  space.showPages(area, true)
  return true
}

/** Makes the pages of a range, as MAP_POPULATE and mlock(2) do. False at the first that fails. */
export function populate(space: SpacePages, start: number, end: number): boolean {
  for (let at = start; at < end; at += PAGE_SIZE) {
    const found = space.areas.find(at)
    if (found === undefined) return false
    if (found.protection === 0) continue
    const write = (found.protection & PROT_WRITE) !== 0 && !found.shared
    const area = touch(space, at, write)
    if (typeof area === 'string') return false
    const allocator = space.allocatorOf(area)
    const length = Math.min(area.end, end) - at
    if (area.owned && !area.copyOnWrite) {
      if (!allocator.ensure(area.offset + at - area.start, length)) return false
      at += length - PAGE_SIZE
    }
  }
  return true
}
