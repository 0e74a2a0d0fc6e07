/**
 * The reading end of the pipe that is a program's stdout, stderr or both. It passes on at most
 * `limit` bytes; one byte more ends the program. A receiver of the bytes can make the program
 * wait; nothing is lost.
 *
 * The output ends when the program ends. All of it is in the pipe then, and is read at once. The
 * pump waits neither for a reader nor for the end of the pipe, because a process outside the box
 * may hold the writing end.
 *
 * Owns the reading end, and the watch that reads it while the program runs. No descriptor is made
 * after the pipe, so running out of descriptors cannot fail here.
 */
import { close } from '../gate/descriptors.ts'
import { call } from '../gate/gate.ts'
import { readNow, type Watch, watchReadable } from '../gate/readable.ts'
import { FIONREAD } from '../linux/constants.ts'
import { type Owner, pipe } from './pipe.ts'

const DRAIN_BYTES = 65_536

export interface PumpRequest {
  readonly limit: number
  readonly owner: Owner | undefined
  /** Called with each chunk. The receiver owns the chunk. */
  readonly onData: (chunk: Buffer) => void
  /** Called once, when the program writes more than `limit` bytes. */
  readonly onExceeded: () => void
}

export class Pump {
  /** The writing end, for the program. */
  readonly childFd: number
  readonly #request: PumpRequest
  readonly #fd: number
  #closed = false
  #watch: Watch | undefined
  /** The receivers that make the program wait. */
  readonly #holders = new Set<string>()
  #left: number
  exceeded = false

  constructor(request: PumpRequest) {
    const { read, write } = pipe(request.owner)
    this.childFd = write
    this.#fd = read
    this.#request = request
    this.#left = request.limit
  }

  /** Whether the pipe holds bytes that are not read yet. */
  get hasBytes(): boolean {
    return !this.#closed && bytesIn(this.#fd) > 0
  }

  /** Starts to read the pipe whenever the program writes. */
  watch(): void {
    if (this.#watch || this.#closed) return
    this.#watch = watchReadable(this.#fd, this.#readOnce)
    if (this.#holders.size > 0) this.#watch.pause(true)
  }

  #unwatch(): void {
    this.#watch?.end()
    this.#watch = undefined
  }

  /** Stops reading until the holder releases it. The program waits once the pipe is full. */
  hold(holder: string): void {
    this.#holders.add(holder)
    this.#watch?.pause(true)
  }

  letGo(holder: string): void {
    if (this.#holders.delete(holder) && this.#holders.size === 0) this.#watch?.pause(false)
  }

  /** Call it when the program is dead. Reads the rest of the pipe and closes it. */
  finish(): void {
    if (this.#closed) return
    this.#holders.clear()
    this.#unwatch()
    for (let left = bytesIn(this.#fd); left > 0 && !this.#closed; ) {
      const length = this.#read(left)
      if (length === 0) break
      left -= length
    }
    this.close()
  }

  /** Closes the reading end. A program that writes afterwards gets EPIPE. */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#unwatch()
    close(this.#fd)
  }

  /** Reads once, so that other descriptors have their turn. */
  readonly #readOnce = (): void => {
    // At its end, the pipe is readable for ever.
    if (this.#read(DRAIN_BYTES) === 0) this.#watch?.pause(true)
  }

  /** Passes on at most `most` of the bytes in the pipe. Returns how many it has read. */
  #read(most: number): number {
    const length = Math.max(0, readNow(this.#fd, scratch.subarray(0, most)) ?? 0)
    if (length > 0) this.#receive(Buffer.from(scratch.subarray(0, length)))
    return length
  }

  #receive(chunk: Buffer): void {
    if (chunk.length > this.#left && !this.exceeded) {
      this.exceeded = true
      this.#request.onExceeded()
    }
    const wanted = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk
    this.#left -= wanted.length
    if (wanted.length > 0) this.#request.onData(wanted)
  }
}

const scratch = new Uint8Array(DRAIN_BYTES)
const count = new Int32Array(1)

function bytesIn(fd: number): number {
  call('ioctl', [fd, FIONREAD, count])
  return count[0] ?? 0
}
