/**
 * Captured output, in a few large blocks. Each read from a pipe gives a separate buffer, which
 * costs about six hundred bytes even for one byte of data. The memory used is at most about twice
 * the captured size.
 */

const FIRST_BLOCK_BYTES = 4096
const LAST_BLOCK_BYTES = 1 << 20

export class KeptBytes {
  /** All blocks but the last are full. */
  readonly #blocks: Uint8Array[] = []
  #length = 0
  /** Free bytes in the last block. */
  #free = 0

  /** Takes ownership of `chunk`. */
  append(chunk: Uint8Array): void {
    // Most programs write once, so the first chunk is not copied.
    if (this.#length === 0) this.#blocks.push(chunk)
    else for (let at = 0; at < chunk.length; ) at += this.#fill(chunk.subarray(at))
    this.#length += chunk.length
  }

  #fill(bytes: Uint8Array): number {
    if (this.#free === 0) {
      // Each block doubles the size, up to 1 MiB, so there are few blocks.
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

  /** Copies at most `most` bytes from the offset `from`, all within one block. */
  read(from: number, most: number): Buffer {
    let at = from
    for (const block of this.#blocks) {
      const length = block === this.#blocks.at(-1) ? block.length - this.#free : block.length
      if (at < length) return Buffer.from(block.subarray(at, Math.min(length, at + most)))
      at -= length
    }
    return Buffer.alloc(0)
  }

  /** All captured bytes. */
  bytes(): Uint8Array {
    const [first, ...more] = this.#blocks
    if (first && more.length === 0) return first
    return Buffer.concat(this.#blocks, this.#length)
  }
}
