/** What may be given as files to put into a box, and as names of files to bring out: as kinds of values. */
import { isInstance, type Kind, kind, list, number, text, unexpected } from '../options/kind.ts'
import { dictionary, record } from '../options/record.ts'
import { pathComponents } from './box-path.ts'
import type { BoxOptions } from './options.ts'

type Files = NonNullable<BoxOptions['files']>
type Contents = Files[string]

const HIGHEST_MODE = 0o777

/** Permissions: the bits that chmod(1) sets, as a number. */
export const MODE: Kind<number> = {
  expected: 'permissions from 0 to 0o777',
  read: (value, path) => {
    if (Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= HIGHEST_MODE)
      return Number(value)
    const octal = typeof value === 'string' && /^(0o)?[0-7]{3,4}$/.test(value)
    const hint = octal ? `Write it as a number: 0o${value.replace(/^0o/, '')}.` : 'For example 0o755.'
    throw unexpected(path, MODE.expected, value, hint)
  },
}

const hostFile = record<{ readonly file: string; readonly mode?: number }>({
  fields: {
    file: { kind: text('the path of a file of the host'), words: ['path', 'source', 'src', 'from'] },
    mode: { kind: MODE, words: ['permissions', 'perm', 'chmod'] },
  },
  required: ['file'],
  lacks: 'A file has no key',
  expected: 'text, bytes or { file: PATH }',
  advice: {
    content: 'Give the text or the bytes themselves.',
    contents: 'Give the text or the bytes themselves.',
    data: 'Give the text or the bytes themselves.',
  },
})

const CONTENTS: Kind<Contents> = {
  expected: 'text, bytes or { file: PATH }',
  read: (value, path) =>
    typeof value === 'string' || isInstance(value, Uint8Array) ? value : hostFile.read(value, path),
}

/** A relative path in the working directory. Throws ERR_GLASSBOX_FILE for one that leads out of it. */
export const BOX_PATH: Kind<string> = {
  expected: 'a relative path in the working directory',
  read: (value, path) => {
    if (typeof value !== 'string') throw unexpected(path, BOX_PATH.expected, value)
    pathComponents(value)
    return value
  },
}

export const FILES: Kind<Files> = dictionary<Contents>({
  expected: 'an object of contents by their names',
  of: CONTENTS,
  name: pathComponents,
  hint: value =>
    isInstance(value, Map)
      ? 'Use Object.fromEntries(map).'
      : "For example { 'main.c': 'int main(void) { return 0; }' }.",
})

export const COLLECT: Kind<readonly string[]> = list(BOX_PATH, 'a list of paths', value =>
  typeof value === 'string' ? `Put it into a list: [${JSON.stringify(value)}].` : "For example ['out.txt'].",
)

/** The contents of one file, for writeFile(). */
export const BYTES: Kind<string | Uint8Array> = kind(
  'text or bytes',
  value => typeof value === 'string' || isInstance(value, Uint8Array),
)

export const MAX_BYTES: Kind<number> = number({ from: 1, to: 2 ** 43, whole: true })
