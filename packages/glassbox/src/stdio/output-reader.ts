/**
 * What a handle gives of an output: a Readable that exists from the call on, and the bytes for the
 * result.
 *
 * Nothing that the program writes between the call and the first read is lost. Captured bytes are
 * kept anyway, so the Readable shows them from the first one on, whenever it is asked for; other
 * output is kept for it from the moment it is asked for, or from the start if stdout is `pipe`.
 * Once somebody reads, the program waits for the reader. The end comes with the result, and a run
 * that rejects makes it fail: an output that ends is complete.
 */
import { Readable } from 'node:stream'
import { KeptBytes } from './kept-bytes.ts'

/** So much may wait for a reader before the program waits too. */
const FULL_BYTES = 65_536

export class OutputReader {
  readonly #captures: boolean
  readonly #pipes: boolean
  readonly #kept = new KeptBytes()
  /** How much of what is kept the stream has given. */
  #given = 0
  /** What the stream has not given, if nothing is kept. */
  #queue: Buffer[] = []
  #queued = 0
  #stream: Readable | undefined
  /** Somebody has begun to read. */
  #read = false
  /** The stream takes more. */
  #wanted = false
  /** The caller has destroyed the stream. */
  #left = false
  #outcome: { readonly error?: Error } | undefined
  /** Told when the reader takes more, and when it is gone. Set by who fills this. */
  onDrained: () => void = () => {}
  onGone: () => void = () => {}

  constructor(kind: string) {
    this.#captures = kind === 'capture'
    this.#pipes = kind === 'pipe'
  }

  /** The reader wants the bytes as soon as they are written. */
  get awaited(): boolean {
    return this.#pipes || this.#stream !== undefined
  }

  /** Nobody will ever want them. */
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
    // Who reads it is told; who does not must not be ended by it.
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
   * `chunk` is not the caller's any more. Returns false if there is enough until `onDrained` is
   * told.
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

  /** The run is over; `error`: it rejects. */
  settle(error?: Error): void {
    if (this.#outcome) return
    this.#outcome = error ? { error } : {}
    if (error) this.#stream?.destroy(error)
    else this.#push()
  }

  /** What the result shows. */
  bytes(): Uint8Array {
    return this.#kept.bytes()
  }
}
