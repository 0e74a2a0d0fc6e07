/** Carries a job's output, as it arrives, to those who listen. Nobody has to. */

/** A piece of output as it arrives. */
export interface OutputEvent {
  readonly type: 'stdout' | 'stderr'
  readonly chunk: Uint8Array
}

export class OutputEvents {
  readonly #listeners = new Set<(event: OutputEvent) => void>()

  emit(event: OutputEvent): void {
    for (const listener of this.#listeners) listener(event)
  }

  /** Returns what ends the listening. */
  listen(listener: (event: OutputEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
