/**
 * The line discipline of terminals, N_TTY: what becomes of typed bytes. Lines are edited in
 * canonical mode, control characters send signals, and what is typed is echoed. It is pure: what
 * it sends goes to its host.
 */
import {
  ECHO,
  ECHOCTL,
  ECHONL,
  ICANON,
  ICRNL,
  IEXTEN,
  IGNCR,
  IMAXBEL,
  INLCR,
  ISIG,
  ISTRIP,
  IXANY,
  IXON,
  NOFLSH,
  VEOF,
  VEOL,
  VEOL2,
  VERASE,
  VINTR,
  VKILL,
  VLNEXT,
  VMIN,
  VQUIT,
  VREPRINT,
  VSTART,
  VSTOP,
  VSUSP,
  VTIME,
  VWERASE,
} from '../../../linux/constants.ts'
import { SIGNAL } from './jobs.ts'
import { InputQueue } from './input-queue.ts'
import { type Erasing, LineEditor } from './line-editor.ts'
import { BACKSPACE, BELL, isControl, NEWLINE, OutputProcessing, RETURN } from './output-processing.ts'
import { NEWS, newsOfChange } from './packets.ts'
import { FIRST_SETTINGS, type Settings } from './settings.ts'

export interface LineHost {
  /** Bytes for the screen: the echo. */
  show(bytes: readonly number[]): void
  /** To the foreground group. */
  signal(signal: number): void
  /** For a master in packet mode: one of NEWS. */
  tell(news: number): void
}

const LINE_BYTES = 4096
const CARET = 94
const TENTH_NS = 100_000_000

/** Control characters that send signals. */
const SIGNALS = [
  [VINTR, SIGNAL.SIGINT],
  [VQUIT, SIGNAL.SIGQUIT],
  [VSUSP, SIGNAL.SIGTSTP],
] as const

export class LineDiscipline {
  #stopped = false
  readonly processing: OutputProcessing = new OutputProcessing()
  readonly #host: LineHost
  readonly #input = new InputQueue()
  readonly #editor = new LineEditor()
  #settings = FIRST_SETTINGS
  /** The next byte is taken as it is: VLNEXT. */
  #literal = false

  constructor(host: LineHost) {
    this.#host = host
  }

  /** Whether output waits, after VSTOP. */
  get stopped(): boolean {
    return this.#stopped
  }

  set stopped(stopped: boolean) {
    if (stopped === this.#stopped) return
    this.#stopped = stopped
    this.#host.tell(stopped ? NEWS.stop : NEWS.start)
  }

  get settings(): Settings {
    return this.#settings
  }

  /** What was typed of a line can be read at once when there are no lines any more. */
  set settings(settings: Settings) {
    const before = this.#settings
    const wasCanonical = this.#isCanonical
    this.#settings = settings
    if (wasCanonical && !this.#isCanonical) this.#endLine(false)
    if ((settings.input & IXON) === 0) this.stopped = false
    const news = newsOfChange(before, settings)
    if (news !== 0) this.#host.tell(news)
  }

  get #isCanonical(): boolean {
    return this.#has('local', ICANON)
  }

  #has(which: 'input' | 'local', flag: number): boolean {
    return (this.#settings[which] & flag) !== 0
  }

  /** Whether the byte is this control character. 0 turns one off. */
  #is(byte: number, character: number): boolean {
    return byte !== 0 && this.#settings.characters[character] === byte
  }

  /** How many bytes may be typed now; what is too much waits at the other side. */
  get room(): number {
    return Math.max(0, LINE_BYTES - this.#input.length)
  }

  /** FIONREAD: bytes that can be read. */
  get available(): number {
    return this.#input.length
  }

  /** Whether a read of so many bytes has something to return. */
  readable(wanted: number = Infinity): boolean {
    if (this.#isCanonical) return this.#input.hasPiece
    const least = this.#settings.characters[VMIN] ?? 1
    const isTimed = (this.#settings.characters[VTIME] ?? 0) > 0
    return this.#input.length >= Math.min(isTimed ? 1 : Math.max(1, least), wanted)
  }

  /** How long a read waits for its first byte before it returns none. */
  get timeoutNs(): number {
    const { characters } = this.#settings
    if (this.#isCanonical || (characters[VMIN] ?? 1) > 0) return Infinity
    return (characters[VTIME] ?? 0) * TENTH_NS
  }

  read(most: number): Uint8Array {
    return this.#isCanonical ? this.#input.takeLine(most) : this.#input.takeBytes(most)
  }

  flushInput(): void {
    this.#input.clear()
    this.#editor.clear()
    this.#literal = false
    this.#host.tell(NEWS.flushRead)
  }

  /** Output as the screen gets it. */
  write(bytes: Uint8Array): number[] {
    const shown: number[] = []
    for (const byte of bytes) this.processing.put(byte, this.#settings.output, shown)
    return shown
  }

  /** A byte was typed. */
  type(given: number): void {
    const byte = this.#has('input', ISTRIP) ? given & 0x7f : given
    if (this.#literal) {
      this.#literal = false
      this.#add(byte)
    } else if (!this.#controlsFlow(byte) && !this.#signals(byte)) this.#character(byte)
  }

  #controlsFlow(byte: number): boolean {
    if (!this.#has('input', IXON)) return false
    if (this.#is(byte, VSTART)) this.stopped = false
    else if (this.#is(byte, VSTOP)) this.stopped = true
    else {
      if (this.#has('input', IXANY)) this.stopped = false
      return false
    }
    return true
  }

  #signals(byte: number): boolean {
    if (!this.#has('local', ISIG)) return false
    const found = SIGNALS.find(([character]) => this.#is(byte, character))
    if (found === undefined) return false
    if (!this.#has('local', NOFLSH)) {
      this.#host.tell(NEWS.flushWrite)
      this.flushInput()
    }
    this.stopped = false
    if (this.#has('local', ECHO)) this.#echo(byte)
    this.#host.signal(found[1])
    return true
  }

  #character(given: number): void {
    if (given === RETURN && this.#has('input', IGNCR)) return
    const byte = this.#translated(given)
    if (!this.#isCanonical) this.#add(byte)
    else if (!this.#edits(byte) && !this.#endsLine(byte)) this.#add(byte)
  }

  #translated(byte: number): number {
    if (byte === RETURN && this.#has('input', ICRNL)) return NEWLINE
    return byte === NEWLINE && this.#has('input', INLCR) ? RETURN : byte
  }

  /** A byte that is part of the line. */
  #add(byte: number): void {
    if (this.#isCanonical && this.#editor.length >= LINE_BYTES - 1) {
      if (this.#has('input', IMAXBEL)) this.#show([BELL])
      return
    }
    if (this.#editor.length === 0) this.#editor.firstColumn = this.processing.column
    if (this.#has('local', ECHO)) this.#echo(byte)
    if (this.#isCanonical) this.#editor.add(byte)
    else this.#input.addByte(byte)
  }

  /** ERASE, KILL, WERASE, LNEXT and REPRINT. */
  #edits(byte: number): boolean {
    const isExtended = this.#has('local', IEXTEN)
    const erasing = this.#erasing(byte, isExtended)
    if (erasing !== undefined) {
      const shown = this.#editor.erase(erasing, byte, this.#settings)
      if (this.#has('local', ECHO)) this.#show(shown)
      return true
    }
    if (!isExtended) return false
    if (this.#is(byte, VLNEXT)) {
      this.#literal = true
      if (this.#has('local', ECHO) && this.#has('local', ECHOCTL)) this.#show([CARET, BACKSPACE])
      return true
    }
    if (!this.#is(byte, VREPRINT) || !this.#has('local', ECHO)) return false
    this.#echo(byte)
    this.#show([NEWLINE])
    for (const typed of this.#editor.bytes) this.#echo(typed)
    return true
  }

  #erasing(byte: number, isExtended: boolean): Erasing | undefined {
    if (this.#is(byte, VERASE)) return 'character'
    if (this.#is(byte, VKILL)) return 'line'
    return isExtended && this.#is(byte, VWERASE) ? 'word' : undefined
  }

  #endsLine(byte: number): boolean {
    if (this.#is(byte, VEOF)) {
      this.#endLine(true)
      return true
    }
    const isEnd =
      byte === NEWLINE || this.#is(byte, VEOL) || (this.#has('local', IEXTEN) && this.#is(byte, VEOL2))
    if (!isEnd) return false
    if (this.#has('local', byte === NEWLINE ? ECHO | ECHONL : ECHO)) this.#echo(byte)
    this.#editor.add(byte)
    this.#endLine(true)
    return true
  }

  /** What was typed can be read. `even`: also if it is nothing, which is the end of file. */
  #endLine(even: boolean): void {
    if (even || this.#editor.length > 0) this.#input.addPiece(this.#editor.bytes)
    this.#editor.clear()
  }

  #echo(byte: number): void {
    const isPlain = !isControl(byte) || byte === NEWLINE || byte === 9
    this.#show(isPlain || !this.#has('local', ECHOCTL) ? [byte] : [CARET, byte ^ 0x40])
  }

  #show(bytes: readonly number[]): void {
    const shown: number[] = []
    for (const byte of bytes) this.processing.put(byte, this.#settings.output, shown)
    this.#host.show(shown)
  }
}
