/**
 * Which page of a file is which page of the backing file. Pages are reserved in runs, so that
 * neighbours in the file are neighbours in the backing file, and used one by one: a reserved page
 * costs the host nothing.
 *
 * The table is a map of blocks of 512 pages, so a file with a hole of a terabyte costs nothing.
 */
import { PAGE_SIZE } from '../pages/page.ts'
import { NO_PAGES, type PageAllocator } from '../pages/page-allocator.ts'

const BLOCK_PAGES = 512

export class PageTable {
  readonly #allocator: PageAllocator
  /** Of each page its number in the backing file; negative while only reserved; 0: none. */
  readonly #blocks = new Map<number, Int32Array>()
  /** Pages in use, without reserved ones. */
  used = 0

  constructor(allocator: PageAllocator) {
    this.#allocator = allocator
  }

  /** The offset in the backing file of a page in use; NO_PAGES if there is none. */
  find(index: number): number {
    const page = this.#entry(index)
    return page > 0 ? page * PAGE_SIZE : NO_PAGES
  }

  /** How many pages from `index` on, at most `limit`, are in use and side by side. */
  run(index: number, limit: number): number {
    const first = this.#entry(index)
    if (first <= 0) return 0
    let count = 1
    while (count < limit && this.#entry(index + count) === first + count) count++
    return count
  }

  /** Takes a page into use; `pages` is the length of the file, as far as it is known. */
  use(index: number, pages: number): number {
    const found = this.find(index)
    if (found >= 0) return found
    if (this.#entry(index) === 0 && !this.#reserve(index, pages)) return NO_PAGES
    const block = this.#blocks.get(Math.floor(index / BLOCK_PAGES)) as Int32Array
    const at = index % BLOCK_PAGES
    const page = -(block[at] as number)
    block[at] = page
    this.used++
    return page * PAGE_SIZE
  }

  /** Gives the pages of [from, to) back, reserved ones too. */
  remove(from: number, to: number): void {
    for (const [number, block] of this.#blocks) {
      const first = number * BLOCK_PAGES
      if (first >= to || first + BLOCK_PAGES <= from) continue
      this.#clear(block, Math.max(0, from - first), Math.min(BLOCK_PAGES, to - first))
      if (from <= first && to >= first + BLOCK_PAGES) this.#blocks.delete(number)
    }
  }

  /** Runs of pages in use, in no order: [first page of the file, offset, count]. */
  *runs(): Generator<readonly [number, number, number]> {
    for (const [number, block] of this.#blocks) {
      for (let at = 0; at < BLOCK_PAGES; at++) {
        const index = number * BLOCK_PAGES + at
        const count = this.run(index, BLOCK_PAGES - at)
        if (count === 0) continue
        yield [index, (block[at] as number) * PAGE_SIZE, count]
        at += count - 1
      }
    }
  }

  #entry(index: number): number {
    return this.#blocks.get(Math.floor(index / BLOCK_PAGES))?.[index % BLOCK_PAGES] ?? 0
  }

  #clear(block: Int32Array, from: number, to: number): void {
    for (let at = from; at < to; at++) {
      const page = block[at] as number
      if (page === 0) continue
      if (page > 0) this.used--
      this.#allocator.release(Math.abs(page) * PAGE_SIZE, 1)
      block[at] = 0
    }
  }

  /**
   * Reserves a run that holds `index`: to the end of the file if its length is known, else as many
   * pages as the file has already, so that a file that grows has few runs.
   */
  #reserve(index: number, pages: number): boolean {
    const number = Math.floor(index / BLOCK_PAGES)
    const block = this.#blocks.get(number) ?? new Int32Array(BLOCK_PAGES)
    const at = index % BLOCK_PAGES
    const wanted = Math.max(1, pages - index, Math.min(index, this.used))
    let count = 1
    while (count < wanted && at + count < BLOCK_PAGES && block[at + count] === 0) count++
    const before = Math.abs(this.#entry(index - 1))
    let offset = this.#allocator.allocate(count, 'zero', before === 0 ? 0 : (before + 1) * PAGE_SIZE)
    if (offset < 0 && count > 1) {
      count = 1
      offset = this.#allocator.allocate(1, 'zero')
    }
    if (offset < 0) return false
    for (let page = 0; page < count; page++) block[at + page] = -(offset / PAGE_SIZE + page)
    this.#blocks.set(number, block)
    return true
  }
}
