/**
 * The memory of a guest as the kernel reads and writes it. A range is copied in pieces that lie
 * side by side in a chunk of a backing file; each piece is found through the areas, so a missing
 * page is made and a shared one is copied exactly as for the guest itself.
 *
 * Nothing is allocated on the way but the view of a piece that is longer than a few words.
 */
import { PROT_WRITE } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import type { Chunk } from '../platform/platform.ts'
import type { Area } from './areas/area.ts'
import { GuestTransfer, MAX_BUFFERS } from './guest-transfer.ts'
import type { SpacePages } from './space-pages.ts'
import { touch } from './touch.ts'
import type { Transfer } from './transfer.ts'
import type { UserMemory } from './user-memory.ts'

const EFAULT = ERRNO.EFAULT
const EINVAL = ERRNO.EINVAL
const ENAMETOOLONG = ERRNO.ENAMETOOLONG

/** Shorter pieces are copied byte by byte: a view would cost more. */
const SHORT = 32

const IOVEC_SIZE = 16

export class GuestMemory implements UserMemory {
  /** How many bytes the last `read`, `write` or `zero` has copied. */
  copied = 0
  readonly #space: SpacePages
  readonly #transfer: GuestTransfer
  /** Where the last `#reach` led to. */
  #chunk: Chunk
  #at = 0

  constructor(space: SpacePages) {
    this.#space = space
    this.#transfer = new GuestTransfer(this)
    this.#chunk = space.world.world.memory.chunk(0)
  }

  read(address: number, target: Uint8Array, offset: number, length: number): number {
    let done = 0
    while (done < length) {
      const count = this.#reach(address + done, length - done, false)
      if (count === 0) break
      copy(this.#chunk.bytes, this.#at, target, offset + done, count)
      done += count
    }
    this.copied = done
    return done === length ? 0 : -EFAULT
  }

  write(address: number, source: Uint8Array, offset: number, length: number): number {
    let done = 0
    while (done < length) {
      const count = this.#reach(address + done, length - done, true)
      if (count === 0) break
      copy(source, offset + done, this.#chunk.bytes, this.#at, count)
      done += count
    }
    return this.#wrote(done, length)
  }

  /** Writes zeros. */
  zero(address: number, length: number): number {
    let done = 0
    while (done < length) {
      const count = this.#reach(address + done, length - done, true)
      if (count === 0) break
      this.#chunk.bytes.fill(0, this.#at, this.#at + count)
      done += count
    }
    return this.#wrote(done, length)
  }

  readInt32(address: number): number {
    return this.#readWord(address) ? this.#chunk.view.getInt32(this.#at, true) : NaN
  }

  readUint32(address: number): number {
    return this.#readWord(address) ? this.#chunk.view.getUint32(this.#at, true) : NaN
  }

  readInt64(address: number): number {
    if (this.#reach(address, 8, false) === 8) {
      const { view } = this.#chunk
      return view.getInt32(this.#at + 4, true) * 2 ** 32 + view.getUint32(this.#at, true)
    }
    if (this.read(address, SPLIT, 0, 8) < 0) return NaN
    return SPLIT_VIEW.getInt32(4, true) * 2 ** 32 + SPLIT_VIEW.getUint32(0, true)
  }

  writeInt32(address: number, value: number): number {
    if (this.#reach(address, 4, true) === 4) {
      this.#chunk.view.setInt32(this.#at, value, true)
      return this.#wrote(4, 4)
    }
    SPLIT_VIEW.setInt32(0, value, true)
    return this.write(address, SPLIT, 0, 4)
  }

  writeInt64(address: number, value: number): number {
    const high = Math.floor(value / 2 ** 32)
    if (this.#reach(address, 8, true) === 8) {
      this.#chunk.view.setInt32(this.#at, value, true)
      this.#chunk.view.setInt32(this.#at + 4, high, true)
      return this.#wrote(8, 8)
    }
    SPLIT_VIEW.setInt32(0, value, true)
    SPLIT_VIEW.setInt32(4, high, true)
    return this.write(address, SPLIT, 0, 8)
  }

  readString(address: number, target: Uint8Array): number {
    let done = 0
    while (done < target.length) {
      const count = this.#reach(address + done, target.length - done, false)
      if (count === 0) return -EFAULT
      const { bytes } = this.#chunk
      const end = this.#at + count
      for (let at = this.#at; at < end; at++) {
        const byte = bytes[at] as number
        if (byte === 0) return done
        target[done++] = byte
      }
    }
    return -ENAMETOOLONG
  }

  /**
   * The words of the page at an address, for Atomics: `words[index]`. The page is made, and copied
   * if it is to be written. undefined: EFAULT. Valid until mappings change.
   */
  word(address: number, write: boolean): { words: Int32Array; index: number } | undefined {
    if (address % 4 !== 0 || this.#reach(address, 4, write) < 4) return undefined
    this.#space.settleCopies()
    return { words: this.#chunk.words, index: this.#at / 4 }
  }

  buffer(address: number, length: number): Transfer {
    const transfer = this.#transfer.reset()
    transfer.add(address, length)
    return transfer
  }

  vector(address: number, count: number): Transfer | number {
    if (count < 0 || count > MAX_BUFFERS) return -EINVAL
    const transfer = this.#transfer.reset()
    for (let index = 0; index < count; index++) {
      const base = this.readInt64(address + index * IOVEC_SIZE)
      const length = this.readInt64(address + index * IOVEC_SIZE + 8)
      if (Number.isNaN(length) || Number.isNaN(base)) return -EFAULT
      if (length < 0) return -EINVAL
      transfer.add(base, length)
    }
    return transfer
  }

  #readWord(address: number): boolean {
    if (this.#reach(address, 4, false) === 4) return true
    if (this.read(address, SPLIT, 0, 4) < 0) return false
    this.#chunk = SPLIT_CHUNK
    this.#at = 0
    return true
  }

  #wrote(done: number, length: number): number {
    this.copied = done
    this.#space.settleCopies()
    return done === length ? 0 : -EFAULT
  }

  /**
   * Finds where the bytes from an address on are: `#chunk` and `#at`. Returns how many of them, at
   * most `length`, lie side by side there and may be accessed; 0 if none.
   */
  #reach(address: number, length: number, write: boolean): number {
    let area = this.#space.areas.find(address)
    if (area === undefined || !isReady(area, write)) {
      const touched = touch(this.#space, address, write)
      if (typeof touched === 'string') return 0
      area = touched
    }
    const allocator = this.#space.allocatorOf(area)
    const { memory } = allocator
    const offset = area.offset + (address - area.start)
    const at = offset % memory.chunkSize
    const count = Math.min(length, area.end - address, memory.chunkSize - at)
    if (!allocator.ensure(offset, count)) return 0
    this.#chunk = memory.chunk(offset)
    this.#at = at
    return count
  }
}

/** A word that crosses a border of areas is put together here. */
const SPLIT = new Uint8Array(8)
const SPLIT_VIEW = new DataView(SPLIT.buffer)
const SPLIT_CHUNK: Chunk = { bytes: SPLIT, words: new Int32Array(SPLIT.buffer), view: SPLIT_VIEW }

function isReady(area: Area, write: boolean): boolean {
  if (area.backing === undefined) return false
  return write ? (area.protection & PROT_WRITE) !== 0 && !area.copyOnWrite : area.protection !== 0
}

function copy(source: Uint8Array, from: number, target: Uint8Array, to: number, count: number): void {
  if (count > SHORT) target.set(source.subarray(from, from + count), to)
  else for (let index = 0; index < count; index++) target[to + index] = source[from + index] as number
}
