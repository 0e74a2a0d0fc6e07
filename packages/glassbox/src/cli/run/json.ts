/**
 * Results and errors as one JSON document on one line, with the member names of AnyResult. The
 * document is made in pieces, because with much output it can be longer than the longest possible
 * string.
 *
 * Bytes are text if they are UTF-8, and `{"base64": …}` if they are not. Long text with many
 * control characters is base64 too, because JSON takes six characters for each of them.
 */
import { isUtf8 } from 'node:buffer'
import type { CollectedFile } from '../../job/files.ts'
import type { AnyResult } from '../../job/result.ts'

/** Text of at most this many bytes never becomes base64 because of its size. */
const SHORT_BYTES = 2 ** 20
/** A multiple of three, so that pieces of base64 can be concatenated. */
const PIECE_BYTES = 3 * 2 ** 14

const bytesOf = (value: string | Uint8Array): Buffer =>
  typeof value === 'string' ? Buffer.from(value) : Buffer.from(value.buffer, value.byteOffset, value.length)

/** Whether the bytes can be written as text without loss and without much growth. */
function isText(bytes: Buffer): boolean {
  return isUtf8(bytes) && (bytes.length <= SHORT_BYTES || !growsMoreThanBase64(bytes))
}

/**
 * Counts the characters that JSON writes as `\u0001`. Each takes five more characters, while
 * base64 adds a third to all bytes.
 */
function growsMoreThanBase64(bytes: Buffer): boolean {
  const most = Math.floor(bytes.length / 15)
  let count = 0
  for (const byte of bytes) if (byte < 0x20 && !isShortEscape(byte) && ++count > most) return true
  return false
}

/** \b, \t, \n, \f, \r */
const isShortEscape = (byte: number): boolean => byte >= 8 && byte <= 13 && byte !== 11

/** The JSON of some bytes, in pieces. */
export function* bytesJson(value: string | Uint8Array): Generator<string> {
  const bytes = bytesOf(value)
  const asText = isText(bytes)
  yield asText ? '"' : '{"base64":"'
  for (let at = 0; at < bytes.length; ) {
    const end = asText ? endOfCharacter(bytes, at + PIECE_BYTES) : at + PIECE_BYTES
    yield asText
      ? JSON.stringify(bytes.toString('utf8', at, end)).slice(1, -1)
      : bytes.toString('base64', at, end)
    at = end
  }
  yield asText ? '"' : '"}'
}

/**
 * The end of the UTF-8 character that contains `at`. Continuation bytes begin with the bits 10.
 */
function endOfCharacter(bytes: Buffer, at: number): number {
  let end = Math.min(at, bytes.length)
  while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end++
  return end
}

function* objectJson(members: Iterable<readonly [string, Iterable<string>]>): Generator<string> {
  let before = '{'
  for (const [name, pieces] of members) {
    yield `${before}${JSON.stringify(name)}:`
    yield* pieces
    before = ','
  }
  yield before === '{' ? '{}' : '}'
}

const fileJson = ({ contents, mode }: CollectedFile): Generator<string> =>
  objectJson([
    ['contents', bytesJson(contents)],
    ['mode', [String(mode)]],
  ])

/**
 * The result as a document, in pieces of at most some hundred thousand characters. `hints`:
 * sentences for a person, as the member of that name; without any it is left out.
 */
export function* resultJson(
  { stdout, stderr, files, ...rest }: AnyResult,
  hints: readonly string[] = [],
): Generator<string> {
  const values = Object.entries(rest).filter(([, value]) => value !== undefined)
  yield* objectJson([
    ...values.map(([name, value]) => [name, [JSON.stringify(value)]] as const),
    ['stdout', bytesJson(stdout)],
    ['stderr', bytesJson(stderr)],
    ...(hints.length > 0 ? [['hints', [JSON.stringify(hints)]] as const] : []),
    ['files', objectJson(Object.entries(files).map(([name, file]) => [name, fileJson(file)] as const))],
  ])
  yield '\n'
}

/** Why the command could not produce a result. */
export interface ErrorDocument {
  readonly code: string
  readonly message: string
  readonly hint?: string | undefined
  readonly option?: string | undefined
  readonly path?: string | undefined
  readonly syscall?: string | undefined
  readonly errno?: number | undefined
}

export const errorJson = (error: ErrorDocument): string => `${JSON.stringify({ error })}\n`
