/** What may be given as stdin, stdout and stderr: as kinds of values. What a stream does is the matter of stdio/. */
import type { Readable, Writable } from 'node:stream'
import { guarded, isInstance, type Kind, text, unexpected } from '../options/kind.ts'
import { record } from '../options/record.ts'
import type { Input, Output } from './options.ts'

const hasMethods = (value: unknown, path: string, names: readonly string[]): boolean =>
  typeof value === 'object' &&
  value !== null &&
  names.every(name => typeof guarded(path, () => (value as Record<string, unknown>)[name]) === 'function')

const path = text('the path of a file', value =>
  isInstance(value, URL) ? 'Use fileURLToPath() of node:url.' : undefined,
)

const hint = 'A file is { file: PATH }.'
const input = {
  expected: 'text, bytes, a stream to read from, { file: PATH } or { inherit: true }',
  words: ['path', 'filename', 'filePath', 'name', 'src', 'source'],
}

const file = record<{ readonly file: string }>({
  fields: { file: { kind: path, words: input.words } },
  required: ['file'],
  lacks: 'A stream to a file has no key',
  expected: '{ file: PATH }',
  hint: () => hint,
})

const inherited: Kind<true> = {
  expected: 'true',
  read: (value, place) => {
    if (value === true) return true
    throw unexpected(place, 'true', value, 'Leave stdin out for an empty one.')
  },
}

const fileOrInherited = record<{ readonly file?: string; readonly inherit?: true }>({
  fields: { file: { kind: path, words: input.words }, inherit: { kind: inherited } },
  lacks: 'stdin has no key',
  expected: input.expected,
  hint: () => hint,
})

export const INPUT: Kind<Input> = {
  expected: input.expected,
  read: (value, place) => {
    if (typeof value === 'string' || isInstance(value, Uint8Array)) return value
    if (hasMethods(value, place, ['pipe', 'on'])) return value as Readable
    const read = fileOrInherited.read(value, place)
    if ((read.file === undefined) === (read.inherit === undefined))
      throw unexpected(place, input.expected, value, 'Give one of file and inherit.')
    return read as Input
  },
}

const WORDS = ['capture', 'inherit', 'ignore'] as const
const OUTPUT_EXPECTED = "'capture', 'inherit', 'ignore', a stream to write to or { file: PATH }"

const OUTPUT_ADVICE: Readonly<Record<string, string>> = {
  pipe: 'Leave it out to have it in the result; handle.stdout and handle.stderr are streams of it.',
}

export const OUTPUT: Kind<Output> = {
  expected: OUTPUT_EXPECTED,
  read: (value, place) => {
    if ((WORDS as readonly unknown[]).includes(value)) return value as Output
    if (typeof value === 'string')
      throw unexpected(
        place,
        OUTPUT_EXPECTED,
        value,
        Object.hasOwn(OUTPUT_ADVICE, value) ? OUTPUT_ADVICE[value] : hint,
      )
    if (hasMethods(value, place, ['write', 'end', 'on'])) return value as Writable
    if (typeof value !== 'object' || value === null) throw unexpected(place, OUTPUT_EXPECTED, value, hint)
    return file.read(value, place)
  },
}
