/** What a terminal makes of the bytes that programs write: OPOST of termios(3). It is pure. */
import { OCRNL, OLCUC, ONLCR, ONLRET, ONOCR, OPOST, TABDLY, XTABS } from '../../../linux/constants.ts'

export const BELL = 7
export const BACKSPACE = 8
export const TAB = 9
export const NEWLINE = 10
export const RETURN = 13
export const SPACE = 32
const DELETE = 127
const TAB_WIDTH = 8

/** One byte becomes at most so many. */
export const MOST_OUTPUT: number = TAB_WIDTH

export const isControl = (byte: number): boolean => byte < SPACE || byte === DELETE

/** The second and later bytes of a character in UTF-8. */
export const isContinuation = (byte: number): boolean => (byte & 0xc0) === 0x80

export class OutputProcessing {
  /** Where the next character stands in its line. */
  column = 0

  /** Appends to `to` what becomes of the byte. `flags`: c_oflag. */
  put(byte: number, flags: number, to: number[]): void {
    if ((flags & OPOST) === 0) to.push(byte)
    else if (byte === NEWLINE) this.#newline(flags, to)
    else if (byte === RETURN) this.#return(flags, to)
    else if (byte === TAB) this.#tab(flags, to)
    else this.#character(byte, flags, to)
  }

  #newline(flags: number, to: number[]): void {
    if ((flags & ONLCR) !== 0) to.push(RETURN)
    if ((flags & (ONLCR | ONLRET)) !== 0) this.column = 0
    to.push(NEWLINE)
  }

  #return(flags: number, to: number[]): void {
    if ((flags & ONOCR) !== 0 && this.column === 0) return
    if ((flags & OCRNL) !== 0) {
      to.push(NEWLINE)
      if ((flags & ONLRET) !== 0) this.column = 0
      return
    }
    this.column = 0
    to.push(RETURN)
  }

  #tab(flags: number, to: number[]): void {
    const width = TAB_WIDTH - (this.column % TAB_WIDTH)
    this.column += width
    if ((flags & TABDLY) !== XTABS) to.push(TAB)
    else for (let i = 0; i < width; i++) to.push(SPACE)
  }

  #character(byte: number, flags: number, to: number[]): void {
    if (byte === BACKSPACE) this.column = Math.max(0, this.column - 1)
    else if (!isControl(byte) && !isContinuation(byte)) this.column++
    const isLower = byte >= 0x61 && byte <= 0x7a
    to.push((flags & OLCUC) !== 0 && isLower ? byte - SPACE : byte)
  }
}
