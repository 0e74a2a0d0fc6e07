/** Carries a job's output, as it arrives, to those who listen. Nobody has to. */

/** A piece of output as it arrives. */
export interface OutputEvent {
  readonly type: 'stdout' | 'stderr'
  /** A copy: what is done to it changes nothing else. */
  readonly chunk: Uint8Array
}

export class OutputEvents {
  readonly #listeners = new Set<(event: OutputEvent) => void>()

  /** Whether the output should be read as soon as it is written. */
  get awaited(): boolean {
    return this.#listeners.size > 0
  }

  /** `chunk` stays the caller's. */
  emit(type: OutputEvent['type'], chunk: Uint8Array): void {
    for (const listener of this.#listeners) listener({ type, chunk: Uint8Array.prototype.slice.call(chunk) })
  }

  /** Returns what ends the listening. */
  listen(listener: (event: OutputEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
