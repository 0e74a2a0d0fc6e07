/**
 * Text on its way to a descriptor: gathered, since a write for each line costs as much as all else that is done for it. The first error ends the
 * output; whoever made the writer is told once. All text is ASCII by then: strings are escaped.
 */
import { closeSync, writeSync } from 'node:fs'

const GATHERED = 1 << 16
/** How long to wait for a reader of a descriptor that does not block, milliseconds. */
const RETRY_MS = 1
const sleeper = new Int32Array(new SharedArrayBuffer(4))

export class Writer {
  readonly #fd: number
  readonly #onError: (error: unknown) => void
  #text = ''
  #failed = false

  constructor(fd: number, onError: (error: unknown) => void) {
    this.#fd = fd
    this.#onError = onError
  }

  write(text: string): void {
    this.#text += text
    if (this.#text.length >= GATHERED) this.flush()
  }

  flush(): void {
    if (this.#text === '' || this.#failed) return
    const bytes = Buffer.from(this.#text, 'utf8')
    this.#text = ''
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
