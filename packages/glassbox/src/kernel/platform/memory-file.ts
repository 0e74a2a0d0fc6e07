/**
 * Memory of guests: a sparse memory file that stubs map and the kernel sees as typed arrays. It
 * can grow no further and never shrinks, so that no access of a mapping is beyond its end.
 *
 * Owns its descriptor. A chunk's mapping lives as long as its ArrayBuffer.
 */
import { close } from '../../gate/descriptors.ts'
import { call, syscall } from '../../gate/gate.ts'
import { mapMemory } from '../../gate/guest.ts'
import { createMemoryFile } from '../../gate/memory-file.ts'
import {
  F_ADD_SEALS,
  F_SEAL_SHRINK,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
} from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { PlatformError } from './platform-error.ts'
import type { BackingMemory, Chunk } from './platform.ts'

/**
 * V8 counts a mapping as memory that a collection of garbage might free, and begins one for every
 * 64 MiB. So a world that needs little maps little.
 */
const CHUNK_BYTES = 2 ** 23
const FALLOCATE = syscallNumber('fallocate')
const FSTAT = syscallNumber('fstat')
/** Of struct stat, in 64-bit words. */
const STAT_WORDS = 18
const BLOCKS_WORD = 8
const BLOCK_BYTES = 512

export class MemoryFile implements BackingMemory {
  readonly size: number
  readonly chunkSize: number
  readonly fd: number
  readonly #chunks: (Chunk | undefined)[] = []
  readonly #stat = new BigUint64Array(STAT_WORDS)

  constructor(name: string, size: number) {
    this.size = size
    this.chunkSize = Math.min(CHUNK_BYTES, size)
    this.fd = createMemoryFile(name)
    call('ftruncate', [this.fd, size], name)
    call('fcntl', [this.fd, F_ADD_SEALS, F_SEAL_SHRINK], name)
  }

  chunk(offset: number): Chunk {
    const index = Math.floor(offset / this.chunkSize)
    return this.#chunks[index] ?? this.#map(index)
  }

  #map(index: number): Chunk {
    const buffer = mapMemory(this.fd, index * this.chunkSize, this.chunkSize)
    if (typeof buffer === 'number')
      throw new PlatformError(`mapping the memory of guests (chunk ${index})`, -buffer)
    const chunk = {
      bytes: new Uint8Array(buffer),
      words: new Int32Array(buffer),
      view: new DataView(buffer),
    }
    this.#chunks[index] = chunk
    return chunk
  }

  allocate(offset: number, length: number): boolean {
    return syscall(FALLOCATE, this.fd, 0, offset, length) === 0
  }

  punch(offset: number, length: number): void {
    syscall(FALLOCATE, this.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length)
  }

  usage(): number {
    syscall(FSTAT, this.fd, this.#stat)
    return Number(this.#stat[BLOCKS_WORD]) * BLOCK_BYTES
  }

  close(): void {
    this.#chunks.length = 0
    close(this.fd)
  }
}
