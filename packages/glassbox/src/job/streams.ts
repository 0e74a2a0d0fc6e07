/**
 * The three standard streams of a job, as a caller gives them: their vocabulary, and its check. A
 * word of the vocabulary is never taken for data, and what is no word, no data and no stream is
 * refused by name before anything is started.
 *
 * Pure: nothing is opened, read or listened to here.
 */
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { InvalidOptionError } from '../errors.ts'
import { show } from '../options/show.ts'
import { nearest } from '../suggest.ts'

/** Bytes in any of their forms. A view counts as the bytes that it shows. */
export type Bytes = ArrayBuffer | SharedArrayBuffer | NodeJS.ArrayBufferView

/** A file of the host. */
export interface HostFileOption {
  /** A path, or a `file:` URL. */
  readonly file: string | URL
}

/**
 * What is used of a web `ReadableStream`; the streams of Node and of other makers have it alike.
 */
export interface WebSource {
  readonly locked: boolean
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: unknown }>
    cancel(reason?: unknown): Promise<unknown>
    readonly closed: Promise<unknown>
  }
}

/** What is used of a web `WritableStream`. */
export interface WebSink {
  readonly locked: boolean
  getWriter(): {
    write(chunk: Uint8Array): Promise<unknown>
    close(): Promise<unknown>
    abort(reason?: unknown): Promise<unknown>
    releaseLock(): void
    readonly closed: Promise<unknown>
  }
}

/** What is used of a `Blob` or `File`. */
export interface BlobLike {
  readonly size: number
  stream(): WebSource
}

/**
 * Where stdin comes from.
 *
 * - `'ignore'` (default): it is empty.
 * - `'inherit'`: this process's own stdin.
 * - `'pipe'`: what is written to `handle.stdin` while the program runs.
 * - a string, bytes, an array of both, or a Blob: that. A string that is a word of this list is
 *   the word: `{ text: 'pipe' }` says it as data.
 * - a Readable, a web ReadableStream, or an iterable of strings or bytes (a generator): what it
 *   yields, as fast as the program reads. If it fails, the program is ended and run() rejects with
 *   ERR_GLASSBOX_STREAM. A Readable that the program did not read to its end is left paused, as
 *   `pipe()` leaves it; if it is also the output of another run, the two programs are joined by it
 *   as by a pipe, and it is destroyed when its reader has ended. Web streams and iterators are
 *   canceled.
 * - `{ file }`: a file of the host, which the program cannot change.
 */
export type Input =
  | 'ignore'
  | 'inherit'
  | 'pipe'
  | (string & {})
  | { readonly text: string }
  | Bytes
  | BlobLike
  | readonly (string | Bytes)[]
  | Readable
  | WebSource
  | Iterable<string | Bytes>
  | AsyncIterable<string | Bytes>
  | HostFileOption

/** A stream that stays open when the program has ended. */
export interface KeptOpen {
  readonly stream: Writable | WebSink
  readonly end: false
}

/**
 * Where stdout or stderr goes.
 *
 * - `'capture'` (default): into the result, at most `outputBytes` of it.
 * - `'pipe'`: to whoever reads `handle.stdout` or `handle.stderr`; the program waits for the
 *   reader, and the result has nothing.
 * - `'inherit'`: this process's own; `'ignore'`: nowhere.
 * - a Writable or a web WritableStream: it gets the bytes; the program waits while it is full, and
 *   sees EPIPE when it is gone. When run() resolves it has been ended, and run() has waited for
 *   its `finish`, for a second at most; when run() rejects it has been destroyed. `process.stdout`
 *   and `process.stderr` stay open, and `{ stream, end: false }` keeps any other open.
 * - `{ file }`: a file of the host, emptied before.
 *
 * One Writable, one file, or one inherited open file for both stdout and stderr is one pipe for
 * the program: what it writes stays in order, and `outputBytes` counts both.
 */
export type Output =
  | 'capture'
  | 'pipe'
  | 'inherit'
  | 'ignore'
  | Writable
  | WebSink
  | KeptOpen
  | HostFileOption

/**
 * As `Output`; `'stdout'`: into the same pipe as stdout, in the order in which the program writes.
 * The result's stderr is empty.
 */
export type ErrorOutput = Output | 'stdout'

/** The options that this file is about. */
export interface StreamOptions {
  readonly stdin?: Input | undefined
  readonly stdout?: Output | undefined
  readonly stderr?: ErrorOutput | undefined
}

/** An `Input`, told apart. */
export type Source =
  | { readonly kind: 'ignore' | 'inherit' }
  | { readonly kind: 'pipe' }
  | { readonly kind: 'data'; readonly data: readonly (string | Bytes)[] }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'readable'; readonly stream: Readable }
  | { readonly kind: 'web'; readonly open: () => WebSource }
  | { readonly kind: 'chunks'; readonly chunks: Iterable<unknown> | AsyncIterable<unknown> }

/** An `Output`, told apart. */
export type Target =
  | { readonly kind: 'capture' | 'pipe' | 'inherit' | 'ignore' | 'stdout' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'writable'; readonly stream: Writable; readonly end: boolean }
  | { readonly kind: 'web'; readonly stream: WebSink; readonly end: boolean }

type OutputName = 'stdout' | 'stderr'

const INPUT_WORDS = ['ignore', 'inherit', 'pipe'] as const
const OUTPUT_WORDS = ['capture', 'pipe', 'inherit', 'ignore'] as const
/**
 * Words of outputs and of child_process: as stdin they are mistaken options more often than data.
 */
const OTHER_WORDS: readonly string[] = ['capture', 'stdout', 'overlapped', 'ipc']

const INPUT_KINDS =
  "Say 'ignore', 'inherit' or 'pipe', or give text, bytes, a Readable, a web ReadableStream, an iterable of text or bytes, " +
  'a Blob, { text } or { file }.'
const OUTPUT_KINDS =
  "Say 'capture', 'pipe', 'inherit' or 'ignore', or give a Writable, a web WritableStream or { file }."

/** An object of any kind, looked at member by member. */
type Members = Readonly<Record<string | symbol, unknown>>

const isBytes = (value: unknown): value is Bytes =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer

const has = (value: Members, ...methods: readonly (string | symbol)[]): boolean =>
  methods.every(method => typeof value[method] === 'function')

function wrong(name: string, value: unknown, hint: string): InvalidOptionError {
  const expected = name === 'stdin' ? 'something to read from' : 'something to write to'
  return new InvalidOptionError(name, `Expected ${name} to be ${expected}, got ${show(value)}.`, hint)
}

function inputHint(value: unknown): string {
  if (typeof value !== 'object' || value === null) return INPUT_KINDS
  const members = value as Members
  if ('inherit' in members) return "Say stdin: 'inherit'."
  if ('path' in members) return 'A file of the host is { file: path }.'
  if ('readable' in members) return 'Give its readable side: stdin: it.readable.'
  if ('body' in members) return 'Give its body: stdin: it.body.'
  if (has(members, 'write', 'on')) return 'A Writable cannot be read; give a Readable.'
  return INPUT_KINDS
}

function outputHint(name: OutputName, value: unknown): string {
  if (typeof value === 'string') {
    const guess =
      value.length > 20
        ? undefined
        : nearest(value, [...OUTPUT_WORDS, ...(name === 'stderr' ? ['stdout'] : [])])
    if (guess !== undefined) return `Did you mean '${guess}'?`
    return `A file is { file: ${show(value)} }. ${OUTPUT_KINDS}`
  }
  if (value === 1 || value === 2) return `Say ${name}: 'inherit' for this process's own ${name}.`
  if (typeof value !== 'object' || value === null) return OUTPUT_KINDS
  const members = value as Members
  if ('inherit' in members) return `Say ${name}: 'inherit'.`
  if ('path' in members) return 'A file of the host is { file: path }.'
  if ('writable' in members && !has(members, 'on')) return `Give its writable side: ${name}: it.writable.`
  if (has(members, 'getReader') || has(members, 'read', 'on'))
    return 'A stream to read from cannot be written to; give a Writable.'
  return OUTPUT_KINDS
}

/** Only these keys, so that a misspelt one is not ignored. */
function onlyKeys(name: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    throw new InvalidOptionError(
      `${name}.${key}`,
      `There is no option called ${name}.${key}.`,
      `${name} may have ${known.join(' and ')} here.`,
    )
  }
}

/** The path of `{ file }`, as text. */
function pathOf(name: string, value: object): string {
  onlyKeys(name, value, ['file'])
  const { file } = value as { file: unknown }
  const hint = 'Give a path as text, or a file: URL.'
  const refuse = (): InvalidOptionError =>
    new InvalidOptionError(
      `${name}.file`,
      `Expected ${name}.file to be the path of a file, got ${show(file)}.`,
      hint,
    )
  let path = file
  if (file instanceof URL) {
    try {
      path = fileURLToPath(file)
    } catch {
      throw refuse()
    }
  }
  if (typeof path !== 'string' || path === '' || path.includes('\0')) throw refuse()
  return path
}

function textOf(value: { readonly text?: unknown }): Source {
  onlyKeys('stdin', value, ['text'])
  const { text } = value
  if (typeof text === 'string') return { kind: 'data', data: [text] }
  throw new InvalidOptionError(
    'stdin.text',
    `Expected stdin.text to be a string, got ${show(text)}.`,
    'Bytes are given as they are: stdin: bytes.',
  )
}

function listOf(list: readonly unknown[]): Source {
  for (const [index, item] of list.entries()) {
    if (typeof item === 'string' || isBytes(item)) continue
    throw new InvalidOptionError(
      `stdin[${index}]`,
      `Expected stdin[${index}] to be text or bytes, got ${show(item)}.`,
      'Turn it into text first, for example with JSON.stringify().',
    )
  }
  return { kind: 'data', data: list as readonly (string | Bytes)[] }
}

function wordOf(text: string): Source {
  const word = INPUT_WORDS.find(known => known === text)
  if (word !== undefined) return { kind: word }
  if (!OTHER_WORDS.includes(text)) return { kind: 'data', data: [text] }
  throw new InvalidOptionError(
    'stdin',
    `stdin cannot be '${text}'; its words are ${INPUT_WORDS.map(known => `'${known}'`).join(', ')}.`,
    `As data it is { text: '${text}' }.`,
  )
}

/** Tells what stdin is; throws InvalidOptionError, which names the key. */
export function sourceOf(input: unknown): Source {
  if (input === undefined) return { kind: 'ignore' }
  if (typeof input === 'string') return wordOf(input)
  if (typeof input !== 'object' || input === null) throw wrong('stdin', input, inputHint(input))
  if (isBytes(input)) return { kind: 'data', data: [input] }
  if (Array.isArray(input)) return listOf(input)
  const members = input as Members
  if (has(members, 'getReader')) return { kind: 'web', open: () => input as WebSource }
  if (has(members, 'on', 'off', 'read', 'pause', 'resume'))
    return { kind: 'readable', stream: input as Readable }
  if (has(members, 'stream') && typeof members['size'] === 'number')
    return { kind: 'web', open: () => (input as BlobLike).stream() }
  if (has(members, Symbol.asyncIterator) || has(members, Symbol.iterator))
    return { kind: 'chunks', chunks: input as AsyncIterable<unknown> }
  if ('file' in members) return { kind: 'file', path: pathOf('stdin', input) }
  if ('text' in members) return textOf(input)
  throw wrong('stdin', input, inputHint(input))
}

/** The streams of this process belong to all of it, and are not ended. */
const isOwnStream = (stream: unknown): boolean => stream === process.stdout || stream === process.stderr

function streamTarget(stream: unknown, end: boolean): Target | undefined {
  if (typeof stream !== 'object' || stream === null) return undefined
  const members = stream as Members
  if (has(members, 'getWriter')) return { kind: 'web', stream: stream as WebSink, end }
  if (has(members, 'on', 'off', 'write', 'end'))
    return { kind: 'writable', stream: stream as Writable, end: end && !isOwnStream(stream) }
  return undefined
}

function keptOpen(name: OutputName, value: object): Target {
  onlyKeys(name, value, ['stream', 'end'])
  const { stream, end = true } = value as { readonly stream?: unknown; readonly end?: unknown }
  if (typeof end !== 'boolean')
    throw new InvalidOptionError(
      `${name}.end`,
      `Expected ${name}.end to be true or false, got ${show(end)}.`,
      'Say { stream, end: false } to keep the stream open.',
    )
  const target = streamTarget(stream, end)
  if (target) return target
  throw new InvalidOptionError(
    `${name}.stream`,
    `Expected ${name}.stream to be a Writable or a web WritableStream, got ${show(stream)}.`,
    OUTPUT_KINDS,
  )
}

/** Tells what stdout or stderr is; throws InvalidOptionError, which names the key. */
export function targetOf(name: OutputName, output: unknown): Target {
  if (output === undefined) return { kind: 'capture' }
  if (output === 'stdout' && name === 'stderr') return { kind: 'stdout' }
  const word = OUTPUT_WORDS.find(known => known === output)
  if (word !== undefined) return { kind: word }
  const target = streamTarget(output, true)
  if (target) return target
  if (typeof output === 'object' && output !== null) {
    if ('file' in output) return { kind: 'file', path: pathOf(name, output) }
    if ('stream' in output) return keptOpen(name, output)
  }
  throw wrong(name, output, outputHint(name, output))
}

/**
 * Checks the three streams; throws InvalidOptionError, which names the key, the value and the way
 * out. What a file or a stream is like at the moment is looked at later, see `stdio/`.
 *
 * @example
 * checkStreams({ stdin: 5 }) // InvalidOptionError: Expected stdin to be something to read from,
 * got 5.
 */
export function checkStreams({ stdin, stdout, stderr }: StreamOptions): void {
  sourceOf(stdin)
  targetOf('stdout', stdout)
  targetOf('stderr', stderr)
}
