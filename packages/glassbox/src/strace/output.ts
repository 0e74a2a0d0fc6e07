/**
 * Where the text goes: stderr, a file, a file for each thread, or the stdin of a command. Gathered, and written in large pieces; what
 * waits is written out when the tracer waits too. A disk that is full ends the trace with one sentence, not the program.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { GlassboxError } from '../errors.ts'
import type { StraceOptions } from './options.ts'
import { UsageError } from './usage-error.ts'

const GATHER_BYTES = 65_536
/** Who follows a file sees what is in it this soon. */
const FLUSH_MS = 250

export class OutputError extends GlassboxError {
  constructor(name: string, cause: NodeJS.ErrnoException) {
    super('ERR_GLASSBOX_FILE', `${name}: ${messageOf(cause)}`, {
      cause,
      hint: 'Check that there is room for it.',
    })
  }
}

const MESSAGES: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EACCES: 'Permission denied',
  EISDIR: 'Is a directory',
  ENOSPC: 'No space left on device',
  EPIPE: 'Broken pipe',
  ENOTDIR: 'Not a directory',
  EROFS: 'Read-only file system',
}
const messageOf = ({ code = '', message }: NodeJS.ErrnoException): string => MESSAGES[code] ?? message

/** Gathers the text of one descriptor. */
class Gatherer {
  readonly name: string
  readonly #fd: number
  readonly #owned: boolean
  #text = ''
  #flushedAt = performance.now()

  constructor(name: string, fd: number, owned: boolean) {
    this.name = name
    this.#fd = fd
    this.#owned = owned
  }

  write(text: string): void {
    this.#text += text
    if (this.#text.length >= GATHER_BYTES) this.flush()
  }

  /** Called whenever the tracer waits. */
  rest(atOnce: boolean): void {
    if (this.#text !== '' && (atOnce || performance.now() - this.#flushedAt > FLUSH_MS)) this.flush()
  }

  flush(): void {
    const bytes = Buffer.from(this.#text, 'latin1')
    this.#text = ''
    this.#flushedAt = performance.now()
    for (let at = 0; at < bytes.length; ) at += this.#writeSome(bytes, at)
  }

  #writeSome(bytes: Buffer, at: number): number {
    try {
      return writeSync(this.#fd, bytes, at)
    } catch (error) {
      const cause = error as NodeJS.ErrnoException
      if (cause.code === 'EAGAIN') return 0
      throw new OutputError(this.name, cause)
    }
  }

  close(): void {
    this.flush()
    if (this.#owned) closeSync(this.#fd)
  }
}

function open(name: string, append: boolean): Gatherer {
  try {
    return new Gatherer(name, openSync(name, append ? 'a' : 'w'), true)
  } catch (error) {
    throw new UsageError(`Can't fopen '${name}': ${messageOf(error as NodeJS.ErrnoException)}`)
  }
}

export class Output {
  readonly isStderr: boolean
  readonly #options: StraceOptions
  readonly #common: Gatherer | undefined
  readonly #threads = new Map<number, Gatherer>()
  #reader: ChildProcess | undefined

  constructor(options: StraceOptions) {
    const { output, separately, append } = options
    this.#options = options
    this.isStderr = output === undefined
    if (output === undefined) this.#common = new Gatherer('stderr', 2, false)
    else if (/^[|!]/.test(output)) this.#common = this.#startReader(output.slice(1))
    else if (!separately) this.#common = open(output, append)
  }

  /** The command reads from a pipe of its own, as the shell would give it one. */
  #startReader(command: string): Gatherer {
    const reader = spawn('sh', ['-c', command], { stdio: ['pipe', 'inherit', 'inherit'] })
    this.#reader = reader
    const fd = (reader.stdin as unknown as { _handle: { fd: number } })._handle.fd
    return new Gatherer(command, fd, false)
  }

  #of(tid: number): Gatherer {
    if (this.#common) return this.#common
    let own = this.#threads.get(tid)
    if (!own) {
      own = open(`${this.#options.output ?? ''}.${tid}`, this.#options.append)
      this.#threads.set(tid, own)
    }
    return own
  }

  write(tid: number, text: string): void {
    this.#of(tid).write(text)
  }

  /** A thread has ended: its file is closed. */
  forget(tid: number): void {
    this.#threads.get(tid)?.close()
    this.#threads.delete(tid)
  }

  rest(): void {
    this.#common?.rest(this.isStderr)
    for (const own of this.#threads.values()) own.rest(false)
  }

  async close(): Promise<void> {
    this.#common?.close()
    for (const tid of this.#threads.keys()) this.forget(tid)
    const reader = this.#reader
    if (!reader) return
    reader.stdin?.end()
    while (reader.exitCode === null && reader.signalCode === null) await sleep(2)
  }
}
