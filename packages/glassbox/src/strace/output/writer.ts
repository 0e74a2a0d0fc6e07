/**
 * Text on its way to a descriptor: gathered, since a write for each line costs as much as all else
 * that is done for it. It is gathered as bytes: as text its pieces would live on, and each
 * collection of garbage would move them. The first error ends the output; `onError` is called once.
 */
import { closeSync, writeSync } from 'node:fs'

const GATHERED = 1 << 16
/** UTF-8 has at most so many bytes for a unit of a string. */
const MOST_BYTES = 3
/** Room at first: memory is not touched before it is needed. */
const FIRST_ROOM = 1 << 12
/** How long to wait for a reader of a descriptor that does not block, milliseconds. */
const RETRY_MS = 1
const sleeper = new Int32Array(new SharedArrayBuffer(4))

export class Writer {
  readonly #fd: number
  readonly #onError: (error: unknown) => void
  #bytes = Buffer.allocUnsafeSlow(FIRST_ROOM)
  #length = 0
  #failed = false

  constructor(fd: number, onError: (error: unknown) => void) {
    this.#fd = fd
    this.#onError = onError
  }

  write(text: string): void {
    const most = text.length * MOST_BYTES
    if (most > this.#bytes.length - this.#length) this.#makeRoom(most)
    this.#length += this.#bytes.write(text, this.#length)
    if (this.#length >= GATHERED) this.flush()
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
