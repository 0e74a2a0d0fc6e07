/**
 * The kinds of values for files: those that are copied into a box, and the names of those that are
 * collected from it.
 */
import { resolve } from 'node:path'
import { InvalidOptionError } from '../errors.ts'
import { isArray, isInstance, type Kind, kind, list, number, unexpected } from '../options/kind.ts'
import { dictionary, entryPath, record } from '../options/record.ts'
import { atMost, isHostPath, pathComponents } from './box-path.ts'
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

/** The hint for a mode, which is more precise for digits that were meant to be octal. */
const octalHint = (value: unknown): string =>
  (typeof value === 'string' || typeof value === 'number') && /^(0o)?[0-7]{3}$/.test(String(value))
    ? `Write it as 0o${String(value).slice(-3)}.`
    : 'Modes are octal numbers: 0o755 for a program, 0o644 for a file.'

/** Permission bits as a number, without set-user-ID, set-group-ID and the sticky bit. */
const MODE: Kind<number> = kind(
  'permissions from 0 to 0o777',
  value => Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= HIGHEST_MODE,
  octalHint,
)

/**
 * A path or a file: URL of the host. A URL is read into a path, because the caller can change it.
 */
const HOST_PATH: Kind<string> = {
  expected: 'a path of the host or a file: URL',
  read: (value, path) => {
    const file = isInstance(value, URL) ? pathOfUrl(value) : value
    if (isHostPath(file)) return file
    const got = isInstance(value, URL) ? String(value) : value
    throw unexpected(path, HOST_PATH.expected + atMost(got), got, 'For example { file: "data.csv" }.')
  },
}

function pathOfUrl(url: URL): string | undefined {
  try {
    return hostPath(url)
  } catch {
    return undefined // a URL of another scheme or of another host
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

/** One entry of `files`. */
export const FILE_INPUT: Kind<FileInput> = {
  expected: SHAPES,
  read: (value, path) => {
    if (isContents(value)) return value
    const entry = ENTRY.read(value, path)
    const [made, ...more] = (['contents', 'file', 'directory'] as const).filter(
      name => entry[name] !== undefined,
    )
    if (made !== undefined && more.length === 0) return entry as FileInput
    const what = made === undefined ? 'has no contents' : `has both ${made} and ${more[0]}`
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

/** Whether it is certainly a file. `{ file }` can also be a directory of the host. */
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

/**
 * A relative path in the working directory. Throws ERR_GLASSBOX_FILE for a path that leads out.
 */
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
  expected: 'a list of paths, or an object of targets by their paths',
  of: {
    expected: TARGET_FILE.expected,
    read: (value, path) => (value === true ? value : TARGET_FILE.read(value, path)),
  },
  hint: value =>
    typeof value === 'string'
      ? `Put it into a list: [${JSON.stringify(value)}].`
      : "For example ['out.txt'], or { 'out.txt': { file: 'out.txt' } }.",
})

/** Throws if two files have the same target on the host: the second would replace the first. */
function refuseSameTarget(targets: Readonly<Record<string, CollectTarget>>, path: string): void {
  const seen = new Map<string, string>()
  for (const [name, target] of Object.entries(targets)) {
    if (target === true) continue
    const [place, file] = [entryPath(path, name), resolve(hostPath(target.file))]
    const other = seen.get(file)
    if (other !== undefined)
      throw new InvalidOptionError(
        place,
        `${place} and ${other} have the same target, ${file}.`,
        'Give each its own target.',
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
  hint: value =>
    typeof value === 'number'
      ? `Write { mode: 0o${value.toString(8)} }.`
      : typeof value === 'string'
        ? 'Text is written as UTF-8. For another encoding give bytes: Buffer.from(text, encoding).'
        : undefined,
})

/** The last argument of readFile(). */
export const READ_OPTIONS: Kind<ReadOptions> = record<ReadOptions>({
  fields: { maxBytes: { kind: MAX_BYTES, words: ['max', 'limit', 'maxBuffer', 'size'] } },
  lacks: 'readFile() has no option',
  expected: 'an object',
  hint: value =>
    typeof value === 'number'
      ? `Write { maxBytes: ${value} }.`
      : typeof value === 'string'
        ? 'It resolves with bytes: Buffer.from(await box.readFile(path)).toString().'
        : undefined,
})
