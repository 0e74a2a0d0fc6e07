/**
 * The reading end of the pipe that is a program's stdout or stderr, or both. At most `limit` bytes
 * are passed on, and the byte after them ends the program. Who takes the bytes can make the
 * program wait; nothing is lost.
 *
 * The end of the program is the end of its output: what it wrote is in the pipe then and is taken
 * at once, without waiting for a reader, or for the end of the pipe, whose writing end somebody
 * outside the box may hold.
 *
 * Owns the reading end: a descriptor first, of a Socket later, which closes it. No descriptor is
 * made after the pipe itself.
 */
import { Socket } from 'node:net'
import { close, disownDescriptor } from '../gate/descriptors.ts'
import { call, syscall } from '../gate/gate.ts'
import { FIONREAD } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { type Owner, pipe } from './pipe.ts'

const DRAIN_BYTES = 65_536

export interface PumpRequest {
  readonly limit: number
  readonly owner: Owner | undefined
  /** Called with what is passed on, which is the receiver's then. */
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
  #source: Socket | undefined
  /** Who makes the program wait. */
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

  get #open(): boolean {
    return !this.#closed && this.#source?.destroyed !== true
  }

  /** Whether the program has written something that was not read. */
  get hasBytes(): boolean {
    return this.#open && bytesIn(this.#fd) > 0
  }

  /** Reads what the program writes from now on. */
  watch(): void {
    if (this.#source || !this.#open) return
    const source = new Socket({ fd: disownDescriptor(this.#fd), readable: true, writable: false })
    this.#source = source
    source.on('error', () => {}) // what can be read is read at the end
    source.on('data', (chunk: Buffer) => this.#receive(chunk))
    if (this.#holders.size > 0) source.pause()
  }

  /** Reads no more until whoever holds it lets go: the program waits when the pipe is full. */
  hold(holder: string): void {
    this.#holders.add(holder)
    this.#source?.pause()
  }

  letGo(holder: string): void {
    if (this.#holders.delete(holder) && this.#holders.size === 0) this.#source?.resume()
  }

  /** The program is dead: what is in the pipe now is all that it wrote. */
  finish(): void {
    if (!this.#open) return
    this.#holders.clear()
    this.#unwatch()
    this.#drain()
    this.close()
  }

  /** What the socket has read and not told. */
  #unwatch(): void {
    const source = this.#source
    if (!source) return
    source.removeAllListeners('data').pause()
    for (let chunk: Buffer | null; (chunk = source.read() as Buffer | null); ) this.#receive(chunk)
  }

  #drain(): void {
    for (let left = this.#open ? bytesIn(this.#fd) : 0; left > 0 && this.#open; ) {
      const chunk = readSome(this.#fd, left)
      if (chunk.length === 0) return
      left -= chunk.length
      this.#receive(chunk)
    }
  }

  /** A program that writes on gets EPIPE. */
  close(): void {
    if (!this.#open) return
    this.#closed = true
    if (this.#source) this.#source.destroy()
    else close(this.#fd)
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

/** At most `most` of the bytes that are there. */
function readSome(fd: number, most: number): Buffer {
  const length = syscall(syscallNumber('read'), fd, scratch, Math.min(most, scratch.length))
  return Buffer.from(scratch.subarray(0, Math.max(0, length)))
}
