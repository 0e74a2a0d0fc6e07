/**
 * Areas in order of their addresses, in blocks of some hundred: adding or removing one moves the
 * others of its block only, so a program with 50 000 mappings is not slower a call than a small
 * one. It knows what a position is, and nothing of gaps or of joining: see area-list.ts.
 *
 * Always true: there is a block; none but the only one is empty.
 */
import type { Area } from './area.ts'

export class AreaBlocks {
  readonly #most: number
  readonly #blocks: Area[][] = [[]]
  #block = 0
  #index = 0
  /** How many areas there are. */
  count = 0

  /** A block that grows beyond `most` areas becomes two. */
  constructor(most: number) {
    this.#most = most
  }

  /** All areas. While there are few it is the list itself, which changes with it. */
  get all(): readonly Area[] {
    return this.#blocks.length === 1 ? this.#here : this.#blocks.flat()
  }

  get #here(): Area[] {
    return this.#blocks[this.#block] as Area[]
  }

  /** The area at the position; undefined: the position is behind the last. */
  get current(): Area | undefined {
    return this.#here[this.#index]
  }

  /** The area before the position. */
  get previous(): Area | undefined {
    return this.#index > 0 ? this.#here[this.#index - 1] : this.#blocks[this.#block - 1]?.at(-1)
  }

  /** Goes to the first area that ends above the address, which is `current` then. */
  seek(address: number): Area | undefined {
    const blocks = this.#blocks
    let low = 0
    let high = blocks.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      const block = blocks[middle] as Area[]
      if ((block[block.length - 1] as Area).end <= address) low = middle + 1
      else high = middle
    }
    this.#block = low
    const areas = this.#here
    low = 0
    high = areas.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((areas[middle] as Area).end <= address) low = middle + 1
      else high = middle
    }
    this.#index = low
    return areas[low]
  }

  /** Goes to the next area. */
  next(): Area | undefined {
    if (this.#index < this.#here.length) this.#index++
    this.#leaveEnd()
    return this.current
  }

  /** Goes to the area before; at the first one it stays, and returns undefined. */
  back(): Area | undefined {
    if (this.#index > 0) this.#index--
    else if (this.#block === 0) return undefined
    else {
      this.#block--
      this.#index = this.#here.length - 1
    }
    return this.current
  }

  /** Adds an area before the position, which is at the new one then. */
  insert(area: Area): void {
    const areas = this.#here
    areas.splice(this.#index, 0, area)
    this.count++
    if (areas.length <= this.#most) return
    const half = areas.length >> 1
    this.#blocks.splice(this.#block + 1, 0, areas.splice(half))
    if (this.#index < half) return
    this.#block++
    this.#index -= half
  }

  /** Removes `current`; the position is at the next one then. */
  remove(): void {
    const areas = this.#here
    areas.splice(this.#index, 1)
    this.count--
    if (areas.length === 0 && this.#blocks.length > 1) {
      this.#blocks.splice(this.#block, 1)
      this.#index = 0
      if (this.#block < this.#blocks.length) return
      this.#block--
      this.#index = this.#here.length
    } else this.#leaveEnd()
  }

  /** Takes out what begins below `end`, from the position on; that is at what follows then. */
  take(end: number): Area[] {
    const taken: Area[] = []
    for (let area = this.current; area !== undefined && area.start < end; area = this.current) {
      const areas = this.#here
      let to = this.#index + 1
      while (to < areas.length && (areas[to] as Area).start < end) to++
      // The last of them by remove(), which keeps the blocks right.
      for (const each of areas.splice(this.#index, to - this.#index - 1)) taken.push(each)
      this.count -= to - this.#index - 1
      taken.push(areas[this.#index] as Area)
      this.remove()
    }
    return taken
  }

  /** The end of a block is the beginning of the next, if there is one. */
  #leaveEnd(): void {
    if (this.#index < this.#here.length || this.#block + 1 >= this.#blocks.length) return
    this.#block++
    this.#index = 0
  }
}
