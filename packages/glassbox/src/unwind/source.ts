/**
 * The bytes of an ELF object by their offset in the file, read from the file itself or from where
 * a process has it mapped.
 */
import { closeSync, readSync } from 'node:fs'

export interface ByteSource {
  /**
   * Reads up to `length` bytes at `offset`; fewer, or none, at the end. The caller owns the
   * array.
   */
  read(offset: number, length: number): Uint8Array
  close(): void
}

const NOTHING = new Uint8Array(0)

/** Owns the descriptor. */
export class FileSource implements ByteSource {
  readonly #fd: number

  constructor(fd: number) {
    this.#fd = fd
  }

  read(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    try {
      return bytes.subarray(0, readSync(this.#fd, bytes, 0, length, offset))
    } catch {
      return NOTHING // An offset from a damaged header.
    }
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** A file, or the vDSO, that is already in memory. */
export class BytesSource implements ByteSource {
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  read(offset: number, length: number): Uint8Array {
    return this.#bytes.slice(offset, offset + length)
  }

  close(): void {}
}
