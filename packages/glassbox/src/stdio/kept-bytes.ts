/**
 * What was captured of an output, in few pieces: each thing that is read from a pipe comes in a
 * buffer of its own, whose upkeep is some six hundred bytes, also for one byte. Memory is at most
 * about twice what was kept.
 */

const FIRST_BLOCK_BYTES = 4096
const LAST_BLOCK_BYTES = 1 << 20

export class KeptBytes {
  /** Full, all but the last. */
  readonly #blocks: Uint8Array[] = []
  #length = 0
  /** What is free in the last block. */
  #free = 0

  /** `chunk` is not the caller's any more. */
  append(chunk: Uint8Array): void {
    // Most programs write once.
    if (this.#length === 0) this.#blocks.push(chunk)
    else for (let at = 0; at < chunk.length; ) at += this.#fill(chunk.subarray(at))
    this.#length += chunk.length
  }

  #fill(bytes: Uint8Array): number {
    if (this.#free === 0) {
      // As much again as there is: so there are few, and half of them are full.
      const size = Math.min(Math.max(this.#length, bytes.length, FIRST_BLOCK_BYTES), LAST_BLOCK_BYTES)
      this.#blocks.push(new Uint8Array(size))
      this.#free = size
    }
    const block = this.#blocks.at(-1) ?? new Uint8Array(0)
    const taken = bytes.subarray(0, this.#free)
    block.set(taken, block.length - this.#free)
    this.#free -= taken.length
    return taken.length
  }

  get length(): number {
    return this.#length
  }

  /** A copy of at most `most` bytes from `from` on, within one block. */
  read(from: number, most: number): Buffer {
    let at = from
    for (const block of this.#blocks) {
      const length = block === this.#blocks.at(-1) ? block.length - this.#free : block.length
      if (at < length) return Buffer.from(block.subarray(at, Math.min(length, at + most)))
      at -= length
    }
    return Buffer.alloc(0)
  }

  /** All of them. */
  bytes(): Uint8Array {
    const [first, ...more] = this.#blocks
    if (first && more.length === 0) return first
    return Buffer.concat(this.#blocks, this.#length)
  }
}
