/**
 * One output of a handle: a Readable, and the captured bytes for the result.
 *
 * The Readable loses nothing that the program writes between its creation and the first read.
 * Captured bytes are kept anyway, so with `capture` it always begins with the first byte. With
 * `pipe`, output is kept from the start. Any other output is kept from the moment at which the
 * Readable is requested. Once it is read, the program waits for the reader. It ends when the run
 * resolves, and fails if the run rejects, so output that ends is complete.
 */
import { Readable } from 'node:stream'
import { KeptBytes } from './kept-bytes.ts'

/** The most bytes that wait for a reader before the program has to wait. */
const FULL_BYTES = 65_536

export class OutputReader {
  readonly #captures: boolean
  readonly #pipes: boolean
  readonly #kept = new KeptBytes()
  /** How many of the kept bytes were pushed to the stream. */
  #given = 0
  /** Chunks that are not pushed yet, if the output is not captured. */
  #queue: Buffer[] = []
  #queued = 0
  #stream: Readable | undefined
  /** Whether a reader has begun to read. */
  #read = false
  /** Whether the stream accepts more data. */
  #wanted = false
  /** Whether the caller has destroyed the stream. */
  #left = false
  #outcome: { readonly error?: Error } | undefined
  /**
   * Called when the reader accepts more, and when it is gone. The writer of this output sets them.
   */
  onDrained: () => void = () => {}
  onGone: () => void = () => {}

  constructor(kind: string) {
    this.#captures = kind === 'capture'
    this.#pipes = kind === 'pipe'
  }

  /** Whether a reader wants the bytes as soon as they are written. */
  get awaited(): boolean {
    return this.#pipes || this.#stream !== undefined
  }

  /** Whether the output has no reader any more, and is not captured. */
  get gone(): boolean {
    return this.#pipes && this.#left
  }

  get stream(): Readable {
    if (this.#stream) return this.#stream
    const stream = new Readable({
      highWaterMark: FULL_BYTES,
      read: () => {
        this.#read = true
        this.#wanted = true
        this.#push()
      },
      destroy: (error, done) => {
        this.#leave()
        done(error)
      },
    })
    // A caller that does not read the stream must not get an uncaught exception from it.
    stream.on('error', () => {})
    this.#stream = stream
    if (this.#outcome?.error) stream.destroy(this.#outcome.error)
    return stream
  }

  #leave(): void {
    if (this.#outcome) return
    this.#left = true
    this.#queue = []
    this.#queued = 0
    this.onDrained()
    if (this.#pipes) this.onGone()
  }

  /**
   * Takes ownership of `chunk`. Returns false if the program has to wait until `onDrained` is
   * called.
   */
  take(chunk: Uint8Array): boolean {
    if (this.#captures) this.#kept.append(chunk)
    else if ((this.#pipes || this.#stream) && !this.#left) {
      this.#queue.push(Buffer.from(chunk))
      this.#queued += chunk.length
    }
    this.#push()
    return !this.#full()
  }

  #waiting(): number {
    return this.#captures ? this.#kept.length - this.#given : this.#queued
  }

  #full(): boolean {
    return !this.#left && (this.#read || this.#pipes) && this.#waiting() >= FULL_BYTES
  }

  #next(): Buffer {
    if (!this.#captures) {
      const chunk = this.#queue.shift() ?? Buffer.alloc(0)
      this.#queued -= chunk.length
      return chunk
    }
    const chunk = this.#kept.read(this.#given, FULL_BYTES)
    this.#given += chunk.length
    return chunk
  }

  #push(): void {
    const stream = this.#stream
    if (!stream || !this.#wanted || this.#left) return
    const wasFull = this.#full()
    while (this.#wanted && this.#waiting() > 0) this.#wanted = stream.push(this.#next())
    if (wasFull && !this.#full()) this.onDrained()
    if (this.#outcome && this.#waiting() === 0) stream.push(null)
  }

  /** Call it when the run settles. `error`: the reason, if the run rejects. */
  settle(error?: Error): void {
    if (this.#outcome) return
    this.#outcome = error ? { error } : {}
    if (error) this.#stream?.destroy(error)
    else this.#push()
  }

  /** The captured bytes, for the result. */
  bytes(): Uint8Array {
    return this.#kept.bytes()
  }
}
