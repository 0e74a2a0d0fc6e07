/** Texts and bytes behind an address, by strace's rules: half a text is none. */
import { readString } from './memory.ts'
import type { Reading } from './reading.ts'
import { Bytes, Unreadable } from './values.ts'

type From = Pick<Reading, 'memory' | 'limit'>

/** A text up to its NUL, at most `limit` bytes of it. */
export function textAt(
  address: bigint,
  limit: number,
  { memory }: Pick<Reading, 'memory'>,
): null | Bytes | Unreadable {
  if (address === 0n) return null
  const read = readString(memory, address, limit)
  return read ? new Bytes(read.bytes.slice(), !read.ended) : new Unreadable(address)
}

/**
 * A text that ends at a NUL, or where there is no more room for it. The byte behind the room is
 * not looked at.
 */
export function boundedTextAt(
  address: bigint,
  room: number,
  { memory, limit }: From,
): null | Bytes | Unreadable {
  if (address === 0n) return null
  if (room === 0) return new Bytes(new Uint8Array(0), false)
  const needed = Math.min(room, limit + 1)
  const bytes = memory.read(address, needed)
  const end = bytes.indexOf(0)
  if (end >= 0) return new Bytes(bytes.slice(0, end), false)
  return bytes.length < needed ? new Unreadable(address) : new Bytes(bytes.slice(0, limit), true)
}

/** `length` bytes, up to the limit. The byte after the last one that is shown must be readable. */
export function bytesAt(address: bigint, length: number, { memory, limit }: From): null | Bytes | Unreadable {
  if (address === 0n) return null
  const needed = Math.min(length, limit + 1)
  const bytes = memory.read(address, needed)
  if (bytes.length < needed) return new Unreadable(address)
  return new Bytes(bytes.slice(0, limit), length > limit)
}
