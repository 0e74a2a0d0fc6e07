/**
 * A stream that a caller gave as stdout or stderr, from the call to the end of its run; or a file
 * that is written for it. Four things can happen to it, and each has one consequence:
 *
 * - it is full: the program waits
 * - its reader is gone (destroyed, closed, ended by somebody else, EPIPE): the program sees EPIPE,
 *   and its verdict is its own
 * - it fails: the program is ended, and the run rejects
 * - it had gone or failed before: nothing is started
 */
import { Writable } from 'node:stream'
import { GlassboxError, InvalidOptionError } from '../../errors.ts'
import type { Target, WebSink } from '../../job/streams.ts'
import { unwatch, watch, type Watcher } from './watched.ts'

type StreamTarget = Extract<Target, { kind: 'writable' | 'web' }>

export type OutputName = 'stdout' | 'stderr'

/**
 * How long a run waits for a stream to finish that has all of its bytes. A reader may never come
 * for the rest.
 */
const FINISH_MS = 1000

/** Errors that say no more than that nobody reads. */
const READER_GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'])

/**
 * Streams that were given as an output, now or before: if one of them is also read by a program,
 * it joins two programs.
 */
const given = new WeakSet<object>()
export const isSink = (stream: object): boolean => given.has(stream)

/** What is told of a sink. */
export interface SinkEvents {
  /** At most once. */
  failed(failure: GlassboxError): void
  /** Nobody reads any more. */
  gone(): void
  /** It takes more. */
  drained(): void
}

export interface SinkRequest {
  readonly name: OutputName
  readonly stream: Writable
  /** Ended when the run resolves, destroyed when it rejects. */
  readonly end: boolean
  /** It is made here, for a file: so it can be waited for. */
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
  /** Nobody reads it any more, or it failed. */
  gone = false
  #failed = false
  /** We end it, or have let go of it. */
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

  /** Returns false if it is full: it takes more when `drained` is told. */
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
   * The run has its result: gives the stream its end, and waits until everything is where it was
   * to go, for a second at most.
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

  /** What is read at its other side finishes when its reader likes. */
  #endsByItself(): boolean {
    return (this.#stream as { readonly readable?: boolean }).readable !== true
  }

  /** The run rejects: what was written is not all, and its reader must not take it for all. */
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

/** Why a stream cannot be written to. */
function stateBefore(stream: Writable): string | undefined {
  if (stream.errored) return `had failed before: ${stream.errored.message}`
  if (stream.writableEnded) return 'had been ended before'
  return stream.destroyed ? 'had been destroyed before' : undefined
}

/** Claims the stream of a caller. Throws InvalidOptionError for a locked web stream. */
export function claimSink(name: OutputName, target: StreamTarget, events: SinkEvents): Sink {
  const { end } = target
  const stream = target.kind === 'web' ? fromWeb(name, target.stream, end) : target.stream
  return new Sink({ name, stream, end: end || target.kind === 'web' }, events)
}

/**
 * A Writable of ours for it. Ended like any other; `end` says what that does to the web stream.
 */
function fromWeb(name: OutputName, web: WebSink, end: boolean): Writable {
  if (web.locked)
    throw new InvalidOptionError(
      name,
      `${name} is a stream that another writer has locked.`,
      'Release the lock, or give a stream of its own.',
    )
  const writer = web.getWriter()
  let left = false
  /** Closes it, or lets go of it. */
  const leave = async (): Promise<void> => {
    left = true
    if (end) await writer.close()
    else writer.releaseLock()
  }
  /** It has failed or is closed already, if that fails. */
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
  // Its reader may give up while nothing is written.
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

/** A web stream whose reader has canceled it gives the reader's reason, or none. */
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
    hint: 'Check that there is room where it is written to.',
  })
}
