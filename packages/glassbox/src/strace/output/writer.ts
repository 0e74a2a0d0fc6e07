/**
 * Text on its way to a descriptor. It is gathered, because one write per line would cost as much
 * as all other work for that line. It is gathered as bytes, because strings would stay alive and
 * every garbage collection would move them. The first error ends the output; `onError` is called
 * once.
 */
import { closeSync, writeSync } from 'node:fs'

const GATHERED = 1 << 16
/** The maximum number of UTF-8 bytes per code unit of a string. */
const MOST_BYTES = 3
const LINE_FEED = 10
/** The initial buffer size. It is small because unused memory should not be touched. */
const FIRST_ROOM = 1 << 12
/** How long to wait for the reader of a non-blocking descriptor, in milliseconds. */
const RETRY_MS = 1
const sleeper = new Int32Array(new SharedArrayBuffer(4))

/** Thrown by a writer that has written as many bytes as it may. */
export class OutputFull extends Error {}

export class Writer {
  readonly #fd: number
  readonly #onError: (error: unknown) => void
  /** How many bytes may still be written. */
  #left: number
  #bytes = Buffer.allocUnsafeSlow(FIRST_ROOM)
  #length = 0
  #failed = false

  /**
   * `limit`, in bytes: the text that would exceed it is left out, a note is written instead, and
   * nothing follows.
   */
  constructor(fd: number, onError: (error: unknown) => void, limit: number = Infinity) {
    this.#fd = fd
    this.#onError = onError
    this.#left = limit
  }

  write(text: string): void {
    const length = this.#gather(text)
    this.#left -= length
    if (this.#left < 0) this.#cut(length)
    else if (this.#length >= GATHERED) this.flush()
  }

  writeBytes(text: Uint8Array): void {
    if (text.length > this.#left) {
      // The note says where the trace is cut, which is between two lines.
      this.#writeWholeLines(text)
      return
    }
    if (text.length > this.#bytes.length - this.#length) this.#makeRoom(text.length)
    this.#bytes.set(text, this.#length)
    this.#length += text.length
    this.#left -= text.length
    if (this.#length >= GATHERED) this.flush()
  }

  #writeWholeLines(text: Uint8Array): void {
    for (let at = 0; at < text.length; ) {
      const end = text.indexOf(LINE_FEED, at) + 1 || text.length
      this.write(Buffer.from(text.buffer, text.byteOffset + at, end - at).toString())
      at = end
    }
  }

  #gather(text: string): number {
    const most = text.length * MOST_BYTES
    if (most > this.#bytes.length - this.#length) this.#makeRoom(most)
    const length = this.#bytes.write(text, this.#length)
    this.#length += length
    return length
  }

  /** `last`: the length of the text that did not fit. */
  #cut(last: number): void {
    if (this.#failed) return
    this.#length -= last
    const isLineEnd = this.#bytes[this.#length - 1] === LINE_FEED
    this.#gather(`${isLineEnd ? '' : '\n'}+++ the trace is cut here: it may be no longer +++\n`)
    this.flush()
    if (!this.#failed) this.#onError(new OutputFull('the trace may be no longer'))
    this.#failed = true
  }

  #makeRoom(bytes: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + bytes))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }

  flush(): void {
    if (this.#length === 0 || this.#failed) return
    const bytes = this.#bytes.subarray(0, this.#length)
    this.#length = 0
    try {
      writeAll(this.#fd, bytes)
    } catch (error) {
      this.#failed = true
      this.#onError(error)
    }
  }

  close(): void {
    this.flush()
    closeSync(this.#fd)
  }
}

export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(fd, bytes, at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      Atomics.wait(sleeper, 0, 0, RETRY_MS)
    }
  }
}
