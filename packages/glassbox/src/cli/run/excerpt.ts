/**
 * The beginning and the end of what a program wrote to stderr, kept while it passes through this
 * process: an error message is nearly always in one of them.
 */

/** How much of each is kept, in bytes. */
const KEPT_BYTES = 32 * 1024

export class Excerpt {
  #head = Buffer.alloc(0)
  #tail = Buffer.alloc(0)

  add(chunk: Uint8Array): void {
    const room = KEPT_BYTES - this.#head.length
    if (room > 0) this.#head = Buffer.concat([this.#head, chunk.subarray(0, room)])
    if (chunk.length <= room) return
    const rest = chunk.subarray(Math.max(room, chunk.length - KEPT_BYTES))
    this.#tail = Buffer.concat([this.#tail, rest]).subarray(-KEPT_BYTES)
  }

  /** Bytes that are not UTF-8 become U+FFFD. */
  get text(): string {
    return `${this.#head.toString()}\n${this.#tail.toString()}`
  }
}
