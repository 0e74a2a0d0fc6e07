/**
 * The pages of a file: of a memory file (nothing but pages), or of a file of the host (pages are
 * loaded when they are first needed, and written through). Reading, writing and mapping use the
 * same pages.
 *
 * Pages belong to the file until it is freed and no mapping holds it. Who maps it is told before
 * pages go: `MappingUser.pagesGone`. Bytes beyond the end are zero, but for what mappings write
 * into the last page: it is zeroed again when the file gets longer.
 *
 *     const pages = new FilePages(worldMemory.world)      // a memory file
 *     pages.write(transfer, 0)
 *     new FilePages(worldMemory.cache, { load: (offset, target, at, length) => … }, size)
 */
import { ERRNO } from '../../../linux/errno.ts'
import type { BackingFile } from '../../platform/platform.ts'
import type { Mappable, MappingUser } from '../mappable.ts'
import { PAGE_SIZE, pageEnd } from '../pages/page.ts'
import { NO_PAGES, type PageAllocator } from '../pages/page-allocator.ts'
import type { Transfer } from '../transfer.ts'
import type { FileSource } from './file-source.ts'
import { PageTable } from './page-table.ts'

const ENOSPC = ERRNO.ENOSPC
const EIO = ERRNO.EIO

/** Files up to this long are loaded whole, longer ones in pieces. */
const WHOLE_FILE = 1024 * 1024
const PIECE = 256 * 1024

export class FilePages implements Mappable {
  readonly backing: BackingFile
  readonly #allocator: PageAllocator
  readonly #source: FileSource | undefined
  readonly #table: PageTable
  readonly #users = new Map<MappingUser, number>()
  #size: number
  #freed = false
  #loading = false
  /** What shared mappings may have written and nobody has stored: [from, to) in bytes. */
  #dirtyFrom = Infinity
  #dirtyTo = 0

  constructor(allocator: PageAllocator, source?: FileSource, size = 0) {
    this.backing = allocator.file
    this.#allocator = allocator
    this.#table = new PageTable(allocator)
    this.#source = source
    this.#size = size
  }

  get size(): number {
    return this.#size
  }

  /** Pages that it holds: for st_blocks and for limits. */
  get pages(): number {
    return this.#table.used
  }

  /** Where the first page in use at or behind this offset begins; Infinity if there is none. */
  nextUsed(offset: number): number {
    let next = Infinity
    for (const [index, , count] of this.#table.runs()) {
      if ((index + count) * PAGE_SIZE > offset) next = Math.min(next, Math.max(index * PAGE_SIZE, offset))
    }
    return next
  }

  page(offset: number): number {
    const index = Math.floor(offset / PAGE_SIZE)
    const found = this.#table.find(index)
    if (found >= 0) return found
    const source = this.#source
    if (source === undefined) return this.#use(index)
    // What stores would lose what mappings wrote; what only loads may go at any time.
    if (source.store === undefined) this.#allocator.evictable.add(this)
    this.#loading = true
    const loaded = this.#load(index, source)
    this.#loading = false
    return loaded
  }

  pageRun(offset: number, limit: number): number {
    return this.#table.run(Math.floor(offset / PAGE_SIZE), limit)
  }

  /** Moves bytes from `position` on; 0 at the end. */
  read(transfer: Transfer, position: number): number {
    let at = position
    const end = Math.min(this.#size, position + transfer.remaining)
    while (at < end) {
      const left = Math.min(end - at, PAGE_SIZE - (at % PAGE_SIZE))
      const offset = this.#source === undefined ? this.#table.find(Math.floor(at / PAGE_SIZE)) : this.page(at)
      let moved: number
      let wanted = left
      if (offset === NO_PAGES && this.#source === undefined) moved = transfer.zero(left)
      else if (offset < 0) return at > position ? at - position : offset
      else {
        if (left < end - at) wanted = Math.min(end - at, this.#bytesSideBySide(at, end))
        if (!this.#allocator.ensure(offset, wanted)) return at > position ? at - position : -EIO
        const memory = this.#allocator.memory
        const start = (offset % memory.chunkSize) + (at % PAGE_SIZE)
        moved = transfer.put(memory.chunk(offset).bytes, start, wanted)
      }
      at += moved
      if (moved < wanted) break
    }
    return Math.max(0, at - position)
  }

  /** Moves all bytes of the transfer to `position`, and makes the file longer if need be. */
  write(transfer: Transfer, position: number): number {
    const end = position + transfer.remaining
    let at = position
    let failure = 0
    if (position > this.#size) this.#zeroTail(this.#size)
    while (at < end) {
      const wanted = Math.min(end - at, PAGE_SIZE - (at % PAGE_SIZE))
      // Bytes behind the end need not be loaded: they are zero, or overwritten.
      const offset = this.#pageToWrite(at, wanted)
      failure = offset < 0 ? offset : this.#allocator.ensure(offset, PAGE_SIZE) ? 0 : -ENOSPC
      if (failure < 0) break
      const memory = this.#allocator.memory
      const start = (offset % memory.chunkSize) + (at % PAGE_SIZE)
      const { bytes } = memory.chunk(offset)
      const moved = transfer.take(bytes, start, wanted)
      failure = moved === 0 ? 0 : (this.#source?.store?.(at, bytes, start, moved) ?? 0)
      if (failure < 0) break
      at += moved
      this.#size = Math.max(this.#size, at)
      if (moved < wanted) break
    }
    return at > position ? at - position : failure
  }

  /** ftruncate(2). The source is not asked: its owner changes it first. */
  resize(size: number): number {
    if (size < this.#size) {
      const last = pageEnd(size)
      this.#give(last, pageEnd(Math.max(this.#size, last)) - last, true)
      this.#zeroTail(size)
    } else this.#zeroTail(this.#size)
    this.#size = size
    return 0
  }

  /** FALLOC_FL_PUNCH_HOLE: the bytes read as zero, in the source too. */
  punch(offset: number, length: number): number {
    const failure = this.#source?.punch?.(offset, length) ?? 0
    if (failure < 0) return failure
    this.zeroed(offset, length)
    return 0
  }

  /** These bytes are zero in the source, so they are here. */
  zeroed(offset: number, length: number): void {
    const end = Math.min(offset + length, pageEnd(this.#size))
    const from = Math.min(pageEnd(offset), end)
    const to = end - (end % PAGE_SIZE)
    if (from > to) return this.#zero(offset, end)
    this.#zero(offset, from)
    this.#give(from, to - from, false)
    this.#zero(Math.max(to, offset), end)
  }

  /** Takes memory for these bytes: fallocate(2). */
  reserve(offset: number, length: number): number {
    for (let at = offset - (offset % PAGE_SIZE); at < offset + length; at += PAGE_SIZE) {
      const page = this.page(at)
      if (page < 0) return page
      if (!this.#allocator.ensure(page, PAGE_SIZE)) return -ENOSPC
    }
    return 0
  }

  hold(user: MappingUser): void {
    this.#users.set(user, (this.#users.get(user) ?? 0) + 1)
  }

  drop(user: MappingUser): void {
    const count = (this.#users.get(user) ?? 0) - 1
    if (count > 0) this.#users.set(user, count)
    else this.#users.delete(user)
    if (this.#users.size > 0) return
    if (this.#freed) this.#table.remove(0, Infinity)
    this.#source?.unmapped?.()
  }

  /** Whether a mapping uses it. */
  get mapped(): boolean {
    return this.#users.size > 0
  }

  written(offset: number, length: number): void {
    this.#dirtyFrom = Math.min(this.#dirtyFrom, offset)
    this.#dirtyTo = Math.max(this.#dirtyTo, offset + length)
  }

  sync(offset: number, length: number): number {
    const source = this.#source
    const from = Math.max(offset, this.#dirtyFrom)
    const to = Math.min(offset + length, this.#dirtyTo, this.#size)
    if (source?.store === undefined || from >= to) return 0
    let failure = 0
    for (const [index, page, count] of this.#table.runs()) {
      const start = Math.max(index * PAGE_SIZE, from)
      const bytes = Math.min((index + count) * PAGE_SIZE, to) - start
      if (bytes <= 0 || !this.#allocator.ensure(page, count * PAGE_SIZE)) continue
      const { memory } = this.#allocator
      const at = (page % memory.chunkSize) + start - index * PAGE_SIZE
      failure = Math.min(failure, source.store(start, memory.chunk(page).bytes, at, bytes))
    }
    return failure
  }

  /** What is not mapped and can be loaded again goes back; returns the number of pages. */
  evict(): number {
    if (this.mapped || this.#source === undefined || this.#loading) return 0
    const count = this.#table.used
    this.#table.remove(0, Infinity)
    return count
  }

  /** The file is gone: its pages go as soon as no mapping holds them. */
  free(): void {
    this.#freed = true
    if (!this.mapped) this.#table.remove(0, Infinity)
  }

  #use(index: number): number {
    const offset = this.#table.use(index, Math.ceil(this.#size / PAGE_SIZE))
    return offset < 0 ? -ENOSPC : offset
  }

  #pageToWrite(at: number, length: number): number {
    const index = Math.floor(at / PAGE_SIZE)
    const whole = at % PAGE_SIZE === 0 && (length === PAGE_SIZE || at + length >= this.#size)
    return whole || index * PAGE_SIZE >= this.#size ? this.#use(index) : this.page(at)
  }

  #load(index: number, source: FileSource): number {
    const piece = this.#size <= WHOLE_FILE ? WHOLE_FILE : PIECE
    const from = index * PAGE_SIZE - ((index * PAGE_SIZE) % piece)
    const end = Math.min(pageEnd(this.#size), from + piece)
    for (let at = from; at < end; ) {
      const count = this.#claim(at, end)
      if (count < 0) return count
      if (count > 0) {
        const failure = this.#fill(at, count, source)
        if (failure < 0) return failure
      }
      at += Math.max(count, 1) * PAGE_SIZE
    }
    const offset = this.#table.find(index)
    return offset >= 0 ? offset : this.#use(index)
  }

  /** Takes pages from `at` on that are not loaded and will lie side by side; 0 if it is loaded. */
  #claim(at: number, end: number): number {
    const index = at / PAGE_SIZE
    if (this.#table.find(index) >= 0) return 0
    const first = this.#use(index)
    if (first < 0) return first
    let count = 1
    while (at + count * PAGE_SIZE < end && this.#table.find(index + count) < 0) {
      const next = this.#use(index + count)
      if (next !== first + count * PAGE_SIZE) {
        if (next >= 0) this.#table.remove(index + count, index + count + 1)
        break
      }
      count++
    }
    return count
  }

  #fill(at: number, count: number, source: FileSource): number {
    const index = at / PAGE_SIZE
    const offset = this.#table.find(index)
    const { memory } = this.#allocator
    const length = Math.min(count * PAGE_SIZE, this.#size - at)
    const read = this.#allocator.ensure(offset, count * PAGE_SIZE)
      ? source.load(at, memory.chunk(offset).bytes, offset % memory.chunkSize, length)
      : -EIO
    if (read < 0) this.#table.remove(index, index + count)
    return Math.min(read, 0)
  }

  /** How many bytes from `at` on lie side by side, for one copy. */
  #bytesSideBySide(at: number, end: number): number {
    const inPage = at % PAGE_SIZE
    const pages = Math.ceil((end - at + inPage) / PAGE_SIZE)
    const { chunkSize } = this.#allocator.memory
    const offset = this.#table.find(Math.floor(at / PAGE_SIZE))
    const room = chunkSize - (offset % chunkSize)
    return Math.min(this.pageRun(at, pages) * PAGE_SIZE, room) - inPage
  }

  #give(offset: number, length: number, copies: boolean): void {
    if (length <= 0) return
    for (const user of this.#users.keys()) user.pagesGone(this, offset, length, copies)
    this.#table.remove(Math.ceil(offset / PAGE_SIZE), Math.floor((offset + length) / PAGE_SIZE))
  }

  #zeroTail(size: number): void {
    if (size % PAGE_SIZE !== 0) this.#zero(size, pageEnd(size))
  }

  #zero(from: number, to: number): void {
    const offset = from < to ? this.#table.find(Math.floor(from / PAGE_SIZE)) : NO_PAGES
    if (offset < 0 || !this.#allocator.ensure(offset, PAGE_SIZE)) return
    const { memory } = this.#allocator
    const start = (offset % memory.chunkSize) + (from % PAGE_SIZE)
    memory.chunk(offset).bytes.fill(0, start, start + to - from)
  }
}
