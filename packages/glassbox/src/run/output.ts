/**
 * Where a program's stdout or stderr goes. What passes through a pipe is counted: at most `limit` bytes are kept or
 * passed on, and the byte after them ends the program. A reader that is slow makes the program wait; nothing is lost.
 */
import { once } from 'node:events'
import { createWriteStream, openSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { GlassboxError } from '../errors.ts'
import { syscall } from '../gate/gate.ts'
import { O_WRONLY } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { close, openNull, pipe, setNonBlocking } from './pipe.ts'
import type { Output } from './options.ts'

export type StreamName = 'stdout' | 'stderr'

/** One of the two outputs while the program runs. */
export interface OutputChannel {
  /** The descriptor that the program gets; the caller closes it after the launch where `owned`. */
  readonly childFd: number
  readonly owned: boolean
  /** The program may be running from now on. */
  launched(): void
  /** To be called when the program is dead. Resolves when every byte has arrived where it was to go. */
  finish(): Promise<void>
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
  launched: () => {},
  finish: async () => {},
  bytes: () => new Uint8Array(0),
  truncated: () => false,
  check: () => {},
  abandon: () => {},
})

export function openOutput(options: OutputOptions): OutputChannel {
  const { output, name } = options
  if (output === 'ignore') return direct(openNull(O_WRONLY), true)
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

/** A program that ends sooner never needs an eye on its pipe: what it wrote is read in one go. */
const WATCH_AFTER_MS = 2
const DRAIN_BYTES = 65_536

class Pump implements OutputChannel {
  readonly childFd: number
  readonly owned = true
  readonly #options: OutputOptions
  readonly #sink: Sink | undefined
  readonly #kept: Uint8Array[] = []
  /** Ours until a socket has it. */
  #fd: number
  #timer: NodeJS.Timeout | undefined
  #source: Socket | undefined
  #left: number
  #exceeded = false
  #error: NodeJS.ErrnoException | undefined

  constructor(options: OutputOptions, sink: Sink | undefined) {
    const { read, write } = pipe()
    this.childFd = write
    this.#fd = read
    this.#options = options
    this.#left = options.limit
    this.#sink = sink
    sink?.stream.on('error', this.#fail)
  }

  launched(): void {
    this.#timer = setTimeout(() => this.#watch(), WATCH_AFTER_MS)
  }

  #watch(): void {
    const source = new Socket({ fd: this.#fd, readable: true, writable: false })
    this.#fd = -1
    this.#source = source
    source.on('data', (chunk: Buffer) => this.#receive(chunk))
    source.on('error', () => {})
  }

  readonly #fail = (error: NodeJS.ErrnoException): void => {
    this.#error ??= error
    this.#letGo()
  }

  #letGo(): void {
    clearTimeout(this.#timer)
    this.#source?.destroy()
    if (this.#fd >= 0) close(this.#fd)
    this.#fd = -1
  }

  /** The writers are dead: what is in the pipe is all that there will be. */
  #drain(): void {
    setNonBlocking(this.#fd)
    for (let chunk = readSome(this.#fd); chunk.length > 0; chunk = readSome(this.#fd)) {
      this.#receive(chunk)
      if (this.#fd < 0) return
    }
  }

  async finish(): Promise<void> {
    if (this.#source && !this.#source.destroyed) await once(this.#source, 'close')
    else if (this.#fd >= 0) this.#drain()
    this.#letGo()
    const { stream, owned } = this.#sink ?? {}
    if (!owned) stream?.off('error', this.#fail)
    else if (stream && !this.#error) await this.#end(stream)
  }

  /** What went wrong with the last bytes is told to the callback, a turn before the event. */
  #end(stream: Writable): Promise<void> {
    return new Promise(resolve => {
      stream.end((error?: Error | null) => {
        if (error) this.#error ??= error
        resolve()
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
    else if (!this.#sink.stream.write(wanted) && this.#source) {
      this.#source.pause()
      this.#sink.stream.once('drain', () => this.#source?.resume())
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
    const { name, output } = this.#options
    const path = typeof output === 'object' && 'file' in output ? output.file : undefined
    const where = path === undefined ? name : `${name} to ${path}`
    const { message, errno } = this.#error
    throw new GlassboxError('ERR_GLASSBOX_FILE', `Could not write ${where}: ${message}`, {
      cause: this.#error,
      ...(path === undefined ? {} : { path }),
      ...(errno === undefined ? {} : { errno: Math.abs(errno) }),
      hint: 'Check that there is room where it is written to.',
    })
  }

  abandon(): void {
    this.#letGo()
  }
}

const scratch = new Uint8Array(DRAIN_BYTES)

/** The bytes that are there; none at the end, and where somebody outside the box holds the writing end. */
function readSome(fd: number): Buffer {
  const length = syscall(syscallNumber('read'), fd, scratch, scratch.length)
  return Buffer.from(scratch.subarray(0, Math.max(0, length)))
}
