/**
 * The memory of a world: the allocators of its two backing files and what all address spaces of it
 * share.
 */
import type { BackingMemory, Platform } from '../platform/platform.ts'
import { PageAllocator } from './pages/page-allocator.ts'

/** Where the pages of a world's vDSO are in its memory: read-only for guests. */
export interface VdsoPages {
  /** The offset of the page of parameters; the pages of the image follow it. */
  readonly offset: number
  readonly imagePages: number
}

export class WorldMemory {
  readonly platform: Platform
  /** Pages of guests and of memory files. */
  readonly world: PageAllocator
  /** Pages of files that guests only read. */
  readonly cache: PageAllocator
  /** The vDSO of this world; undefined: every clock is a call. */
  vdso: VdsoPages | undefined = undefined

  constructor(platform: Platform, limitBytes: number = Infinity) {
    this.platform = platform
    this.world = new PageAllocator('world', platform.memory)
    this.cache = cacheOf(platform.cache)
    this.world.limitBytes = limitBytes
  }

  /** What the world may hold, in bytes. A prepared world gets it when its program is known. */
  get limitBytes(): number {
    return this.world.limitBytes
  }

  set limitBytes(bytes: number) {
    this.world.limitBytes = bytes
  }

  /**
   * What the host holds for this world, in bytes. Free pages are given back first if it looks like
   * more than the limit.
   */
  usage(): number {
    const bytes = this.world.memory.usage()
    if (bytes <= this.limitBytes) return bytes
    this.world.tidy()
    return this.world.memory.usage()
  }
}

/** What is read of files stays in the cache up to 1 GiB; files that are mapped do not count. */
const CACHE_PAGES = 2 ** 18

/** Worlds of one platform share its page cache, and so its allocator. */
const CACHES = new WeakMap<BackingMemory, PageAllocator>()

function cacheOf(memory: BackingMemory): PageAllocator {
  const known = CACHES.get(memory)
  if (known !== undefined) return known
  const made = new PageAllocator('cache', memory)
  made.budgetPages = CACHE_PAGES
  CACHES.set(memory, made)
  return made
}
