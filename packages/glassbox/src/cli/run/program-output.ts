/**
 * The program's output on its way to the command's own stdout or stderr. It never writes more at
 * a time than the reader accepts at once. So a slow reader blocks the program but not this
 * process, which must handle signals and watch limits. O_NONBLOCK is not set, because it would
 * affect every process that shares the terminal or pipe.
 */
import { fstatSync } from 'node:fs'
import { Writable } from 'node:stream'
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
 * The error by which glassbox knows that a sink failed: as if its reader were gone, so the
 * program gets SIGPIPE. The command reports the true reason itself, beside the report of the run.
 */
const gone = (): NodeJS.ErrnoException => Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })

export class ProgramOutput extends Writable {
  readonly #output: CommandOutput
  readonly #pieceBytes: number
  #rest: Uint8Array = new Uint8Array(0)
  #done: (error?: Error) => void = () => {}
  #timer: NodeJS.Timeout | undefined
  #delayMs = FIRST_DELAY_MS
  #isPatient = true
  readonly #excerpt: Excerpt | undefined

  /** `excerpt`: keeps a part of what passes. */
  constructor(output: CommandOutput, excerpt?: Excerpt) {
    super({ decodeStrings: true })
    this.#output = output
    this.#excerpt = excerpt
    this.#pieceBytes = fstatSync(output.fd).isFile() ? Infinity : PIECE_BYTES
    // A late failure without a listener must not end the process.
    this.on('error', () => {})
  }

  override _write(chunk: Uint8Array, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#excerpt?.add(chunk)
    this.#rest = chunk
    this.#done = done
    this.#advance()
  }

  /** Drops what the reader does not accept at once, because the command was asked to end. */
  stopWaiting(): void {
    this.#isPatient = false
    if (this.#timer) this.#advance()
  }

  /** Resolves when everything was written or could not be. */
  async finish(): Promise<void> {
    if (this.closed) return
    await new Promise<unknown>(resolve => this.once('close', resolve).end())
  }

  #advance(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    while (this.#rest.length > 0) {
      const written = isReady(this.#output.fd)
        ? this.#output.writeSome(this.#rest.subarray(0, this.#pieceBytes))
        : 0
      if (this.#output.error) return this.#done(gone())
      if (written === 0 && this.#isPatient) {
        this.#timer = setTimeout(() => this.#advance(), this.#delayMs)
        this.#delayMs = Math.min(2 * this.#delayMs, LAST_DELAY_MS)
        return undefined
      }
      if (written === 0) break
      this.#delayMs = FIRST_DELAY_MS
      this.#rest = this.#rest.subarray(written)
    }
    return this.#done()
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
