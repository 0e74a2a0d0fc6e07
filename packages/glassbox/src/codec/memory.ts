/**
 * How values are read from the memory that an argument points to. Pure: the caller provides the
 * memory.
 */
import { type DataModel, pointerBytes } from '../linux/schema/models.ts'

export interface MemoryReader {
  /** How structs lie in this memory. Default: 64. */
  readonly model?: DataModel | undefined
  /** Reads up to `length` bytes at `address`; fewer, or none, if they cannot be read. */
  read(address: bigint, length: number): Uint8Array
}

const PAGE = 4096

/**
 * Reads the bytes up to a NUL, at most `limit` of them; `undefined` if memory ends before either.
 * As in strace, half a string is no string: its address is what is known of it. The page that
 * contains the beginning is read first: nearly all strings end there, and the reader has that page
 * already, or needs it for the next argument.
 */
export function readString(
  memory: MemoryReader,
  address: bigint,
  limit: number,
): { readonly bytes: Uint8Array; readonly ended: boolean } | undefined {
  const onPage = PAGE - Number(address & 0xfffn)
  if (onPage <= limit) {
    const first = memory.read(address, onPage)
    const end = first.indexOf(0)
    if (end >= 0) return { bytes: first.subarray(0, end), ended: true }
  }
  const bytes = memory.read(address, limit + 1)
  const end = bytes.indexOf(0)
  if (end >= 0) return { bytes: bytes.subarray(0, end), ended: true }
  return bytes.length <= limit ? undefined : { bytes: bytes.subarray(0, limit), ended: false }
}

/** A pointer, or a `long`, in memory. */
export const readPointer = (memory: MemoryReader, address: bigint): bigint | undefined =>
  readWord(memory, address, pointerBytes(memory.model))

/** A part of the bytes of a view, which need not begin where its buffer does. */
export const bytesOf = (view: DataView, at: number = 0, length: number = view.byteLength - at): Uint8Array =>
  new Uint8Array(view.buffer, view.byteOffset + at, length)

/** A view of a whole struct, on a copy of its bytes, so that further reads do not change it. */
export function readView(memory: MemoryReader, address: bigint, length: number): DataView | undefined {
  if (address === 0n) return undefined
  const bytes = memory.read(address, length)
  if (bytes.length < length) return undefined
  return new DataView(bytes.slice().buffer)
}

export function readWord(memory: MemoryReader, address: bigint, size: 2 | 4 | 8): bigint | undefined {
  const bytes = memory.read(address, size)
  if (bytes.length < size) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, size)
  if (size === 8) return view.getBigUint64(0, true)
  return BigInt(size === 4 ? view.getUint32(0, true) : view.getUint16(0, true))
}
