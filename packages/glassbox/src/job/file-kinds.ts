/**
 * What may be given as files to put into a box, and as names of files to bring out: own copies of what the caller gave, which
 * `check-files.ts` then judges. Bytes are not copied.
 */
import { guarded, isArray, type Kind, list, number, unexpected } from '../options/kind.ts'
import { dictionary, isPlain, ownEntries, record } from '../options/record.ts'
import { showText } from '../options/show.ts'
import { pathComponents } from './box-path.ts'
import { checkCollect, checkFiles, checkInput, checkMode } from './check-files.ts'
import { type Collect, type FileInput, type Files, isContents } from './files.ts'

/** A copy of an object of keys; anything else as it is, to be judged. */
const SNAPSHOT: Kind<unknown> = {
  expected: 'a file',
  read: (value, path) => {
    if (guarded(path, () => isContents(value)) || !isPlain(value)) return value
    return Object.freeze(Object.fromEntries(ownEntries(value, path, SNAPSHOT.expected)))
  },
}

const snapshots = dictionary<unknown>({
  expected: 'an object of names and contents',
  of: SNAPSHOT,
  hint: value =>
    value instanceof Map ? 'Use Object.fromEntries(map).' : 'For example files: { "main.c": source }.',
})

export const FILES: Kind<Files> = {
  expected: snapshots.expected,
  read: (value, path) => {
    const files = snapshots.read(value, path)
    checkFiles(files)
    return files
  },
}

const names = list<unknown>({ expected: 'a path', read: value => value }, 'a list of paths')
const targets = dictionary<unknown>({ expected: 'an object of paths', of: SNAPSHOT })

export const COLLECT: Kind<Collect> = {
  expected: 'a list of paths, or an object of them',
  read: (value, path) => {
    if (typeof value === 'string')
      throw unexpected(path, COLLECT.expected, value, `Put it into a list: [${showText(value)}].`)
    const copy = isArray(value) ? names.read(value, path) : isPlain(value) ? targets.read(value, path) : value
    checkCollect(copy)
    return copy ?? []
  },
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

/** As `BOX_PATH`, and the working directory itself. */
export function directoryPath(path: unknown): void {
  if (path !== '.') BOX_PATH.read(path, 'path')
}

export const MAX_BYTES: Kind<number> = number({ from: 1, to: 2 ** 43, whole: true })

const MODE: Kind<number> = {
  expected: 'permissions from 0 to 0o777',
  read: (value, path) => {
    checkMode(path, value)
    return Number(value)
  },
}

const modeOptions = record<{ readonly mode?: number }>({
  fields: { mode: { kind: MODE, words: ['permissions', 'perm', 'chmod'] } },
  lacks: 'There is no option',
  expected: 'an object',
  hint: () => 'For example { mode: 0o755 }.',
})

const bytesOptions = record<{ readonly maxBytes: number }>({
  fields: { maxBytes: { kind: MAX_BYTES, default: 64 * 2 ** 20, words: ['max', 'limit', 'size', 'length'] } },
  lacks: 'readFile() has no option',
  expected: 'an object',
  hint: value =>
    typeof value === 'string'
      ? 'It reads bytes: Buffer.from(bytes).toString().'
      : 'For example { maxBytes: 1024 }.',
})

/** What writeFile() puts there; the mode among its options counts more than that of the input. */
export function inputFile(input: unknown, options: unknown = {}): FileInput {
  const { mode } = modeOptions.read(options, '')
  const copy = SNAPSHOT.read(input, 'contents')
  checkInput('contents', copy)
  if (mode === undefined) return copy
  return isContents(copy) ? { contents: copy, mode } : { ...copy, mode }
}

/** The mode of a directory that is made. */
export const makeOptions = (options: unknown = {}): number => modeOptions.read(options, '').mode ?? 0o755

/** How much readFile() reads at most. */
export const readOptions = (options: unknown = {}): number => bytesOptions.read(options, '').maxBytes
