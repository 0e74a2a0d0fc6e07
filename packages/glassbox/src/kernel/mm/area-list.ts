/**
 * The areas of an address space in order of their addresses. They never overlap. It knows nothing
 * of pages or of the host: who changes areas keeps those right.
 */
import type { Area } from './area.ts'

export class AreaList {
  readonly #areas: Area[] = []
  /** The area that was found last: most look-ups are near the one before. */
  #last: Area | undefined = undefined
  /**
   * What the last search for a gap has found out: between `below` and `high` is no gap of `length`
   * or more. So a program with many mappings is not searched from the top each time.
   */
  #searched = { high: 0, below: 0, length: Infinity }

  get all(): readonly Area[] {
    return this.#areas
  }

  /** The area that holds this address. */
  find(address: number): Area | undefined {
    const last = this.#last
    if (last !== undefined && address >= last.start && address < last.end) return last
    const area = this.#areas[this.indexAfter(address)]
    if (area === undefined || area.start > address) return undefined
    this.#last = area
    return area
  }

  /** The index of the first area that ends above the address. */
  indexAfter(address: number): number {
    const areas = this.#areas
    let low = 0
    let high = areas.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((areas[middle] as Area).end <= address) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The first area that ends above the address. */
  after(address: number): Area | undefined {
    return this.#areas[this.indexAfter(address)]
  }

  /** The last area that begins below the address. */
  before(address: number): Area | undefined {
    const index = this.indexAfter(address)
    const area = this.#areas[index]
    return area !== undefined && area.start < address ? area : this.#areas[index - 1]
  }

  /** Whether some area has a byte in [start, end). */
  occupied(start: number, end: number): boolean {
    const area = this.after(start)
    return area !== undefined && area.start < end
  }

  /** Whether areas cover all of [start, end). */
  covers(start: number, end: number): boolean {
    let at = start
    for (let index = this.indexAfter(start); at < end; index++) {
      const area = this.#areas[index]
      if (area === undefined || area.start > at) return false
      at = area.end
    }
    return true
  }

  insert(area: Area): void {
    this.#areas.splice(this.indexAfter(area.start), 0, area)
    this.#last = area
  }

  /** Makes the address a border: an area that contains it becomes two. Returns the second. */
  split(address: number): Area | undefined {
    const index = this.indexAfter(address)
    const area = this.#areas[index]
    if (area === undefined || area.start >= address) return undefined
    const second = area.part(address, area.end)
    area.end = address
    this.#areas.splice(index + 1, 0, second)
    this.#last = undefined
    return second
  }

  /** Removes the areas of [start, end), whose borders are borders of areas, and returns them. */
  remove(start: number, end: number): Area[] {
    const from = this.indexAfter(start)
    let to = from
    while (to < this.#areas.length && (this.#areas[to] as Area).start < end) to++
    this.#last = undefined
    const removed = this.#areas.splice(from, to - from)
    // The gap that comes of it reaches up to what is above.
    const above = this.#areas[from]?.start ?? Infinity
    if (removed.length > 0) this.#searched.below = Math.max(this.#searched.below, above)
    return removed
  }

  /** The areas of [start, end), whose borders are borders of areas. */
  within(start: number, end: number): readonly Area[] {
    const from = this.indexAfter(start)
    let to = from
    while (to < this.#areas.length && (this.#areas[to] as Area).start < end) to++
    return this.#areas.slice(from, to)
  }

  /**
   * Joins what continues each other around [start, end]. `joined` is called with each area that is
   * gone because the one before it took its pages over.
   */
  join(start: number, end: number, joined: (gone: Area) => void): void {
    let index = Math.max(1, this.indexAfter(start))
    while (index < this.#areas.length && (this.#areas[index] as Area).start <= end) {
      const area = this.#areas[index - 1] as Area
      const next = this.#areas[index] as Area
      if (area.end === next.start && area.isContinuedBy(next)) {
        area.end = next.end
        this.#areas.splice(index, 1)
        joined(next)
        this.#last = undefined
      } else index++
    }
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
    for (let index = this.indexAfter(high - 1); index >= 0; index--) {
      const area = this.#areas[index]
      if (area === undefined || area.start >= end) {
        // An area that begins at the border keeps its distance to what will be below.
        if (area?.start === end) end -= guard(area)
        continue
      }
      if (end - area.end >= length) return end
      end = Math.min(end, area.start - guard(area))
      if (end < length) return end
    }
    return end
  }
}
