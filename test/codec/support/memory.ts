/** Memory for the tests of the codec. */
import type { MemoryReader } from '#glassbox/codec/memory.js'
import type { MemoryWriter } from '#glassbox/codec/write.js'

/** A piece of memory at an address; nothing else can be read. */
export class Piece implements MemoryReader, MemoryWriter {
  readonly start: bigint
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array, start: bigint = 0x10000n) {
    this.start = start
    this.bytes = bytes
  }

  read(address: bigint, length: number): Uint8Array {
    const offset = Number(BigInt.asIntN(64, address - this.start))
    if (offset < 0 || offset >= this.bytes.length) return new Uint8Array(0)
    return this.bytes.subarray(offset, offset + length)
  }

  write(address: bigint, bytes: Uint8Array): boolean {
    const offset = Number(BigInt.asIntN(64, address - this.start))
    if (offset < 0 || offset + bytes.length > this.bytes.length) return false
    this.bytes.set(bytes, offset)
    return true
  }
}
