/**
 * The memory of a guest process, as handlers use it. Every access of the kernel to guest memory
 * goes through here, so that copy on write is broken in one place and an address is checked in one
 * place. Errors are numbers: 0, or −EFAULT.
 *
 * The codec (src/codec) reads and writes structs by `scratch`: read in first, or out afterwards.
 */
import type { Transfer } from './transfer.ts'

export interface UserMemory {
  /** Copies into `target`; −EFAULT if not all can be read. */
  read(address: number, target: Uint8Array, offset: number, length: number): number
  /** Copies from `source`; −EFAULT if not all can be written (a part may have been). */
  write(address: number, source: Uint8Array, offset: number, length: number): number
  /** A number of guest memory, or NaN if it cannot be read. */
  readInt32(address: number): number
  readUint32(address: number): number
  /** As a signed number, exact below 2^53. */
  readInt64(address: number): number
  writeInt32(address: number, value: number): number
  writeInt64(address: number, value: number): number
  /**
   * Reads a string that ends in NUL into `target`. Returns its length, −EFAULT, or −ENAMETOOLONG
   * if it has no end within the target.
   */
  readString(address: number, target: Uint8Array): number
  /** A transfer of one buffer. It is valid until the next call of this function or `vector`. */
  buffer(address: number, length: number): Transfer
  /** A transfer of iovecs; a negative errno if they are wrong. */
  vector(address: number, count: number): Transfer | number
}
