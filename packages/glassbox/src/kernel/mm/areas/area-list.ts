/**
 * The areas of an address space in order of their addresses. They never overlap. It knows nothing
 * of pages or of the host: who changes areas keeps those right.
 */
import type { Area } from './area.ts'
import { AreaBlocks } from './area-blocks.ts'

const IN_BLOCK = 512

export class AreaList {
  readonly #areas: AreaBlocks
  /** The area that was found last: most look-ups are near the one before. */
  #last: Area | undefined = undefined
  /**
   * What the last search for a gap has found out: between `below` and `high` is no gap of `length`
   * or more. So a program with many mappings is not searched from the top each time.
   */
  #searched = { high: 0, below: 0, length: Infinity }

  /** `inBlock`: how many areas are moved together, see AreaBlocks; tests make it small. */
  constructor(inBlock: number = IN_BLOCK) {
    this.#areas = new AreaBlocks(inBlock)
  }

  /** All areas, for a look at each of them. It may change when areas do. */
  get all(): readonly Area[] {
    return this.#areas.all
  }

  get count(): number {
    return this.#areas.count
  }

  /** The area that holds this address. */
  find(address: number): Area | undefined {
    const last = this.#last
    if (last !== undefined && address >= last.start && address < last.end) return last
    const area = this.#areas.seek(address)
    if (area === undefined || area.start > address) return undefined
    this.#last = area
    return area
  }

  /** The first area that ends above the address. */
  after(address: number): Area | undefined {
    return this.#areas.seek(address)
  }

  /** The last area that begins below the address. */
  before(address: number): Area | undefined {
    const area = this.#areas.seek(address)
    return area !== undefined && area.start < address ? area : this.#areas.previous
  }

  /** Whether some area has a byte in [start, end). */
  occupied(start: number, end: number): boolean {
    const area = this.after(start)
    return area !== undefined && area.start < end
  }

  /** Whether areas cover all of [start, end). */
  covers(start: number, end: number): boolean {
    let at = start
    for (let area = this.#areas.seek(start); at < end; area = this.#areas.next()) {
      if (area === undefined || area.start > at) return false
      at = area.end
    }
    return true
  }

  insert(area: Area): void {
    this.#areas.seek(area.start)
    this.#areas.insert(area)
    this.#last = area
  }

  /** Makes the address a border: an area that contains it becomes two. Returns the second. */
  split(address: number): Area | undefined {
    const area = this.#areas.seek(address)
    if (area === undefined || area.start >= address) return undefined
    const second = area.part(address, area.end)
    area.end = address
    this.#areas.next()
    this.#areas.insert(second)
    this.#last = undefined
    return second
  }

  /** Removes the areas of [start, end), whose borders are borders of areas, and returns them. */
  remove(start: number, end: number): Area[] {
    this.#areas.seek(start)
    const removed = this.#areas.take(end)
    this.#last = undefined
    // The gap that comes of it reaches up to what is above.
    const above = this.#areas.current?.start ?? Infinity
    if (removed.length > 0) this.#searched.below = Math.max(this.#searched.below, above)
    return removed
  }

  /** The areas of [start, end), whose borders are borders of areas. */
  within(start: number, end: number): readonly Area[] {
    const found: Area[] = []
    for (
      let area = this.#areas.seek(start);
      area !== undefined && area.start < end;
      area = this.#areas.next()
    )
      found.push(area)
    return found
  }

  /**
   * Joins what continues each other around [start, end]. `joined` is called with each area that is
   * gone because the one before it took its pages over.
   */
  join(start: number, end: number, joined: (gone: Area) => void): void {
    const areas = this.#areas
    const gone: Area[] = []
    for (let next = areas.seek(start); next !== undefined && next.start <= end; ) {
      const area = areas.previous
      if (area?.end === next.start && area.isContinuedBy(next)) {
        area.end = next.end
        areas.remove()
        gone.push(next)
        next = areas.current
      } else next = areas.next()
    }
    if (gone.length > 0) this.#last = undefined
    for (const each of gone) joined(each)
  }

  /** The highest start of a gap of this length within [low, high) before `high`; −1: none. */
  gapBelow(high: number, low: number, length: number, guard: (above: Area) => number): number {
    const known = this.#searched
    const isKnown = known.high === high && length >= known.length && known.below < high
    const end = this.#gapEnd(isKnown ? known.below : high, length, guard)
    // A search for a longer gap has passed shorter ones: it says nothing about them.
    if (!isKnown || length === known.length) this.#searched = { high, below: Math.max(0, end), length }
    return end - length >= low ? end - length : -1
  }

  /** The end of the highest gap of this length below `high`. */
  #gapEnd(high: number, length: number, guard: (above: Area) => number): number {
    let end = high
    const areas = this.#areas
    const above = areas.seek(high - 1)
    if (above !== undefined && above.start >= end) {
      // An area that begins at the border keeps its distance to what will be below.
      if (above.start === end) end -= guard(above)
      if (end < length) return end
    }
    for (
      let area = above && above.start < high ? above : areas.back();
      area !== undefined;
      area = areas.back()
    ) {
      if (end - area.end >= length) return end
      end = Math.min(end, area.start - guard(area))
      if (end < length) return end
    }
    return end
  }
}
