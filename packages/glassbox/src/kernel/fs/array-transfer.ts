/** A transfer between an array of the kernel and a file: splice(2), files that no guest writes. */
import type { Transfer } from '../mm/transfer.ts'

export class ArrayTransfer implements Transfer {
  #bytes: Uint8Array
  moved = 0
  readonly faulted = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get remaining(): number {
    return this.#bytes.length - this.moved
  }

  limit(length: number): void {
    if (length < this.remaining) this.#bytes = this.#bytes.subarray(0, this.moved + length)
  }

  put(source: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.remaining)
    this.#bytes.set(source.subarray(offset, offset + count), this.moved)
    this.moved += count
    return count
  }

  take(target: Uint8Array, offset: number, length: number): number {
    const count = Math.min(length, this.remaining)
    target.set(this.#bytes.subarray(this.moved, this.moved + count), offset)
    this.moved += count
    return count
  }

  zero(length: number): number {
    const count = Math.min(length, this.remaining)
    this.#bytes.fill(0, this.moved, this.moved + count)
    this.moved += count
    return count
  }
}
