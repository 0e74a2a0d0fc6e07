/**
 * The reading end of the pipe that is a program's stdout, stderr or both. It passes on at most
 * `limit` bytes; one byte more ends the program. A receiver of the bytes can make the program
 * wait; nothing is lost.
 *
 * The output ends when the program ends. All of it is in the pipe then, and is read at once. The
 * pump waits neither for a reader nor for the end of the pipe, because a process outside the box
 * may hold the writing end.
 *
 * Owns the reading end: first as a descriptor, later through a Socket, which closes it. No
 * descriptor is made after the pipe, so running out of descriptors cannot fail here.
 */
import type { Socket } from 'node:net'
import { close } from '../gate/descriptors.ts'
import { call, syscall } from '../gate/gate.ts'
import { socketOn } from '../gate/socket.ts'
import { FIONREAD } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
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
  #source: Socket | undefined
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

  get #open(): boolean {
    return !this.#closed && this.#source?.destroyed !== true
  }

  /** Whether the pipe holds bytes that are not read yet. */
  get hasBytes(): boolean {
    return this.#open && bytesIn(this.#fd) > 0
  }

  /** Starts to read the pipe whenever the program writes. */
  watch(): void {
    if (this.#source || !this.#open) return
    const source = socketOn(this.#fd, { readable: true, writable: false })
    this.#source = source
    source.on('error', () => {}) // finish() reads what is left
    source.on('data', (chunk: Buffer) => this.#receive(chunk))
    if (this.#holders.size > 0) source.pause()
  }

  /** Stops reading until the holder releases it. The program waits once the pipe is full. */
  hold(holder: string): void {
    this.#holders.add(holder)
    this.#source?.pause()
  }

  letGo(holder: string): void {
    if (this.#holders.delete(holder) && this.#holders.size === 0) this.#source?.resume()
  }

  /** Call it when the program is dead. Reads the rest of the pipe and closes it. */
  finish(): void {
    if (!this.#open) return
    this.#holders.clear()
    this.#unwatch()
    this.#drain()
    this.close()
  }

  /** Takes the bytes that the socket has read but not emitted. */
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

  /** Closes the reading end. A program that writes afterwards gets EPIPE. */
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

/** Reads at most `most` of the available bytes. */
function readSome(fd: number, most: number): Buffer {
  const length = syscall(syscallNumber('read'), fd, scratch, Math.min(most, scratch.length))
  return Buffer.from(scratch.subarray(0, Math.max(0, length)))
}
