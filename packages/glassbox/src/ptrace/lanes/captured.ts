/**
 * Memory of a thread that has gone on: the chunks that the native step copied at its stop (struct
 * chunk of native/lanes.h). They are views of the buffer of the step, valid until the next one.
 *
 * A read outside all chunks finds nothing, as if the memory were not there. Plans copy all that
 * decoders read, so that does not happen; a test runs every decoder in strict mode, in which it is
 * an error.
 */
import { GlassboxError } from '../../errors.ts'
import { CHUNK_LAYOUT } from '../../gate/generated/layouts.ts'

const NOTHING = new Uint8Array(0)
const HIGH_WORD = 2 ** 32
const IS_STRICT = process.env['GLASSBOX_TEST_LANES'] === 'strict'

export class Captured {
  readonly #bytes: Uint8Array
  readonly #words: Uint32Array
  #start = 0
  #end = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
  }

  /** From now on answers from the chunks in this range of the buffer. */
  use(start: number, end: number): this {
    this.#start = start
    this.#end = end
    return this
  }

  /** Reads up to `length` bytes at `address`; fewer, or none, if they were not copied. */
  read(address: number, length: number): Uint8Array {
    const words = this.#words
    let best = -1
    let most = 0
    let isComplete = false
    for (let at = this.#start; at < this.#end; ) {
      const word = at / 4
      const size = words[word + CHUNK_LAYOUT.length / 4] ?? 0
      const offset = address - ((words[word + 1] ?? 0) * HIGH_WORD + (words[word] ?? 0))
      const first = at + CHUNK_LAYOUT.SIZE
      const wanted = words[word + CHUNK_LAYOUT.wanted / 4] ?? 0
      // A chunk that is shorter than was wanted ends where memory does, or at the NUL of a string.
      if (offset >= 0 && offset < wanted && wanted > size) isComplete = true
      if (offset >= 0 && offset < size) {
        isComplete ||= size - offset >= length || this.#bytes[first + size - 1] === 0
        if (size - offset > most) {
          best = first + offset
          most = size - offset
        }
        if (most >= length) return this.#bytes.subarray(best, best + length)
      }
      at = first + ((size + 7) & ~7)
    }
    if (IS_STRICT && !isComplete)
      throw new GlassboxError(
        'ERR_GLASSBOX_INTERNAL',
        `${length} bytes at 0x${address.toString(16)} are read, but were not copied`,
      )
    return best < 0 ? NOTHING : this.#bytes.subarray(best, best + most)
  }
}
