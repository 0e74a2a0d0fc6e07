/**
 * A stream that a caller gave as stdout or stderr, from the call to the end of its run; or a
 * stream of ours that writes a file. Each event has one consequence:
 *
 * - The stream is full: the program waits.
 * - Its reader is gone (destroyed, closed, ended by other code, EPIPE): the program sees EPIPE,
 *   and has its own verdict.
 * - It fails: the program is ended, and the run rejects.
 * - It was gone or had failed before the start: nothing is started.
 */
import { Writable } from 'node:stream'
import { GlassboxError, InvalidOptionError } from '../../errors.ts'
import type { Target, WebSink } from '../../job/streams.ts'
import { unwatch, watch, type Watcher } from './watched.ts'

type StreamTarget = Extract<Target, { kind: 'writable' | 'web' }>

export type OutputName = 'stdout' | 'stderr'

/** How long a run waits for the `finish` event of a stream, in ms. It may have no reader. */
const FINISH_MS = 1000

/** Codes of errors that only mean that the reader is gone. */
const READER_GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'])

/**
 * Streams that were ever given as an output. If a program reads one of them, the stream connects
 * two programs.
 */
const given = new WeakSet<object>()
export const isSink = (stream: object): boolean => given.has(stream)

/** The listener of a sink. */
export interface SinkEvents {
  /** The sink has failed. Called at most once. */
  failed(failure: GlassboxError): void
  /** The reader is gone. */
  gone(): void
  /** The sink accepts more data. */
  drained(): void
}

export interface SinkRequest {
  readonly name: OutputName
  readonly stream: Writable
  /** Whether it is ended when the run resolves, and destroyed when the run rejects. */
  readonly end: boolean
  /** Whether it writes a file of ours. It then finishes by itself, and the run waits for that. */
  readonly own?: boolean
  /** The name of that file, for messages. */
  readonly path?: string
}

export class Sink {
  readonly #name: OutputName
  readonly #stream: Writable
  readonly #end: boolean
  readonly #path: string | undefined
  readonly own: boolean
  /** Set by the reader of the program's pipe while there is one. */
  events: SinkEvents
  /** Whether its reader is gone, or it failed. */
  gone = false
  #failed = false
  /** The run is over: its end is not an event any more. */
  #left = false
  #settled: () => void = () => {}

  constructor({ name, stream, end, own = false, path }: SinkRequest, events: SinkEvents) {
    this.#name = name
    this.#stream = stream
    this.#end = end
    this.#path = path
    this.own = own
    this.events = events
    if (!own) given.add(stream)
    const before = stateBefore(stream)
    watch(stream, this.#watcher)
    if (before !== undefined) this.#refuse(before)
  }

  readonly #watcher: Watcher = (event, error) => {
    if (event === 'error') this.#fail(error)
    else if (event === 'drain') this.events.drained()
    else if (event === 'close' || event === 'finish') {
      this.#settled()
      this.#lose()
    }
  }

  #refuse(why: string): void {
    this.gone = true
    this.#failed = true
    this.events.failed(
      new GlassboxError('ERR_GLASSBOX_STREAM', `The stream that was given as ${this.#name} ${why}.`, {
        hint: 'Give each run a stream that can still be written to; { stream, end: false } keeps one open for the next run.',
        cause: this.#stream.errored ?? undefined,
      }),
    )
  }

  #lose(): void {
    if (this.gone || this.#left) return
    this.gone = true
    this.events.gone()
  }

  #fail(error: NodeJS.ErrnoException | undefined): void {
    this.#settled()
    if (error === undefined || READER_GONE.has(error.code ?? '')) {
      this.#lose()
      return
    }
    if (this.#failed) return
    this.#failed = true
    this.gone = true
    this.events.failed(writeError(this.#name, this.#path, error))
  }

  /** Returns false if the stream is full; `drained` is called when it accepts more. */
  write(chunk: Uint8Array): boolean {
    const { destroyed, writableEnded } = this.#stream
    if (destroyed || writableEnded) this.#lose()
    if (this.gone) return true
    try {
      return this.#stream.write(chunk)
    } catch (error) {
      this.#fail(asError(error))
      return true
    }
  }

  /**
   * Call it when the run resolves. Ends the stream and waits until all data is written: for a file
   * without a time limit, for any other stream at most one second.
   */
  async finish(): Promise<void> {
    this.#left = true
    const settled = new Promise<void>(resolve => (this.#settled = resolve))
    if (!this.gone) {
      if (this.#end) this.#endIt()
      else this.#flush()
      if (this.own) await settled
      else if (this.#endsByItself()) await settledSoon(settled)
    }
    await unwatch(this.#stream, this.#watcher)
  }

  #endIt(): void {
    try {
      this.#stream.end()
    } catch (error) {
      this.#fail(asError(error))
    }
  }

  #flush(): void {
    if (this.#stream.writableLength === 0 || !(this.#stream instanceof Writable)) this.#settled()
    else this.#stream.write('', () => this.#settled())
  }

  /**
   * Whether it finishes without a reader of ours. A Duplex waits for the reader of its other side.
   */
  #endsByItself(): boolean {
    return (this.#stream as { readonly readable?: boolean }).readable !== true
  }

  /**
   * Call it when the run rejects. Destroys the stream, so its reader sees that data is missing.
   */
  async abandon(): Promise<void> {
    this.#left = true
    if (this.#end && !this.gone) this.#stream.destroy()
    await unwatch(this.#stream, this.#watcher)
  }
}

async function settledSoon(settled: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([settled, new Promise<void>(resolve => (timer = setTimeout(resolve, FINISH_MS)))])
  clearTimeout(timer)
}

/** Why a stream cannot be written to; `undefined` if it can. */
function stateBefore(stream: Writable): string | undefined {
  if (stream.errored) return `had failed before: ${stream.errored.message}`
  if (stream.writableEnded) return 'had already been ended'
  return stream.destroyed ? 'had already been destroyed' : undefined
}

/** Claims the stream of a caller. Throws InvalidOptionError for a locked web stream. */
export function claimSink(name: OutputName, target: StreamTarget, events: SinkEvents): Sink {
  const { end } = target
  const stream = target.kind === 'web' ? fromWeb(name, target.stream, end) : target.stream
  return new Sink({ name, stream, end: end || target.kind === 'web' }, events)
}

/**
 * Wraps a web stream in a Writable, which is ended like any other. `end`: whether that closes the
 * web stream; otherwise its lock is released.
 */
function fromWeb(name: OutputName, web: WebSink, end: boolean): Writable {
  if (web.locked)
    throw new InvalidOptionError(
      name,
      `${name} is a stream that another writer has locked.`,
      'Release the lock, or give another stream.',
    )
  const writer = web.getWriter()
  let left = false
  /** Closes it, or releases its lock. */
  const leave = async (): Promise<void> => {
    left = true
    if (end) await writer.close()
    else writer.releaseLock()
  }
  /** Aborts it. That fails only if it has already failed or is closed. */
  const giveUp = (reason?: unknown): void => void writer.abort(reason).catch(() => {})
  const stream = new Writable({
    write: (chunk: Uint8Array, _encoding, done) => void settle(writer.write(chunk), done),
    final: done => void settle(leave(), done),
    destroy: (reason, done) => {
      if (!left && end) giveUp(reason ?? undefined)
      else if (!left) writer.releaseLock()
      left = true
      done(reason)
    },
  })
  // Its reader may cancel it while nothing is written.
  writer.closed.catch((error: unknown) => {
    if (!left) stream.destroy(webError(error))
  })
  return stream
}

async function settle(work: Promise<unknown>, done: (error?: Error) => void): Promise<void> {
  let failure: Error | undefined
  try {
    await work
  } catch (error) {
    failure = webError(error)
  }
  done(failure)
}

/**
 * The error of a web stream. If its reader canceled it, the reason may be any value, or missing.
 */
function webError(reason: unknown): Error {
  if (reason instanceof Error && reason.name !== 'AbortError') return reason
  return Object.assign(new Error('The reader of the stream has canceled it.'), { code: 'EPIPE' })
}

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))

export function writeError(
  name: OutputName,
  path: string | undefined,
  error: NodeJS.ErrnoException,
): GlassboxError {
  const where = path === undefined ? name : `${name} to ${path}`
  const { message, errno } = error
  return new GlassboxError('ERR_GLASSBOX_FILE', `Could not write ${where}: ${message}`, {
    cause: error,
    ...(path === undefined ? {} : { path }),
    ...(errno === undefined ? {} : { errno: Math.abs(errno) }),
    hint: 'Check that the disk is not full.',
  })
}
