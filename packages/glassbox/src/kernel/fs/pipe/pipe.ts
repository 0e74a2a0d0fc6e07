/**
 * A pipe: bytes in a ring, pipe(7). Its capacity is a power of two of pages and can be changed.
 *
 * A write of at most PIPE_BUF bytes is done whole or not at all. The ring begins small and grows
 * up to the capacity as bytes come, so that a pipe that stays empty costs little.
 */
import type { Transfer } from '../../mm/transfer.ts'
import { WaitQueue } from '../../wait/queue.ts'
import { holds, mayHold } from '../held-bytes.ts'

const PAGE = 4096
export const PIPE_BUF: number = PAGE
export const DEFAULT_CAPACITY: number = 16 * PAGE
/** What users without privilege may set: /proc/sys/fs/pipe-max-size. */
export const MOST_CAPACITY: number = 1024 * 1024

export class Pipe {
  readonly queue: WaitQueue = new WaitQueue()
  capacity: number = DEFAULT_CAPACITY
  readers = 0
  writers = 0
  /** How often it was opened for reading and writing: who opens a FIFO waits for a change. */
  readersSeen = 0
  writersSeen = 0
  length = 0
  #ring: Uint8Array = new Uint8Array(PAGE)
  #start = 0

  get isClosed(): boolean {
    return this.readers === 0 && this.writers === 0
  }

  /** When all pipes together hold too much, a ring does not grow any more. */
  get room(): number {
    const grows = mayHold(this.capacity - this.#ring.length)
    return Math.max(0, (grows ? this.capacity : Math.min(this.capacity, this.#ring.length)) - this.length)
  }

  /** Both ends are closed: its memory goes. */
  free(): void {
    holds(PAGE - this.#ring.length)
    this.#ring = new Uint8Array(PAGE)
    this.#start = 0
    this.length = 0
  }

  /** Moves bytes to the guest; 0 if there are none. */
  read(transfer: Transfer): number {
    let moved = 0
    while (this.length > 0 && transfer.remaining > 0) {
      const run = Math.min(this.length, this.#ring.length - this.#start, transfer.remaining)
      const put = transfer.put(this.#ring, this.#start, run)
      this.#taken(put)
      moved += put
      if (put < run) break
    }
    if (moved > 0) this.queue.wake()
    return moved
  }

  /** Moves as many bytes from the guest as there is room for. */
  write(transfer: Transfer): number {
    let moved = 0
    const wanted = Math.min(transfer.remaining, this.room)
    this.#grow(this.length + wanted)
    while (moved < wanted) {
      const at = (this.#start + this.length) & (this.#ring.length - 1)
      const run = Math.min(wanted - moved, this.#ring.length - at)
      const taken = transfer.take(this.#ring, at, run)
      this.length += taken
      moved += taken
      if (taken < run) break
    }
    if (moved > 0) this.queue.wake()
    return moved
  }

  /** Copies up to `length` bytes from `from` on without taking them: tee(2). */
  peek(from: number, length: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(length, this.length - from)))
    for (let i = 0; i < bytes.length; i++) {
      bytes[i] = this.#ring[(this.#start + from + i) & (this.#ring.length - 1)] as number
    }
    return bytes
  }

  /** Takes bytes out that were peeked at. */
  drop(count: number): void {
    this.#taken(count)
    this.queue.wake()
  }

  /** Sets the capacity, rounded up to a power of two of pages; false if its bytes do not fit. */
  resize(bytes: number): boolean {
    let capacity = PAGE
    while (capacity < bytes) capacity *= 2
    if (capacity < this.length) return false
    this.capacity = capacity
    this.queue.wake()
    return true
  }

  #taken(count: number): void {
    this.#start = (this.#start + count) & (this.#ring.length - 1)
    this.length -= count
    if (this.length === 0) this.#start = 0
  }

  #grow(bytes: number): void {
    let size = this.#ring.length
    if (bytes <= size) return
    while (size < bytes) size *= 2
    const ring = new Uint8Array(size)
    holds(size - this.#ring.length)
    const first = Math.min(this.length, this.#ring.length - this.#start)
    ring.set(this.#ring.subarray(this.#start, this.#start + first))
    ring.set(this.#ring.subarray(0, this.length - first), first)
    this.#ring = ring
    this.#start = 0
  }
}
