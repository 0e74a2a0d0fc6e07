/**
 * A stream that a caller gave as stdin, from the call to the end of its run. glassbox listens to
 * it from the call on, so a failure is noticed even while the run waits for a sandbox. The stream
 * is read only while the program accepts data.
 *
 * If the source fails, the run fails: a failure is never taken for the end of the input. If the
 * program had ended by itself before, it did not need the rest.
 */
import { PassThrough, Readable } from 'node:stream'
import type { Socket } from 'node:net'
import { GlassboxError, InvalidOptionError } from '../../errors.ts'
import type { Source, WebSource } from '../../job/streams.ts'
import { isSink } from './sink.ts'
import { unwatch, watch, type Watcher } from './watched.ts'

type StreamSource = Extract<Source, { kind: 'pipe' | 'readable' | 'web' | 'chunks' }>

/** Whether the source is a stream, which can be read only once. */
export const isStreamSource = (source: Source): source is StreamSource =>
  source.kind === 'pipe' || source.kind === 'readable' || source.kind === 'web' || source.kind === 'chunks'

export class ClaimedSource {
  /** The stream that the caller writes to, if stdin is `pipe`. */
  readonly writable: PassThrough | undefined
  readonly #stream: Readable
  /** Whether the Readable is ours: made here from the caller's source. */
  readonly #own: boolean
  readonly #onFailure: (failure: GlassboxError) => void
  #socket: Socket | undefined
  /** It has ended or failed, or its data is no longer needed. */
  #over = false

  /**
   * `onFailure` is called at most once, if the source fails before it is over. Throws
   * InvalidOptionError for a locked web stream.
   */
  constructor(source: StreamSource, onFailure: (failure: GlassboxError) => void) {
    this.#onFailure = onFailure
    this.#own = source.kind !== 'readable'
    this.#stream = open(source)
    this.writable = this.#stream instanceof PassThrough && this.#own ? this.#stream : undefined
    const before = stateBefore(this.#stream)
    watch(this.#stream, this.#watcher)
    if (before !== undefined) this.#fail(before, this.#stream.errored ?? undefined)
  }

  readonly #watcher: Watcher = (event, error) => {
    if (event === 'error') this.#fail(`failed: ${error?.message ?? 'no reason was given'}`, error)
    else if (event === 'end') this.#end()
    else if (event === 'close') this.#fail('was destroyed before its end')
  }

  #fail(what: string, cause?: unknown): void {
    if (this.#over) return
    this.#over = true
    this.#stopReading()
    // The pipe stays open: closing it would look like the end of the input to the program.
    this.#onFailure(
      new GlassboxError('ERR_GLASSBOX_STREAM', `The stream that was given as stdin ${what}.`, {
        hint: 'The program did not get all of its input, so there is no result. Fix the stream, then run the program again.',
        cause,
      }),
    )
  }

  /** Writes the data of the source to `socket`, the writing end of the program's stdin. */
  feed(socket: Socket): void {
    this.#socket = socket
    if (this.#over) return
    socket.on('drain', this.#resume)
    // The program has closed its stdin or has ended.
    socket.on('error', error => this.#leave(error))
    this.#stream.on('data', this.#give)
    if (this.#stream.readableFlowing === false) this.#stream.resume()
  }

  readonly #resume = (): void => void this.#stream.resume()

  readonly #give = (chunk: unknown): void => {
    if (typeof chunk !== 'string' && !ArrayBuffer.isView(chunk) && !(chunk instanceof ArrayBuffer)) {
      this.#fail(`yielded something that is neither text nor bytes: ${kindOf(chunk)}`)
      if (this.#own) this.#stream.destroy()
      return
    }
    const data = typeof chunk === 'string' ? chunk : bytesOf(chunk)
    if (this.#socket?.write(data) === false) this.#stream.pause()
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#stopReading()
    this.#socket?.end()
  }

  #stopReading(): void {
    this.#socket?.off('drain', this.#resume)
    if (!this.#stream.listeners('data').includes(this.#give)) return
    this.#stream.off('data', this.#give)
    this.#stream.pause()
  }

  /**
   * Stops reading. A stream of ours is destroyed, and so is a stream that connects two programs:
   * its reading program has ended.
   */
  #leave(error?: Error): void {
    const unread = !this.#over
    this.#over = true
    this.#stopReading()
    if (this.#own) this.#stream.destroy(this.writable && error)
    else if (unread && isSink(this.#stream)) this.#stream.destroy()
  }

  /** Call it when the run is over. Resolves once the caller's stream has no listener of ours. */
  async release(): Promise<void> {
    this.#leave()
    // A stream of ours may emit an error later, and has no other listener: keep listening.
    if (!this.#own) await unwatch(this.#stream, this.#watcher)
  }
}

const kindOf = (chunk: unknown): string => (chunk === NOTHING ? 'nothing' : `a value of type ${typeof chunk}`)

const bytesOf = (bytes: ArrayBufferView | ArrayBuffer): Uint8Array =>
  ArrayBuffer.isView(bytes)
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes)

/** Why a stream cannot be read from its beginning; `undefined` if it can. */
function stateBefore(stream: Readable): string | undefined {
  if (stream.errored) return `had failed before: ${stream.errored.message}`
  if (stream.readableEnded) return 'had already been read to its end'
  return stream.destroyed ? 'had already been destroyed' : undefined
}

function open(source: StreamSource): Readable {
  if (source.kind === 'readable') return source.stream
  if (source.kind === 'pipe') return new PassThrough()
  if (source.kind === 'chunks') return Readable.from(source.chunks)
  return fromWeb(source.open())
}

/** Wraps a web stream. It is canceled if it is not read to its end, as with `pipeTo()`. */
function fromWeb(web: WebSource): Readable {
  if (web.locked)
    throw new InvalidOptionError(
      'stdin',
      'stdin is a stream that another reader has locked.',
      'Release the lock, or give one branch of tee().',
    )
  const reader = web.getReader()
  /** Cancels it. That fails only if it has already failed or is closed. */
  const cancel = (reason?: unknown): void => void reader.cancel(reason).catch(() => {})
  const stream: Readable = new Readable({
    objectMode: true,
    read: () => {
      reader.read().then(
        ({ done, value }) => {
          if (!stream.destroyed) stream.push(done ? null : (value ?? NOTHING))
        },
        (error: unknown) => stream.destroy(asError(error)),
      )
    },
    destroy: (reason, done) => {
      cancel(reason ?? undefined)
      done(reason)
    },
  })
  // It may fail while it is not being read.
  reader.closed.catch((error: unknown) => stream.destroy(asError(error)))
  return stream
}

/** Stands for a chunk that is null or undefined, which would end the stream. */
const NOTHING = Symbol('nothing')
const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error(String(reason)))
