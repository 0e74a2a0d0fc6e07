/** Passes the output of a job to listeners as it arrives. There need not be any listener. */

/**
 * A piece of output, as it arrived.
 *
 * @example
 * for await (const event of run('make').events())
 *   if (event.type === 'stderr') process.stderr.write(event.chunk)
 */
export interface OutputEvent {
  readonly type: 'stdout' | 'stderr'
  /** The bytes. They are a copy, which you may change. */
  readonly chunk: Uint8Array
}

export class OutputEvents {
  readonly #listeners = new Set<(event: OutputEvent) => void>()

  /** Whether the output should be read as soon as it is written. */
  get awaited(): boolean {
    return this.#listeners.size > 0
  }

  /** Gives each listener its own copy of `chunk`. */
  emit(type: OutputEvent['type'], chunk: Uint8Array): void {
    for (const listener of this.#listeners) listener({ type, chunk: Uint8Array.prototype.slice.call(chunk) })
  }

  /** Adds a listener, and returns a function that removes it. */
  listen(listener: (event: OutputEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
