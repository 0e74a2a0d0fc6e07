/**
 * Bytes of a terminal that a program may read, in pieces: a line with its end, or what came before
 * an end of file. An empty piece is an end of file. It is pure.
 */
export class InputQueue {
  readonly #pieces: { bytes: number[]; at: number }[] = []
  /** Bytes in all pieces. */
  length = 0

  /** Whether there is a piece, be it empty. */
  get hasPiece(): boolean {
    return this.#pieces.length > 0
  }

  /** Adds a line, or a piece that ended without one. */
  addPiece(bytes: readonly number[]): void {
    this.#pieces.push({ bytes: [...bytes], at: 0 })
    this.length += bytes.length
  }

  /** Adds to the last piece: there are no lines. */
  addByte(byte: number): void {
    const last = this.#pieces.at(-1)
    if (last === undefined) this.#pieces.push({ bytes: [byte], at: 0 })
    else last.bytes.push(byte)
    this.length++
  }

  /** Takes at most `most` bytes of the first piece. None: the end of file. */
  takeLine(most: number): Uint8Array {
    const piece = this.#pieces[0]
    if (piece === undefined) return new Uint8Array()
    const taken = Uint8Array.from(piece.bytes.slice(piece.at, piece.at + most))
    piece.at += taken.length
    this.length -= taken.length
    if (piece.at === piece.bytes.length) this.#pieces.shift()
    return taken
  }

  /** Takes at most `most` bytes of all pieces. */
  takeBytes(most: number): Uint8Array {
    const taken: number[] = []
    while (this.hasPiece && taken.length < most) taken.push(...this.takeLine(most - taken.length))
    return Uint8Array.from(taken)
  }

  clear(): void {
    this.#pieces.length = 0
    this.length = 0
  }
}
