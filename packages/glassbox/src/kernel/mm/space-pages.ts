/**
 * The areas of an address space, the pages behind them, and the space of the platform that shows
 * them to the guest. Everything else of an address space works on these few operations: touching,
 * copying, mapping, fork.
 *
 * Always true:
 * - An area with pages is mapped in the host with `hostProtection`, or that is queued; or its
 *   first fault maps it.
 * - A guest can write a page that others share only while `putOff` is set: then it is parked.
 * - It holds each file that an area names, once an area.
 */
import type { Space } from '../platform/platform.ts'
import { AREA_LOCKED, type Area, isData, UNMAPPED } from './areas/area.ts'
import { AreaList } from './areas/area-list.ts'
import type { Mappable, MappingUser } from './mappable.ts'
import type { PageAllocator } from './pages/page-allocator.ts'
import type { WorldMemory } from './world-memory.ts'

/**
 * Areas of up to this length, whose pages exist, get their page tables at once. Of longer ones
 * most pages may never be touched, and a fault of the host shows several together.
 */
const POPULATE = 8 * 1024

/** More areas than this: ENOMEM. The host allows a process 65 530 mappings. */
const MAX_AREAS = 60_000

/** RLIMIT_* of a process by number, in bytes. */
export type MemoryLimits = readonly { readonly soft: number; readonly hard: number }[]

export class SpacePages implements MappingUser {
  readonly world: WorldMemory
  readonly space: Space
  readonly areas: AreaList = new AreaList()
  limits: MemoryLimits = []
  /** Whether several of its threads may run: then copies by the kernel are flushed at once. */
  concurrent = false
  /** Pages of all areas, of data (RLIMIT_DATA) and of locked ones: for limits and /proc. */
  totalPages = 0
  dataPages = 0
  lockedPages = 0
  /** Changes of host mappings so far: a fault that none explains any more is the guest's own. */
  changes = 0
  /** The space that this one was forked from, as long as that can matter. */
  parent: SpacePages | undefined = undefined
  /** Whether this space may still write pages that it shares with its child: it is parked. */
  putOff = false
  /** Addresses of pages that this space has copied, or shown, since its fork, for its parent. */
  readonly copied: Set<number> = new Set()
  /** Where the last copy of shared pages ended, and how many pages it wanted: see touch.ts. */
  lastCopy: { readonly end: number; readonly pages: number } = { end: 0, pages: 1 }
  /** Addresses of pages that faulted here because a child shares them. */
  readonly regained: Set<number> = new Set()
  /** Addresses of pages that this space or its last child needed: the next fork has them ready. */
  learned: readonly number[] = []

  constructor(world: WorldMemory, space: Space) {
    this.world = world
    this.space = space
  }

  /** The allocator of an area that has pages. */
  allocatorOf(area: Area): PageAllocator {
    return area.backing === 'cache' ? this.world.cache : this.world.world
  }

  /** Adds an area where there is none, and maps it if it has pages; else a fault does that. */
  add(area: Area, shown = true): void {
    area.file?.mappable.hold(this)
    this.#count(area, 1)
    this.areas.insert(area)
    if (shown) this.show(area)
  }

  /** Splits at both ends of the range, so that it consists of whole areas. */
  isolate(start: number, end: number): void {
    this.areas.split(start)?.file?.mappable.hold(this)
    this.areas.split(end)?.file?.mappable.hold(this)
  }

  /** Whether there may be another mapping. */
  get hasRoom(): boolean {
    return this.areas.count < MAX_AREAS
  }

  /** Whether the range may be split off: ENOMEM if not. */
  mayIsolate(start: number, end: number): boolean {
    if (this.hasRoom) return true
    const isBorder = (address: number): boolean => (this.areas.find(address)?.start ?? address) === address
    return isBorder(start) && isBorder(end)
  }

  /** The areas of a range, which is split at both ends. */
  isolated(start: number, end: number): readonly Area[] {
    this.isolate(start, end)
    return this.areas.within(start, end)
  }

  /** Gives the pages of a range back. `unmap`: in the host too; else it is mapped over next. */
  remove(start: number, end: number, unmap: boolean): void {
    if (!this.areas.occupied(start, end)) return
    this.isolate(start, end)
    const areas = this.areas.remove(start, end)
    const isMapped = areas.some(area => area.hostProtection !== UNMAPPED)
    if (isMapped && (unmap || this.concurrent)) this.unmapHost(start, end)
    // What runs beside must not reach pages that may be another's at once.
    this.settleCopies()
    for (const area of areas) this.#forget(area)
  }

  /** Queues that the host unmaps a range; the areas are the caller's. */
  unmapHost(start: number, end: number): void {
    this.changes++
    this.space.unmap(start, end - start)
  }

  /** Takes areas out of the list with their pages, to be put elsewhere. */
  detach(start: number, end: number): readonly Area[] {
    this.isolate(start, end)
    const areas = this.areas.remove(start, end)
    for (const area of areas) this.#count(area, -1)
    return areas
  }

  /** Puts a detached area back, with its pages and the file that it holds. */
  attach(area: Area): void {
    this.#count(area, 1)
    this.areas.insert(area)
    this.show(area)
  }

  /** Makes the host's mapping of an area what it should be. */
  show(area: Area): void {
    const wanted = area.wantedProtection
    if (wanted === area.hostProtection) return
    if (area.hostProtection === UNMAPPED) return this.showPages(area, !area.owned)
    this.changes++
    area.hostProtection = wanted
    const length = area.end - area.start
    if (wanted === UNMAPPED) this.space.unmap(area.start, length)
    else this.space.protect(area.start, length, wanted)
  }

  /**
   * Maps the pages of an area anew, for example after they have become others. `present`: none of
   * them is a hole, so that their page tables can be made at once.
   */
  showPages(area: Area, present: boolean): void {
    const wanted = area.wantedProtection
    if (area.backing === undefined || wanted === UNMAPPED) return
    const length = area.end - area.start
    this.changes++
    area.hostProtection = wanted
    const populate = present && length <= POPULATE
    this.space.map(area.start, length, wanted, area.backing, area.offset, populate)
  }

  /** Takes the pages of an area away: the next touch makes or loads them anew. */
  strip(area: Area): void {
    if (area.owned) this.world.world.release(area.offset, area.pages)
    area.owned = false
    area.backing = undefined
    area.copyOnWrite = false
    this.show(area)
  }

  /** Joins what continues each other around [start, end]. */
  join(start: number, end: number): void {
    this.areas.join(start, end, gone => gone.file?.mappable.drop(this))
  }

  /** After the kernel changed mappings while other threads may run: they must see it now. */
  settleCopies(): void {
    if (this.concurrent && this.space.pending) this.space.flush()
  }

  pagesGone(file: Mappable, offset: number, length: number, copies: boolean): void {
    for (const area of [...this.areas.all]) {
      if (area.file?.mappable !== file || area.backing === undefined || (area.owned && !copies)) continue
      const from = Math.max(area.start, area.start + offset - area.fileOffset)
      const to = Math.min(area.end, area.start + offset + length - area.fileOffset)
      if (from >= to) continue
      for (const part of this.isolated(from, to)) this.strip(part)
    }
    this.settleCopies()
  }

  /** Locks an area in memory, or not: mlock(2). */
  setLocked(area: Area, locked: boolean): void {
    this.#count(area, -1)
    area.flags = locked ? area.flags | AREA_LOCKED : area.flags & ~AREA_LOCKED
    this.#count(area, 1)
  }

  /** Changes the rights of an area; `show` brings them to the host. */
  setProtection(area: Area, protection: number): void {
    this.#count(area, -1)
    area.protection = protection
    this.#count(area, 1)
  }

  /** Gives all pages back; the host's mappings stay, and are the caller's to change. */
  forgetAll(): void {
    for (const area of this.areas.remove(0, Infinity)) this.#forget(area)
  }

  #forget(area: Area): void {
    if (area.owned) this.world.world.release(area.offset, area.pages)
    area.file?.mappable.drop(this)
    this.#count(area, -1)
  }

  #count(area: Area, sign: number): void {
    this.totalPages += sign * area.pages
    if (isData(area.protection, area.flags)) this.dataPages += sign * area.pages
    if ((area.flags & AREA_LOCKED) !== 0) this.lockedPages += sign * area.pages
  }
}
