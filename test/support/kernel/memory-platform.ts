/**
 * A platform for tests of memory: backing files are arrays, and a space is a table of pages that a
 * "guest" reads and writes by. Its accesses fault as on a CPU: a page that is not mapped, or not
 * with the right protection. Nothing runs.
 */
import assert from 'node:assert/strict'
import { noneUnexplained } from '#glassbox/kernel/mm/fault.js'
import type { AddressSpace } from '#glassbox/kernel/mm/address-space.js'
import { FilePages } from '#glassbox/kernel/mm/files/file-pages.js'
import type { MappedFile } from '#glassbox/kernel/mm/mapped-file.js'
import { WorldMemory } from '#glassbox/kernel/mm/world-memory.js'
import type {
  BackingFile,
  BackingMemory,
  Chunk,
  Platform,
  Space,
} from '#glassbox/kernel/platform/platform.js'

const PAGE = 4096
const PROT_READ = 1
const PROT_WRITE = 2
const SIGSEGV = 11

/** A backing file that keeps count of the pages that the host would hold. */
export class ArrayMemory implements BackingMemory {
  readonly size: number
  readonly chunkSize: number
  readonly #chunks: Chunk[] = []
  readonly present: Set<number> = new Set()
  /** How many more pages the host has. */
  room = Infinity

  constructor(size: number, chunkSize: number) {
    this.size = size
    this.chunkSize = chunkSize
  }

  chunk(offset: number): Chunk {
    assert.ok(offset >= 0 && offset < this.size, `offset ${offset} is in the file`)
    return (this.#chunks[Math.floor(offset / this.chunkSize)] ??= chunkOf(this.chunkSize))
  }

  allocate(offset: number, length: number): boolean {
    for (let page = offset / PAGE; page < (offset + length) / PAGE; page++) {
      if (this.present.has(page)) continue
      if (this.present.size >= this.room) return false
      this.present.add(page)
    }
    return true
  }

  punch(offset: number, length: number): void {
    for (let at = offset; at < offset + length; at += PAGE) {
      this.present.delete(at / PAGE)
      this.chunk(at).bytes.fill(0, at % this.chunkSize, (at % this.chunkSize) + PAGE)
    }
  }

  usage(): number {
    return this.present.size * PAGE
  }
}

function chunkOf(size: number): Chunk {
  const buffer = new ArrayBuffer(size)
  return { bytes: new Uint8Array(buffer), words: new Int32Array(buffer), view: new DataView(buffer) }
}

interface HostPage {
  file: BackingFile
  offset: number
  protection: number
}

export class PageSpace implements Space {
  readonly pages: Map<number, HostPage> = new Map()
  #queue: (() => void)[] = []
  /** Operations that were carried out, for tests of batches. */
  operations = 0
  released = false

  map(start: number, length: number, protection: number, file: BackingFile, offset: number): void {
    this.#put(start, length, (page, at) => this.pages.set(page, { file, offset: offset + at, protection }))
  }

  protect(start: number, length: number, protection: number): void {
    this.#put(start, length, page => {
      const host = this.pages.get(page)
      assert.ok(host, `page ${page.toString(16)} is mapped before it is protected`)
      host.protection = protection
    })
  }

  unmap(start: number, length: number): void {
    assertPages(start, length)
    this.#queue.push(() => {
      for (const page of [...this.pages.keys()])
        if (page >= start / PAGE && page < (start + length) / PAGE) this.pages.delete(page)
    })
  }

  get pending(): boolean {
    return this.#queue.length > 0
  }

  flush(): void {
    this.operations += this.#queue.length
    for (const change of this.#queue) change()
    this.#queue = []
  }

  release(): void {
    this.released = true
    this.#queue = []
    this.pages.clear()
  }

  #put(start: number, length: number, change: (page: number, at: number) => void): void {
    assertPages(start, length)
    this.#queue.push(() => {
      for (let at = 0; at < length; at += PAGE) change((start + at) / PAGE, at)
    })
  }
}

function assertPages(start: number, length: number): void {
  assert.ok(!(start % PAGE || length % PAGE || length <= 0), `${start} + ${length} are whole pages`)
}

export class MemoryPlatform implements Pick<Platform, 'name' | 'memory' | 'cache' | 'maxAddress'> {
  readonly name = 'scripted'
  readonly maxAddress = 0x7fff_ffff_f000
  readonly faultAccess: 'known' | 'unknown' = 'unknown'
  readonly memory: ArrayMemory
  readonly cache: ArrayMemory
  readonly spaces: PageSpace[] = []

  constructor(size: number = 64 * 1024 * 1024) {
    this.memory = new ArrayMemory(size, Math.min(size, 16 * 1024 * 1024))
    this.cache = new ArrayMemory(16 * 1024 * 1024, 16 * 1024 * 1024)
  }

  createSpace(): PageSpace {
    const space = new PageSpace()
    this.spaces.push(space)
    return space
  }
}

/** How a guest sees an address space: a fault is mended, or is the signal that is thrown. */
export class Guest {
  readonly #platform: MemoryPlatform
  readonly space: AddressSpace
  readonly #unexplained = noneUnexplained()
  faults = 0

  constructor(platform: MemoryPlatform, space: AddressSpace) {
    this.#platform = platform
    this.space = space
  }

  read(address: number): number {
    const [bytes, at] = this.#access(address, PROT_READ)
    return bytes[at] as number
  }

  write(address: number, value: number): void {
    const [bytes, at] = this.#access(address, PROT_WRITE)
    bytes[at] = value
  }

  /** `SIGSEGV 1` and the like, or undefined if the access works. */
  signal(address: number, write = false): string | undefined {
    try {
      this.#access(address, write ? PROT_WRITE : PROT_READ)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  #access(address: number, right: number): [Uint8Array, number] {
    const host = this.space.space as PageSpace
    for (let tries = 0; tries < 6; tries++) {
      host.flush()
      const page = host.pages.get(Math.floor(address / PAGE))
      if (page && (page.protection & right) === right) {
        const memory = page.file === 'world' ? this.#platform.memory : this.#platform.cache
        assert.ok(page.file === 'world' || right === PROT_READ, 'guests cannot write the cache')
        memory.allocate(page.offset, PAGE)
        const offset = page.offset + (address % PAGE)
        return [memory.chunk(offset).bytes, offset % memory.chunkSize]
      }
      this.faults++
      const signal = this.space.fault(
        { signal: SIGSEGV, code: page ? 2 : 1, address, error: -1 },
        this.#unexplained,
      )
      if (signal) throw new Error(`${signal.signal === SIGSEGV ? 'SIGSEGV' : 'SIGBUS'} ${signal.code}`)
    }
    throw new Error('the same fault again and again')
  }
}

/** A world whose memory is arrays. */
export function testWorld(size?: number): { platform: MemoryPlatform; world: WorldMemory } {
  const platform = new MemoryPlatform(size)
  return { platform, world: new WorldMemory(platform as unknown as Platform) }
}

/** A file of the page cache with these contents. */
export function fileOf(world: WorldMemory, bytes: Uint8Array, path: string): MappedFile {
  const load = (offset: number, target: Uint8Array, at: number, length: number): number => {
    const part = bytes.subarray(offset, offset + length)
    target.set(part, at)
    return part.length
  }
  return {
    mappable: new FilePages(world.cache, { load }, bytes.length),
    device: 1,
    inode: 1,
    path: () => path,
  }
}
