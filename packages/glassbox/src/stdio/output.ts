/**
 * Where a program's stdout or stderr goes. What passes through a pipe is counted: at most `limit` bytes are kept or
 * passed on, and the byte after them ends the program. A reader that is slow makes the program wait; nothing is lost.
 *
 * The end of the program is the end of its output: what it wrote stands in the pipe then and is taken at once, without waiting for
 * a reader, or for the end of the pipe, whose writing end somebody outside the box may hold.
 */
import { createWriteStream, ftruncateSync } from 'node:fs'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { GlassboxError } from '../errors.ts'
import { close, keepDescriptor } from '../gate/descriptors.ts'
import { call, syscall } from '../gate/gate.ts'
import { F_DUPFD_CLOEXEC, FIONREAD, O_CREAT, O_WRONLY } from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { cannotOpen, openHostFile } from './host-file.ts'
import type { HostPaths } from './host-paths.ts'
import { lend } from './borrowed.ts'
import { KeptBytes } from './kept-bytes.ts'
import { openNull, type Owner, pipe } from './pipe.ts'
import type { Output } from '../job/options.ts'

export type StreamName = 'stdout' | 'stderr'

/** One of the two outputs while the program runs. */
export interface OutputChannel {
  /** The descriptor that the program gets; the caller closes it after the launch where `owned`. */
  readonly childFd: number
  readonly owned: boolean
  /** The program may be running from now on. */
  launched(): void
  /** To be called when the program is dead. Resolves when every byte is where it was to go; a stream of the caller's has them all. */
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
  readonly owner: Owner | undefined
  readonly paths: HostPaths
  /** Called once, when the program writes more than `limit` bytes. */
  readonly onExceeded: () => void
  /** Called with what is kept or passed on. */
  readonly onData: (chunk: Uint8Array) => void
}

const direct = (childFd: number, owned: boolean, letGo: () => void = () => {}): OutputChannel => ({
  childFd,
  owned,
  launched: () => {},
  finish: async () => letGo(),
  bytes: () => new Uint8Array(0),
  truncated: () => false,
  check: () => {},
  abandon: letGo,
})

const inherit = (fd: 1 | 2): OutputChannel => direct(fd, false, lend(fd))

export function openOutput(options: OutputOptions): OutputChannel {
  const { output, name } = options
  if (output === 'ignore') return direct(openNull(O_WRONLY), true)
  if (output === 'inherit') return inherit(name === 'stdout' ? 1 : 2)
  const sink = openSink(name, output, options.paths)
  try {
    return new Pump(options, sink)
  } catch (error) {
    if (sink?.owned) sink.stream.destroy()
    throw error
  }
}

interface Sink {
  readonly stream: Writable
  /** Whether the stream is ours to end. */
  readonly owned: boolean
}

function openSink(
  name: StreamName,
  output: Exclude<Output, 'ignore' | 'inherit'>,
  paths: HostPaths,
): Sink | undefined {
  if (output === 'capture') return undefined
  if (!('file' in output)) return { stream: output, owned: false }
  const path = output.file
  const { fd, stats } = openHostFile({ name, path, flags: O_WRONLY | O_CREAT, paths })
  return keepDescriptor(fd, () => {
    try {
      // Only now is it known to be one.
      if (stats.isFile()) ftruncateSync(fd)
    } catch (error) {
      throw cannotOpen(name, path, error)
    }
    return { stream: createWriteStream('', { fd }), owned: true }
  })
}

/**
 * A short program never needs an eye on its pipe, which is dear: there is a look after this time and after each doubling of it, and
 * an eye from the look on that finds bytes, or from the last one.
 */
const FIRST_LOOK_MS = 2
const LAST_LOOK_MS = 8
const DRAIN_BYTES = 65_536

class Pump implements OutputChannel {
  readonly childFd: number
  readonly owned = true
  readonly #options: OutputOptions
  readonly #sink: Sink | undefined
  readonly #kept = new KeptBytes()
  #fd: number
  #timer: NodeJS.Timeout | undefined
  #source: Socket | undefined
  #left: number
  #exceeded = false
  #error: NodeJS.ErrnoException | undefined

  /** `sink` becomes its own. */
  constructor(options: OutputOptions, sink: Sink | undefined) {
    const { read, write } = pipe(options.owner)
    this.childFd = write
    this.#fd = read
    this.#options = options
    this.#left = options.limit
    this.#sink = sink
    sink?.stream.on('error', this.#fail)
  }

  launched(): void {
    this.#lookAfter(FIRST_LOOK_MS)
  }

  #lookAfter(ms: number): void {
    this.#timer = setTimeout(() => this.#look(ms), ms)
  }

  #look(after: number): void {
    if (bytesIn(this.#fd) > 0 || after >= LAST_LOOK_MS) this.#watch()
    else this.#lookAfter(2 * after)
  }

  #watch(): void {
    // Its own descriptor: what the socket has not read is read without it.
    const fd = call('fcntl', [this.#fd, F_DUPFD_CLOEXEC, 0])
    const source = new Socket({ fd, readable: true, writable: false })
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

  readonly #resume = (): void => {
    this.#source?.resume()
  }

  /** What the socket has read and not told. */
  #unwatch(): void {
    const source = this.#source
    this.#source = undefined
    this.#sink?.stream.off('drain', this.#resume)
    if (!source || source.destroyed) return
    source.removeAllListeners('data').pause()
    for (let chunk: Buffer | null; (chunk = source.read() as Buffer | null); ) this.#receive(chunk)
    source.destroy()
  }

  /** The program is dead: what is in the pipe now is all that it wrote. */
  #drain(): void {
    for (let left = bytesIn(this.#fd); left > 0 && this.#fd >= 0; ) {
      const chunk = readSome(this.#fd, left)
      if (chunk.length === 0) return
      left -= chunk.length
      this.#receive(chunk)
    }
  }

  async finish(): Promise<void> {
    clearTimeout(this.#timer)
    if (this.#fd >= 0) {
      this.#unwatch()
      this.#drain()
    }
    this.#letGo()
    const { stream, owned } = this.#sink ?? {}
    if (!owned) stream?.off('error', this.#fail)
    else if (stream && !this.#error) {
      // Its close, which comes after its error: the end itself may be told first.
      await new Promise<unknown>(resolve => stream.once('close', resolve).end())
    }
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
    if (!this.#sink) this.#kept.append(wanted)
    else if (!this.#sink.stream.write(wanted) && this.#source) {
      this.#source.pause()
      this.#sink.stream.once('drain', this.#resume)
    }
  }

  bytes(): Uint8Array {
    return this.#kept.bytes()
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
    if (this.#sink?.owned) this.#sink.stream.destroy()
    else this.#sink?.stream.off('error', this.#fail)
  }
}

const scratch = new Uint8Array(DRAIN_BYTES)
const count = new Int32Array(1)

function bytesIn(fd: number): number {
  call('ioctl', [fd, FIONREAD, count])
  return count[0] ?? 0
}

/** At most `most` of the bytes that are there. */
function readSome(fd: number, most: number): Buffer {
  const length = syscall(syscallNumber('read'), fd, scratch, Math.min(most, scratch.length))
  return Buffer.from(scratch.subarray(0, Math.max(0, length)))
}
