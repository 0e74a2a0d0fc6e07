/**
 * The program's output on its way to the command's own stdout or stderr. It never writes more at
 * a time than the reader accepts at once. So a slow reader blocks the program but not this
 * process, which must handle signals and watch limits. O_NONBLOCK is not set, because it would
 * affect every process that shares the terminal or pipe.
 */
import { EventEmitter } from 'node:events'
import { fstatSync } from 'node:fs'
import type { Writable } from 'node:stream'
import { syscall } from '../../gate/gate.ts'
import { POLLOUT } from '../../linux/constants.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { CommandOutput } from '../output.ts'
import type { Excerpt } from './excerpt.ts'

/**
 * A pipe that is ready accepts this much without blocking: PIPE_BUF, one page. A regular file
 * accepts everything.
 */
const PIECE_BYTES = 4096
/**
 * How long to wait before asking a reader that accepts nothing again, in ms. Doubled each time,
 * up to the second value.
 */
const FIRST_DELAY_MS = 0.5
const LAST_DELAY_MS = 20

const POLL = syscallNumber('poll')

/**
 * What run() needs of a stream, and no more: Node's Writable would take longer to load than the
 * program runs. Emits `drain` when all is written, and `close` at its end.
 *
 * If the output fails, it closes: as if its reader were gone, so the program gets SIGPIPE. The
 * command reports the true reason itself, beside the report of the run.
 */
export class ProgramOutput extends EventEmitter {
  readonly #output: CommandOutput
  readonly #pieceBytes: number
  /** What is not written yet. */
  #waiting: Uint8Array[] = []
  #timer: NodeJS.Timeout | undefined
  #delayMs = FIRST_DELAY_MS
  #isPatient = true
  #isEnded = false
  destroyed = false
  readonly #excerpt: Excerpt | undefined

  /** `excerpt`: keeps a part of what passes. */
  constructor(output: CommandOutput, excerpt?: Excerpt) {
    super()
    this.#output = output
    this.#excerpt = excerpt
    this.#pieceBytes = fstatSync(output.fd).isFile() ? Infinity : PIECE_BYTES
  }

  /** As an option of run(), which uses only what this class has. */
  asStream(): Writable {
    return this as unknown as Writable
  }

  /** How many chunks wait. */
  get writableLength(): number {
    return this.#waiting.length
  }

  /** Takes ownership of `chunk`. Returns false if the program should wait for `drain`. */
  write(chunk: Uint8Array): boolean {
    if (this.destroyed) return true
    this.#excerpt?.add(chunk)
    this.#waiting.push(chunk)
    if (!this.#timer) this.#advance()
    return this.#waiting.length === 0
  }

  /** Drops what the reader does not accept at once, because the command was asked to end. */
  stopWaiting(): void {
    this.#isPatient = false
    if (this.#timer) this.#advance()
  }

  end(): void {
    this.#isEnded = true
    if (this.#waiting.length === 0) this.destroy()
  }

  destroy(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#waiting = []
    if (this.destroyed) return
    this.destroyed = true
    this.emit('close')
  }

  /** Resolves when everything was written or could not be. */
  async finish(): Promise<void> {
    if (this.destroyed) return
    await new Promise<unknown>(resolve => this.once('close', resolve).end())
  }

  /** Writes until nothing waits, the output fails, or its reader accepts no more for now. */
  #advance(): void {
    const hadToWait = this.#timer !== undefined
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (let chunk = this.#waiting[0]; chunk; chunk = this.#waiting[0]) {
      const written = this.#writePiece(chunk)
      if (this.#output.error) return this.destroy()
      if (written === 0 && this.#isPatient) return this.#waitForReader()
      this.#delayMs = FIRST_DELAY_MS
      if (written === 0 || written === chunk.length) this.#waiting.shift()
      else this.#waiting[0] = chunk.subarray(written)
    }
    if (this.#isEnded) this.destroy()
    else if (hadToWait) this.emit('drain')
  }

  /** Returns how many bytes the reader accepted. */
  #writePiece(chunk: Uint8Array): number {
    return isReady(this.#output.fd) ? this.#output.writeSome(chunk.subarray(0, this.#pieceBytes)) : 0
  }

  #waitForReader(): void {
    this.#timer = setTimeout(() => this.#advance(), this.#delayMs)
    this.#delayMs = Math.min(2 * this.#delayMs, LAST_DELAY_MS)
  }
}

const request = new Int16Array(4)
const descriptor = new Int32Array(request.buffer, 0, 1)

/** Whether a write would not block. Also true for a descriptor on which a write would fail. */
function isReady(fd: number): boolean {
  descriptor[0] = fd
  request[2] = POLLOUT
  request[3] = 0
  return syscall(POLL, request, 1, 0) !== 0
}
