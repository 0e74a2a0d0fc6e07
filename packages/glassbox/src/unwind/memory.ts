/**
 * Reads words of the memory of a stopped process. Unreadable memory throws a RangeError, which
 * ends the walk.
 */
import type { MemoryReader } from '../decode/memory.ts'

const WORD = 8

/** Little-endian, up to eight bytes. */
export function readWord(memory: MemoryReader, address: bigint, size: number = WORD): bigint {
  const bytes = memory.read(address, size)
  if (bytes.length < size || size < 1 || size > WORD)
    throw new RangeError(`no memory at ${address.toString(16)}`)
  if (size === WORD) return new DataView(bytes.buffer, bytes.byteOffset, WORD).getBigUint64(0, true)
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}

export function readWords(memory: MemoryReader, address: bigint, count: number): BigUint64Array {
  const bytes = memory.read(address, count * WORD)
  if (bytes.length < count * WORD) throw new RangeError(`no memory at ${address.toString(16)}`)
  return new BigUint64Array(bytes.slice().buffer)
}
