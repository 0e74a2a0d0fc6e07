/**
 * Where a program's stdout or stderr goes. What passes through a pipe is counted: at most `limit` bytes are kept or
 * passed on, and the byte after them ends the program. A reader that is slow makes the program wait; nothing is lost.
 */
import { createWriteStream, openSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { GlassboxError } from '../errors.ts'
import { pipe } from './pipe.ts'
import type { Output } from './options.ts'

export type StreamName = 'stdout' | 'stderr'

/** One of the two outputs while the program runs. */
export interface OutputChannel {
  /** The descriptor that the program gets; the caller closes it after the launch where `owned`. */
  readonly childFd: number
  readonly owned: boolean
  /** Resolves when every byte has arrived where it was to go. */
  readonly finished: Promise<void>
  readonly bytes: () => Uint8Array
  readonly truncated: () => boolean
  /** Throws where the bytes could not be written to where they were to go. */
  check(): void
  /** Gives up: closes what is open here. */
  abandon(): void
}

export interface OutputOptions {
  readonly name: StreamName
  readonly output: Output
  readonly limit: number
  /** Called once, when the program writes more than `limit` bytes. */
  readonly onExceeded: () => void
  /** Called with what is kept or passed on. */
  readonly onData: (chunk: Uint8Array) => void
}

const direct = (childFd: number, owned: boolean): OutputChannel => ({
  childFd,
  owned,
  finished: Promise.resolve(),
  bytes: () => new Uint8Array(0),
  truncated: () => false,
  check: () => {},
  abandon: () => {},
})

export function openOutput(options: OutputOptions): OutputChannel {
  const { output, name } = options
  if (output === 'ignore') return direct(openSync('/dev/null', 'w'), true)
  if (output === 'inherit') return direct(name === 'stdout' ? 1 : 2, false)
  return new Pump(options, openSink(name, output))
}

interface Sink {
  readonly stream: Writable
  /** Whether the stream is ours to end. */
  readonly owned: boolean
}

function openSink(name: StreamName, output: Exclude<Output, 'ignore' | 'inherit'>): Sink | undefined {
  if (output === 'capture') return undefined
  if (!('file' in output)) return { stream: output, owned: false }
  try {
    return { stream: createWriteStream('', { fd: openSync(output.file, 'w') }), owned: true }
  } catch (error) {
    throw new GlassboxError(
      'ERR_GLASSBOX_FILE',
      `Cannot write ${name} to ${output.file}: ${(error as Error).message}`,
      {
        path: output.file,
        hint: 'Name a file in a directory that you may write.',
        cause: error,
      },
    )
  }
}

class Pump implements OutputChannel {
  readonly childFd: number
  readonly owned = true
  readonly finished: Promise<void>
  readonly #options: OutputOptions
  readonly #source: Socket
  readonly #sink: Sink | undefined
  readonly #kept: Uint8Array[] = []
  #left: number
  #exceeded = false
  #error: NodeJS.ErrnoException | undefined

  constructor(options: OutputOptions, sink: Sink | undefined) {
    const { read, write } = pipe()
    this.childFd = write
    this.#options = options
    this.#left = options.limit
    this.#sink = sink
    this.#source = new Socket({ fd: read, readable: true, writable: false })
    this.#source.on('data', (chunk: Buffer) => this.#receive(chunk))
    this.#source.on('error', () => {})
    const failed = (error: NodeJS.ErrnoException): void => {
      this.#error ??= error
      this.#source.destroy()
    }
    sink?.stream.on('error', failed)
    this.finished = new Promise(resolve => {
      this.#source.once('close', () => {
        if (!sink?.owned) sink?.stream.off('error', failed)
        if (sink?.owned && !this.#error) sink.stream.end(() => resolve())
        else resolve()
      })
    })
  }

  #receive(chunk: Buffer): void {
    if (chunk.length > this.#left && !this.#exceeded) {
      this.#exceeded = true
      this.#options.onExceeded()
    }
    const wanted = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk
    this.#left -= wanted.length
    if (wanted.length === 0) return
    this.#options.onData(wanted)
    if (!this.#sink) this.#kept.push(wanted)
    else if (!this.#sink.stream.write(wanted)) {
      this.#source.pause()
      this.#sink.stream.once('drain', () => this.#source.resume())
    }
  }

  bytes(): Uint8Array {
    return this.#kept.length === 1 && this.#kept[0] ? this.#kept[0] : Buffer.concat(this.#kept)
  }

  truncated(): boolean {
    return this.#exceeded
  }

  check(): void {
    // A reader that went away wanted no more; every other failure lost bytes that somebody wanted.
    if (!this.#error || this.#error.code === 'EPIPE') return
    const { name } = this.#options
    throw new GlassboxError('ERR_GLASSBOX_FILE', `Could not write ${name}: ${this.#error.message}`, {
      cause: this.#error,
      hint: 'Check that there is room where it is written to.',
    })
  }

  abandon(): void {
    this.#source.destroy()
  }
}
