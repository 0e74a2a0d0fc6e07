/** What a value is read from: a call, at its entry or at its exit. */
import type { DataModel } from '../linux/schema/layouts.ts'
import type { MemoryReader } from './memory.ts'

export interface Reading {
  readonly memory: MemoryReader
  /** The six registers, unsigned. */
  readonly args: readonly bigint[]
  /** The result register, signed: −errno for a failure. Undefined at the entry of the call. */
  readonly result: bigint | undefined
  /** Most bytes of a text or a buffer, and most elements of a list. */
  readonly limit: number
  /** Most elements of a list, if it is another number. */
  readonly elements?: number
  /** How wide pointers and longs of the program are. */
  readonly model: DataModel
}

/** Bytes and reads of one value: more than any honest call needs. */
const MOST_BYTES = 8 << 20
const MOST_READS = 1 << 16

/**
 * Memory that ends when a value has taken too much of it, so that a program which lets structs
 * point to structs cannot keep its reader busy.
 */
export class BoundedMemory implements MemoryReader {
  readonly model: DataModel | undefined
  readonly #memory: MemoryReader
  #bytes = MOST_BYTES
  #reads = MOST_READS

  constructor(memory: MemoryReader) {
    this.#memory = memory
    this.model = memory.model
  }

  read(address: bigint, length: number): Uint8Array {
    this.#bytes -= length
    this.#reads--
    if (this.#bytes < 0 || this.#reads < 0) return new Uint8Array(0)
    return this.#memory.read(address, length)
  }
}
