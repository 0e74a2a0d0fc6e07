/**
 * The pages of a backing file: which are in use, by how many, and which are free. One allocator
 * owns one file.
 *
 * - A page in use has a count of references. Who shares it adds one, who leaves takes one away; at
 *   zero the page is free.
 * - Free pages keep what was in them ('dirty') until they are punched: single ones are taken again
 *   for copies, which overwrite them. What is handed out as zero is clean, filled or punched.
 * - `allocate` fails before an offset would reach the end of the file, since a typed array ignores
 *   a write beyond its end.
 * - Before JavaScript touches a page it calls `ensure`: a hole of the file becomes memory of the
 *   host by a call that can fail, not by a fault that would kill Node.
 */
import type { BackingFile, BackingMemory } from '../../platform/platform.ts'
import { CLEAN, DIRTY, FreeRuns } from './free-runs.ts'
import { PAGE_SIZE } from './page.ts'

/**
 * Dirty runs of up to this many pages are filled with zeros in place; longer ones are punched. A
 * new stack and a new heap are shorter: each punch costs calls of the host, for its pages are made
 * anew as well.
 */
const FILL_PAGES = 40
/** With more dirty pages than this, the long runs among them go back to the host. */
const KEEP_DIRTY_PAGES = 1024
/** Giving back a shorter run costs more than it is worth. */
const PUNCH_PAGES = 16

/** So many pages are made before the limit is asked again: that is a call of the host. */
const UNASKED_PAGES = 256

const PRESENT = 1

/** What gives pages of the page cache back if it can. */
export interface Evictable {
  /** Returns how many pages it gave back. */
  evict(): number
}

/** What `allocate` returns if there is no room. */
export const NO_PAGES = -1

export class PageAllocator {
  readonly file: BackingFile
  readonly memory: BackingMemory
  readonly #chunkPages: number
  readonly #limit: number
  readonly #free = new FreeRuns()
  #references = new Uint16Array(0)
  /** PRESENT: the host has memory for it, so JavaScript may touch it. */
  #states = new Uint8Array(0)
  /** More bytes of the host than this are not made for JavaScript; the loop sees to guests. */
  limitBytes: number = Infinity
  /** Called when pages are refused because of it. */
  onLimit: () => void = () => {}
  /**
   * Called before the host's memory shrinks, with the bytes of free pages that it held when the
   * pages that go back were still in use: the moment to measure a peak.
   */
  onShrink: (freeBytes: number) => void = () => {}
  /** With more pages in use than this, those who can are asked to give theirs back. */
  budgetPages: number = Infinity
  /** The oldest first. */
  readonly evictable: Set<Evictable> = new Set()
  #unasked = 0
  /** Pages from here on were never used. Page 0 is not used: offset 0 means nothing by mistake. */
  #top = 1

  constructor(file: BackingFile, memory: BackingMemory) {
    this.file = file
    this.memory = memory
    this.#chunkPages = Math.floor(memory.chunkSize / PAGE_SIZE)
    this.#limit = Math.floor(memory.size / PAGE_SIZE)
  }

  /**
   * Takes pages that lie side by side, with one reference each. `contents`: 'zero', or 'any' if
   * all will be overwritten. `after`: the offset where they should begin, to follow a neighbour.
   * Returns their offset, or NO_PAGES.
   */
  allocate(pages: number, contents: 'zero' | 'any', after = 0): number {
    if (this.pagesInUse + pages > this.budgetPages) this.#shrink()
    const first = this.#take(pages, contents, after / PAGE_SIZE)
    if (first < 0) return NO_PAGES
    this.#references.fill(1, first, first + pages)
    return first * PAGE_SIZE
  }

  /** Adds a reference to each page. */
  share(offset: number, pages: number): void {
    const first = offset / PAGE_SIZE
    for (let page = first; page < first + pages; page++) this.#references[page]!++
  }

  /** Takes a reference of each page away. */
  release(offset: number, pages: number): void {
    const first = offset / PAGE_SIZE
    const end = first + pages
    const references = this.#references
    const freeBefore = this.#free.pages(DIRTY)
    let start = -1
    for (let page = first; page < end; page++) {
      const left = --references[page]!
      if (left === 0 && start < 0) start = page
      else if (left !== 0 && start >= 0) {
        this.#free.add(start, page - start, DIRTY)
        start = -1
      }
    }
    if (start >= 0) this.#free.add(start, end - start, DIRTY)
    if (this.#free.pages(DIRTY) <= KEEP_DIRTY_PAGES) return
    this.onShrink(freeBefore * PAGE_SIZE)
    this.tidy(PUNCH_PAGES)
  }

  /** How many refer to the page at this offset. */
  references(offset: number): number {
    return this.#references[offset / PAGE_SIZE] as number
  }

  /** How many pages from `offset` on, at most `limit`, have one reference. */
  singleRun(offset: number, limit: number): number {
    const first = offset / PAGE_SIZE
    let count = 0
    while (count < limit && this.#references[first + count] === 1) count++
    return count
  }

  /** Makes these bytes memory that can be touched. False if the host has none left. */
  ensure(offset: number, length: number): boolean {
    const end = Math.ceil((offset + length) / PAGE_SIZE)
    for (let page = Math.floor(offset / PAGE_SIZE); page < end; page++) {
      if (this.#states[page] === PRESENT) continue
      let count = 1
      while (page + count < end && this.#states[page + count] !== PRESENT) count++
      if (!this.#mayMake(count) || !this.memory.allocate(page * PAGE_SIZE, count * PAGE_SIZE)) return false
      this.#states.fill(PRESENT, page, page + count)
      page += count
    }
    return true
  }

  /** Makes pages in use read as zero, and gives their memory back. */
  discard(offset: number, pages: number): void {
    this.onShrink(this.#free.pages(DIRTY) * PAGE_SIZE)
    this.#punch(offset, pages)
  }

  /** Copies pages of another file, or of this one. False if the host has no memory left. */
  copyFrom(target: number, from: PageAllocator, source: number, pages: number): boolean {
    const length = pages * PAGE_SIZE
    if (!this.ensure(target, length) || !from.ensure(source, length)) return false
    copyBytes(this.memory, target, from.memory, source, length)
    return true
  }

  /** Gives free memory back to the host: runs of at least so many pages, the longest first. */
  tidy(least = 1): void {
    for (;;) {
      const run = this.#free.takeLongest(least, DIRTY)
      if (run === undefined) return
      this.#punch(run.first * PAGE_SIZE, run.count)
      this.#free.add(run.first, run.count, CLEAN)
    }
  }

  /** Pages that were handed out and not freed. */
  get pagesInUse(): number {
    return this.#top - 1 - this.#free.pages(CLEAN) - this.#free.pages(DIRTY)
  }

  /** The highest number of pages that were ever in use or free at a time. */
  get pagesEver(): number {
    return this.#top - 1
  }

  #punch(offset: number, pages: number): void {
    this.memory.punch(offset, pages * PAGE_SIZE)
    this.#states.fill(0, offset / PAGE_SIZE, offset / PAGE_SIZE + pages)
  }

  #mayMake(pages: number): boolean {
    if (this.limitBytes === Infinity) return true
    this.#unasked += pages
    if (this.#unasked < UNASKED_PAGES) return true
    this.#unasked = 0
    const wanted = pages * PAGE_SIZE
    if (this.memory.usage() + wanted <= this.limitBytes) return true
    this.tidy()
    if (this.memory.usage() + wanted <= this.limitBytes) return true
    this.#unasked = UNASKED_PAGES
    this.onLimit()
    return false
  }

  /** Asks for pages back until half of the budget is free. */
  #shrink(): void {
    for (const one of this.evictable) {
      if (this.pagesInUse <= this.budgetPages / 2) break
      if (one.evict() > 0) this.evictable.delete(one)
    }
    this.tidy()
  }

  #take(pages: number, contents: 'zero' | 'any', after: number): number {
    const wanted = contents === 'zero' ? CLEAN : DIRTY
    if (after > 0) {
      if (after < this.#top) {
        if (this.#sameChunk(after, pages) && this.#free.takeAt(after, pages, wanted)) return after
      } else if (after === this.#top && this.#sameChunk(after, pages)) return this.#extend(pages)
    }
    const kept = this.#takeFree(pages, wanted)
    if (kept >= 0) return kept
    if (contents === 'any') {
      const clean = this.#takeFree(pages, CLEAN)
      return clean >= 0 ? clean : this.#extend(pages)
    }
    const dirty = this.#takeFree(pages, DIRTY)
    if (dirty < 0) return this.#extend(pages)
    const offset = dirty * PAGE_SIZE
    if (pages > FILL_PAGES || !this.ensure(offset, pages * PAGE_SIZE)) this.#punch(offset, pages)
    else {
      const at = offset % this.memory.chunkSize
      this.memory.chunk(offset).bytes.fill(0, at, at + pages * PAGE_SIZE)
    }
    return dirty
  }

  /** Free runs may cross chunks; what is handed out never does, unless it is longer than one. */
  #takeFree(pages: number, kind: typeof CLEAN | typeof DIRTY): number {
    const first = this.#free.take(pages, kind)
    if (first < 0 || this.#sameChunk(first, pages)) return first
    this.#free.add(first, pages, kind)
    return NO_PAGES
  }

  #sameChunk(first: number, pages: number): boolean {
    return (first % this.#chunkPages) + pages <= this.#chunkPages
  }

  #extend(pages: number): number {
    let first = this.#top
    if (pages <= this.#chunkPages && !this.#sameChunk(first, pages))
      first = Math.ceil(first / this.#chunkPages) * this.#chunkPages
    if (first + pages > this.#limit) return NO_PAGES
    if (first + pages + 1 > this.#references.length) this.#grow(first + pages + 1)
    if (first > this.#top) this.#free.add(this.#top, first - this.#top, CLEAN)
    this.#top = first + pages
    return first
  }

  #grow(pages: number): void {
    const length = Math.max(pages, 2 * this.#references.length, 4096)
    const references = new Uint16Array(length)
    references.set(this.#references)
    const states = new Uint8Array(length)
    states.set(this.#states)
    this.#references = references
    this.#states = states
    this.#free.grow(length)
  }
}

/** Copies between backing files. Both ranges are memory that can be touched. */
export function copyBytes(
  to: BackingMemory,
  target: number,
  from: BackingMemory,
  source: number,
  length: number,
): void {
  let done = 0
  while (done < length) {
    const at = (target + done) % to.chunkSize
    const start = (source + done) % from.chunkSize
    const count = Math.min(length - done, to.chunkSize - at, from.chunkSize - start)
    to.chunk(target + done).bytes.set(from.chunk(source + done).bytes.subarray(start, start + count), at)
    done += count
  }
}
