/**
 * The three standard streams of a job, as a caller gives them: their types and their check. A
 * keyword is never taken for data. A value that is neither a keyword nor data nor a stream is
 * refused before anything is started.
 *
 * Pure: nothing is opened, read or listened to here.
 */
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { InvalidOptionError } from '../errors.ts'
import { show } from '../options/show.ts'
import { atMost, isHostPath } from './box-path.ts'
import { nearest } from '../suggest.ts'

/** Bytes in any form. A view stands for the part of the buffer that it shows. */
export type Bytes = ArrayBuffer | SharedArrayBuffer | NodeJS.ArrayBufferView

/**
 * A file of the host as a stream.
 *
 * @example
 * await run('sort', [], { stdin: { file: 'in.txt' }, stdout: { file: 'out.txt' } })
 */
export interface HostFileOption {
  /** A path, or a `file:` URL. */
  readonly file: string | URL
}

/**
 * The part of a web `ReadableStream` that is used; Node's streams and other libraries' have it.
 */
export interface WebSource {
  readonly locked: boolean
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: unknown }>
    cancel(reason?: unknown): Promise<unknown>
    readonly closed: Promise<unknown>
  }
}

/** The part of a web `WritableStream` that is used. */
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

/** The part of a `Blob` or `File` that is used. */
export interface BlobLike {
  readonly size: number
  stream(): WebSource
}

/**
 * Where stdin comes from.
 *
 * - `'ignore'` (default): stdin is empty.
 * - `'inherit'`: the stdin of this process.
 * - `'pipe'`: the data written to `handle.stdin` while the program runs.
 * - a string, bytes, an array of both, or a Blob: that data. A string that is one of these
 *   keywords is the keyword; `{ text: 'pipe' }` is the string.
 * - a Readable, a web ReadableStream, or an iterable of strings or bytes (a generator): the data
 *   that it yields, as fast as the program reads. If it fails, the program is ended and run()
 *   rejects with ERR_GLASSBOX_STREAM. If the program does not read a Readable to its end, the
 *   Readable is left paused, as with `pipe()`. If it is also the output of another run, it acts as
 *   a pipe between the two programs: it is destroyed when the reading program has ended. Web
 *   streams and iterators are canceled.
 * - `{ file }`: a file of the host, which the program cannot change.
 *
 * @example
 * await run('wc', ['-c'], { stdin: createReadStream('in.txt') })
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

/**
 * A stream that stays open after the program has ended.
 *
 * @example
 * await run('date', [], { stdout: { stream: log, end: false } })
 */
export interface KeptOpen {
  readonly stream: Writable | WebSink
  readonly end: false
}

/**
 * Where stdout or stderr goes.
 *
 * - `'capture'` (default): into the result, at most `outputBytes` of it.
 * - `'pipe'`: to the reader of `handle.stdout` or `handle.stderr`. The program waits for the
 *   reader, and the result does not contain the output.
 * - `'inherit'`: to the stdout or stderr of this process.
 * - `'ignore'`: nowhere.
 * - a Writable or a web WritableStream: to that stream. The program waits while it is full, and
 *   sees EPIPE once it is closed. When run() resolves, it has ended the stream and waited for its
 *   `finish` event, at most one second. When run() rejects, it has destroyed the stream.
 *   `process.stdout` and `process.stderr` stay open; `{ stream, end: false }` keeps any other
 *   stream open.
 * - `{ file }`: into a file of the host, which is truncated first.
 *
 * If stdout and stderr are the same Writable, the same file, or the same inherited open file, the
 * program writes both to one pipe: the output keeps its order, and `outputBytes` counts both.
 *
 * @example
 * await run('make', [], { stdout: createWriteStream('make.log'), stderr: 'stdout' })
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
 * Like `Output`. With `'stdout'`, stderr goes into the same pipe as stdout, in the order in which
 * the program writes; the result's `stderr` is then empty.
 */
export type ErrorOutput = Output | 'stdout'

/** The three options. */
export interface StreamOptions {
  readonly stdin?: Input | undefined
  readonly stdout?: Output | undefined
  readonly stderr?: ErrorOutput | undefined
}

/** A classified `Input`. */
export type Source =
  | { readonly kind: 'ignore' | 'inherit' }
  | { readonly kind: 'pipe' }
  | { readonly kind: 'data'; readonly data: readonly (string | Bytes)[] }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'readable'; readonly stream: Readable }
  | { readonly kind: 'web'; readonly open: () => WebSource }
  | { readonly kind: 'chunks'; readonly chunks: Iterable<unknown> | AsyncIterable<unknown> }

/** A classified `Output`. */
export type Target =
  | { readonly kind: 'capture' | 'pipe' | 'inherit' | 'ignore' | 'stdout' }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'writable'; readonly stream: Writable; readonly end: boolean }
  | { readonly kind: 'web'; readonly stream: WebSink; readonly end: boolean }

type OutputName = 'stdout' | 'stderr'

const INPUT_WORDS = ['ignore', 'inherit', 'pipe'] as const
const OUTPUT_WORDS = ['capture', 'pipe', 'inherit', 'ignore'] as const
/** Keywords of outputs and of child_process. As stdin they are more likely a mistake than data. */
const OTHER_WORDS: readonly string[] = ['capture', 'stdout', 'overlapped', 'ipc']

const INPUT_KINDS =
  "Use 'ignore', 'inherit' or 'pipe', or give text, bytes, a Readable, a web ReadableStream, an iterable of text or bytes, " +
  'a Blob, { text } or { file }.'
const OUTPUT_KINDS =
  "Use 'capture', 'pipe', 'inherit' or 'ignore', or give a Writable, a web WritableStream or { file }."

/** An object of unknown type, whose members are examined one by one. */
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
  if ('inherit' in members) return "Use stdin: 'inherit'."
  if ('path' in members) return 'For a file of the host, use { file: path }.'
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
    return `For a file, use { file: ${show(value)} }. ${OUTPUT_KINDS}`
  }
  if (value === 1 || value === 2) return `Use ${name}: 'inherit' for the ${name} of this process.`
  if (typeof value !== 'object' || value === null) return OUTPUT_KINDS
  const members = value as Members
  if ('inherit' in members) return `Use ${name}: 'inherit'.`
  if ('path' in members) return 'For a file of the host, use { file: path }.'
  if ('writable' in members && !has(members, 'on')) return `Give its writable side: ${name}: it.writable.`
  if (has(members, 'getReader') || has(members, 'read', 'on'))
    return 'A Readable cannot be written to; give a Writable.'
  return OUTPUT_KINDS
}

/** Throws for any other key, so a misspelt key is not ignored. */
function onlyKeys(name: string, value: object, known: readonly string[]): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    throw new InvalidOptionError(
      `${name}.${key}`,
      `There is no option called ${name}.${key}.`,
      `Here ${name} takes ${known.join(' and ')}.`,
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
      `Expected ${name}.file to be the path of a file${atMost(file)}, got ${show(file)}.`,
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
  if (!isHostPath(path)) throw refuse()
  return path
}

function textOf(value: { readonly text?: unknown }): Source {
  onlyKeys('stdin', value, ['text'])
  const { text } = value
  if (typeof text === 'string') return { kind: 'data', data: [text] }
  throw new InvalidOptionError(
    'stdin.text',
    `Expected stdin.text to be a string, got ${show(text)}.`,
    'For bytes, use stdin: bytes.',
  )
}

function listOf(list: readonly unknown[]): Source {
  for (const [index, item] of list.entries()) {
    if (typeof item === 'string' || isBytes(item)) continue
    throw new InvalidOptionError(
      `stdin[${index}]`,
      `Expected stdin[${index}] to be text or bytes, got ${show(item)}.`,
      'Convert it to text first, for example with JSON.stringify().',
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
    `stdin cannot be '${text}'; its keywords are ${INPUT_WORDS.map(known => `'${known}'`).join(', ')}.`,
    `To pass it as data, use { text: '${text}' }.`,
  )
}

/** Classifies stdin. Throws an InvalidOptionError that names the key. */
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

/** The standard streams of this process are shared by all its code, so they are never ended. */
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
      'Use { stream, end: false } to keep the stream open.',
    )
  const target = streamTarget(stream, end)
  if (target) return target
  throw new InvalidOptionError(
    `${name}.stream`,
    `Expected ${name}.stream to be a Writable or a web WritableStream, got ${show(stream)}.`,
    OUTPUT_KINDS,
  )
}

/** Classifies stdout or stderr. Throws an InvalidOptionError that names the key. */
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
 * Checks the three streams. Throws an InvalidOptionError that names the key and the value, with a
 * hint. The state of a file or stream is checked later, in `stdio/`.
 *
 * @example
 * checkStreams({ stdin: 5 })
 * // InvalidOptionError: Expected stdin to be something to read from, got 5.
 */
export function checkStreams({ stdin, stdout, stderr }: StreamOptions): void {
  sourceOf(stdin)
  targetOf('stdout', stdout)
  targetOf('stderr', stderr)
}
