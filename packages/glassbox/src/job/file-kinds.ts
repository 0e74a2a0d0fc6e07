/** What may be given as files to put into a box, and as names of files to bring out: as kinds of values. */
import { resolve } from 'node:path'
import { InvalidOptionError } from '../errors.ts'
import { isArray, isInstance, type Kind, kind, list, number, unexpected } from '../options/kind.ts'
import { dictionary, entryPath, record } from '../options/record.ts'
import { pathComponents } from './box-path.ts'
import { distinctNames, refuseBelowFiles } from './file-names.ts'
import {
  type Collect,
  type CollectTarget,
  type Contents,
  type FileInput,
  type Files,
  hostPath,
  isContents,
  type ReadOptions,
  type WriteOptions,
} from './files.ts'

const HIGHEST_MODE = 0o777
const SHAPES = 'text, bytes, { contents, mode }, { file, mode } or { directory: true }'
const EXAMPLE = "For example 'text', { contents: bytes, mode: 0o755 } or { file: 'data.csv' }."
const HOST_WORDS = ['path', 'source', 'src', 'from', 'to', 'target', 'host']
const MODE_WORDS = ['permissions', 'perm', 'chmod']

/** Digits that were meant to be octal. */
const octalHint = (value: unknown): string =>
  (typeof value === 'string' || typeof value === 'number') && /^(0o)?[0-7]{3}$/.test(String(value))
    ? `Write it as 0o${String(value).slice(-3)}.`
    : 'Modes are octal numbers: 0o755 for a program, 0o644 for a file.'

/** Permissions: the bits that chmod(1) sets, as a number. */
const MODE: Kind<number> = kind(
  'permissions from 0 to 0o777',
  value => Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= HIGHEST_MODE,
  octalHint,
)

/** Read as a path: a URL can be changed later. */
const HOST_PATH: Kind<string> = {
  expected: 'a path of the host or a file: URL',
  read: (value, path) => {
    const file = isInstance(value, URL) ? pathOfUrl(value) : value
    if (typeof file === 'string' && file !== '' && !file.includes('\0')) return file
    const got = isInstance(value, URL) ? String(value) : value
    throw unexpected(path, HOST_PATH.expected, got, 'For example { file: "data.csv" }.')
  },
}

function pathOfUrl(url: URL): string | undefined {
  try {
    return hostPath(url)
  } catch {
    return undefined // of another scheme, or of another host
  }
}

interface Entry {
  readonly contents?: Contents
  readonly file?: string
  readonly directory?: true
  readonly mode?: number
}

const ENTRY = record<Entry>({
  fields: {
    contents: {
      kind: kind('text or bytes', isContents, EXAMPLE),
      words: ['content', 'data', 'text', 'body', 'bytes'],
    },
    file: { kind: HOST_PATH, words: HOST_WORDS },
    directory: { kind: kind('true', value => value === true, EXAMPLE), words: ['dir', 'folder'] },
    mode: { kind: MODE, words: MODE_WORDS },
  },
  lacks: 'A file has no key',
  expected: SHAPES,
  hint: EXAMPLE,
})

/** One of `files`. */
export const FILE_INPUT: Kind<FileInput> = {
  expected: SHAPES,
  read: (value, path) => {
    if (isContents(value)) return value
    const entry = ENTRY.read(value, path)
    const [made, ...more] = (['contents', 'file', 'directory'] as const).filter(
      name => entry[name] !== undefined,
    )
    if (made !== undefined && more.length === 0) return entry as FileInput
    const what = made === undefined ? 'says nothing of what it is made of' : `has both ${made} and ${more[0]}`
    throw new InvalidOptionError(path, `${path} ${what}.`, `Give ${SHAPES}.`)
  },
}

const FILES_BY_NAME = dictionary<FileInput>({
  expected: 'an object of contents by their names',
  of: FILE_INPUT,
  hint: value =>
    isInstance(value, Map)
      ? 'Use Object.fromEntries(map).'
      : "For example { 'main.c': 'int main(void) { return 0; }' }.",
})

/** Whether `{ file }` is one or a directory is known when the host is asked. */
const isFile = (input: FileInput | undefined): boolean =>
  input !== undefined && (isContents(input) || 'contents' in input)

export const FILES: Kind<Files> = {
  expected: FILES_BY_NAME.expected,
  read: (value, path) => {
    const files = FILES_BY_NAME.read(value, path)
    const names = distinctNames(Object.keys(files), key => entryPath(path, key))
    refuseBelowFiles(names, path, key => isFile(files[key]))
    return files
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

const COLLECTED_NAMES = list(
  kind<string>('a path in the working directory', value => typeof value === 'string'),
  '',
)

const TARGET_FILE = record<{ readonly file: string }>({
  fields: { file: { kind: HOST_PATH, words: HOST_WORDS } },
  required: ['file'],
  lacks: 'A target has no key',
  expected: 'true or { file }',
})

const COLLECTED_TARGETS = dictionary<CollectTarget>({
  expected: 'a list of paths, or an object of paths and where they go',
  of: {
    expected: TARGET_FILE.expected,
    read: (value, path) => (value === true ? value : TARGET_FILE.read(value, path)),
  },
  hint: value =>
    typeof value === 'string'
      ? `Put it into a list: [${JSON.stringify(value)}].`
      : "For example ['out.txt'], or { 'out.txt': { file: 'out.txt' } }.",
})

/** The second file would take the place of the first. */
function refuseSameTarget(targets: Readonly<Record<string, CollectTarget>>, path: string): void {
  const seen = new Map<string, string>()
  for (const [name, target] of Object.entries(targets)) {
    if (target === true) continue
    const [place, file] = [entryPath(path, name), resolve(hostPath(target.file))]
    const other = seen.get(file)
    if (other !== undefined)
      throw new InvalidOptionError(
        place,
        `${place} and ${other} go to one file, ${file}.`,
        'Give each its own.',
      )
    seen.set(file, place)
  }
}

export const COLLECT: Kind<Collect> = {
  expected: COLLECTED_TARGETS.expected,
  read: (value, path) => {
    if (isArray(value)) {
      const names = COLLECTED_NAMES.read(value, path)
      distinctNames(names, (_, index) => `${path}[${index}]`)
      return names
    }
    const targets = COLLECTED_TARGETS.read(value, path)
    distinctNames(Object.keys(targets), name => entryPath(path, name))
    refuseSameTarget(targets, path)
    return targets
  },
}

export const MAX_BYTES: Kind<number> = number({ from: 1, to: 2 ** 43, whole: true })

/** The last argument of writeFile() and makeDirectory(). */
export const WRITE_OPTIONS: Kind<WriteOptions> = record<WriteOptions>({
  fields: { mode: { kind: MODE, words: MODE_WORDS } },
  lacks: 'writeFile() has no option',
  expected: 'an object',
  hint: value => (typeof value === 'number' ? `For example { mode: 0o${value.toString(8)} }.` : undefined),
})

/** The last argument of readFile(). */
export const READ_OPTIONS: Kind<ReadOptions> = record<ReadOptions>({
  fields: { maxBytes: { kind: MAX_BYTES, words: ['max', 'limit', 'maxBuffer', 'size'] } },
  lacks: 'readFile() has no option',
  expected: 'an object',
  hint: value => (typeof value === 'number' ? `For example { maxBytes: ${value} }.` : undefined),
})
