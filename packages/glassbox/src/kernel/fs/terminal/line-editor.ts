/** The line that is being typed in canonical mode, and how it is erased. It is pure. */
import { ECHOCTL, ECHOE, ECHOK, ECHOKE, IUTF8 } from '../../../linux/constants.ts'
import { BACKSPACE, isContinuation, isControl, NEWLINE, SPACE, TAB } from './output-processing.ts'
import type { Settings } from './settings.ts'

/** What one control character takes away. */
export type Erasing = 'character' | 'word' | 'line'

const CARET = 94
const TAB_WIDTH = 8
const isWordByte = (byte: number): boolean => /[0-9A-Za-z_]/.test(String.fromCharCode(byte))

export class LineEditor {
  readonly bytes: number[] = []
  /** Where the line begins on the screen. */
  firstColumn = 0

  get length(): number {
    return this.bytes.length
  }

  add(byte: number): void {
    this.bytes.push(byte)
  }

  clear(): void {
    this.bytes.length = 0
  }

  /** Erases, and returns what the echo of that is. `typed`: the control character. */
  erase(what: Erasing, typed: number, { local, input }: Settings): number[] {
    if (this.length === 0) return []
    const visible = [ECHOK, ECHOKE, ECHOE].every(flag => (local & flag) !== 0)
    if (what === 'line' && !visible) {
      this.clear()
      const newline = (local & ECHOK) === 0 ? [] : [NEWLINE]
      return [...caret(typed, local), ...newline]
    }
    const shown: number[] = []
    let seenWord = false
    while (this.length > 0) {
      const last = this.bytes.at(-1) as number
      if (what === 'word') {
        if (isWordByte(last)) seenWord = true
        else if (seenWord) break
      }
      this.#pop((input & IUTF8) !== 0)
      if ((local & ECHOE) === 0) {
        if (what === 'character') shown.push(...caret(typed, local))
      } else shown.push(...this.#rubOut(last, local))
      if (what === 'character') break
    }
    return shown
  }

  /** Takes the last character: in UTF-8 it may have several bytes. */
  #pop(isUtf8: boolean): void {
    let byte = this.bytes.pop() as number
    if (!isUtf8) return
    while (isContinuation(byte) && this.length > 0) byte = this.bytes.pop() as number
  }

  /** Over the last character goes a blank; a tab goes back to where it began. */
  #rubOut(byte: number, local: number): number[] {
    if (byte === TAB)
      return Array.from({ length: TAB_WIDTH - (this.#column(local) % TAB_WIDTH) }, () => BACKSPACE)
    const width = isControl(byte) ? ((local & ECHOCTL) === 0 ? 0 : 2) : 1
    return Array.from({ length: width }, () => [BACKSPACE, SPACE, BACKSPACE]).flat()
  }

  /** Where the screen is behind the bytes that are left. */
  #column(local: number): number {
    let column = this.firstColumn
    for (const byte of this.bytes) {
      if (byte === TAB) column += TAB_WIDTH - (column % TAB_WIDTH)
      else if (isControl(byte)) column += (local & ECHOCTL) === 0 ? 0 : 2
      else if (!isContinuation(byte)) column++
    }
    return column
  }
}

const caret = (byte: number, local: number): number[] =>
  isControl(byte) && (local & ECHOCTL) !== 0 ? [CARET, byte ^ 0x40] : [byte]
