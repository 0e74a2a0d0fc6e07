/**
 * Bytes on their way between a file and guest memory: one buffer, or the buffers of readv(2). A
 * file puts or takes bytes in pieces of any size; the transfer crosses pages and buffers by
 * itself, and breaks copy on write before it writes. It allocates nothing per piece.
 *
 * `put` and `take` return the number of bytes moved. It is below `length` if guest memory ends:
 * then `faulted` is set, and the call answers what was moved so far, or −EFAULT if nothing was.
 */
export interface Transfer {
  /** Bytes that are still to be moved. */
  readonly remaining: number
  readonly moved: number
  readonly faulted: boolean
  /** Moves no more than this many further bytes. */
  limit(length: number): void
  /** Copies from `source` into guest memory. */
  put(source: Uint8Array, offset: number, length: number): number
  /** Copies from guest memory into `target`. */
  take(target: Uint8Array, offset: number, length: number): number
  /** Writes zeros into guest memory. */
  zero(length: number): number
}
