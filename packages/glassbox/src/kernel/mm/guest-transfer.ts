/** The transfer of a call: the buffers in guest memory that bytes go to or come from. */
import type { Transfer } from './transfer.ts'

/** The most buffers of readv(2) and the like. */
export const MAX_BUFFERS = 1024
/** The most bytes that one call moves: a longer request is cut. */
export const MAX_BYTES = 0x7fff_f000

/** What a transfer copies by. `copied`: how many bytes the last call has moved. */
export interface Copies {
  readonly copied: number
  read(address: number, target: Uint8Array, offset: number, length: number): number
  write(address: number, source: Uint8Array, offset: number, length: number): number
  zero(address: number, length: number): number
}

export class GuestTransfer implements Transfer {
  readonly #memory: Copies
  /** Mostly there is one buffer, and every process has such an object. */
  readonly #addresses: number[] = []
  readonly #lengths: number[] = []
  #count = 0
  #index = 0
  #within = 0
  remaining = 0
  moved = 0
  faulted = false

  constructor(memory: Copies) {
    this.#memory = memory
  }

  /** Begins a new transfer without buffers. */
  reset(): this {
    this.#count = 0
    this.#index = 0
    this.#within = 0
    this.remaining = 0
    this.moved = 0
    this.faulted = false
    return this
  }

  /** Adds a buffer; what is beyond the most bytes of a call is left out. */
  add(address: number, length: number): void {
    const kept = Math.min(length, MAX_BYTES - this.remaining)
    this.#addresses[this.#count] = address
    this.#lengths[this.#count] = kept
    this.#count++
    this.remaining += kept
  }

  limit(length: number): void {
    if (length < this.remaining) this.remaining = length
  }

  put(source: Uint8Array, offset: number, length: number): number {
    return this.#move('put', source, offset, length)
  }

  take(target: Uint8Array, offset: number, length: number): number {
    return this.#move('take', target, offset, length)
  }

  zero(length: number): number {
    return this.#move('zero', undefined, 0, length)
  }

  #move(
    kind: 'put' | 'take' | 'zero',
    bytes: Uint8Array | undefined,
    offset: number,
    length: number,
  ): number {
    let done = 0
    const wanted = Math.min(length, this.remaining)
    while (done < wanted && !this.faulted) {
      const room = (this.#lengths[this.#index] as number) - this.#within
      if (room === 0) {
        this.#index++
        this.#within = 0
        continue
      }
      const count = Math.min(room, wanted - done)
      const address = (this.#addresses[this.#index] as number) + this.#within
      const copied = this.#copy(kind, address, bytes, offset + done, count)
      done += copied
      this.#within += copied
      this.faulted = copied < count
    }
    this.moved += done
    this.remaining -= done
    return done
  }

  #copy(
    kind: 'put' | 'take' | 'zero',
    address: number,
    bytes: Uint8Array | undefined,
    offset: number,
    count: number,
  ): number {
    const memory = this.#memory
    if (bytes === undefined) memory.zero(address, count)
    else if (kind === 'put') memory.write(address, bytes, offset, count)
    else memory.read(address, bytes, offset, count)
    return memory.copied
  }
}
