/** Checks what a caller says of files, before there is a box: errors name the key, the value and the way out. */
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { isPlain } from '../options/record.ts'
import { show } from '../options/show.ts'
import { nearest } from '../suggest.ts'
import { pathComponents } from './box-path.ts'
import { type Collect, type FileInput, type Files, hostPath, isContents } from './files.ts'

const MAX_MODE = 0o777
const KINDS = ['contents', 'file', 'directory'] as const
const SHAPES = 'Give text, bytes, { contents, mode }, { file, mode } or { directory: true }.'

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/**
 * Checks the option `files`. Throws an InvalidOptionError that names the key.
 *
 * @example
 * checkFiles({ 'a/b': 'text', 'a': 'text' }) // files["a/b"]: "a" is a file, and cannot be its directory
 */
export function checkFiles(files: unknown): asserts files is Files | undefined {
  if (files === undefined) return
  if (!isPlain(files)) {
    const expected = `Expected files to be an object of names and contents, got ${show(files)}.`
    const hint =
      files instanceof Map ? 'Use Object.fromEntries(map).' : 'For example files: { "main.c": source }.'
    throw new InvalidOptionError('files', expected, hint)
  }
  const entries = Object.entries(files)
  const names = checkNames('files', Object.keys(files))
  for (const [name, input] of entries) checkInput(`files[${JSON.stringify(name)}]`, input)
  refuseBelowFiles(names, entries)
}

/**
 * Checks the option `collect`. Throws an InvalidOptionError that names the key.
 *
 * @example
 * checkCollect(['out', './out']) // collect["./out"]: the same file as "out"
 */
export function checkCollect(collect: unknown): asserts collect is Collect | undefined {
  if (collect === undefined) return
  if (Array.isArray(collect)) {
    const wrong = collect.findIndex(name => typeof name !== 'string')
    if (wrong >= 0) throw notCollect(`collect[${wrong}]`, 'a path', collect[wrong])
    checkNames('collect', collect as string[])
    return
  }
  if (!isPlain(collect)) throw notCollect('collect', 'a list of paths, or an object of them', collect)
  checkNames('collect', Object.keys(collect))
  refuseSameTarget(
    Object.entries(collect).map(([name, target]) => {
      const key = `collect[${JSON.stringify(name)}]`
      return [key, checkTarget(key, target)]
    }),
  )
}

/** The second file would take the place of the first. */
function refuseSameTarget(targets: readonly (readonly [string, string | undefined])[]): void {
  const seen = new Map<string, string>()
  for (const [key, file] of targets) {
    const other = file === undefined ? undefined : seen.get(file)
    if (other !== undefined)
      throw new InvalidOptionError(key, `${key} and ${other} go to one file, ${file}.`, 'Give each its own.')
    if (file !== undefined) seen.set(file, key)
  }
}

const notCollect = (key: string, expected: string, value: unknown): InvalidOptionError =>
  new InvalidOptionError(
    key,
    `Expected ${key} to be ${expected}, got ${show(value)}.`,
    'For example collect: ["out.txt"], or collect: { "out.txt": { file: "out.txt" } }.',
  )

/** The file of the host, if it is one. */
function checkTarget(key: string, target: unknown): string | undefined {
  if (target === true) return undefined
  if (!isPlain(target)) throw notCollect(key, 'true or { file }', target)
  checkKeys(key, target, ['file'])
  checkPath(`${key}.file`, target['file'])
  return resolve(hostPath(target['file']))
}

/** The normalized names, each with the key that says it. */
function checkNames(option: string, keys: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const key of keys) {
    const label = `${option}[${JSON.stringify(key)}]`
    const name = normalized(label, key)
    const other = names.get(name)
    if (other !== undefined) {
      const same = `${label} is the same file as ${option}[${JSON.stringify(other)}].`
      throw new InvalidOptionError(label, same, 'Name each file once.')
    }
    names.set(name, key)
  }
  return names
}

function normalized(label: string, name: string): string {
  try {
    return pathComponents(name).join('/')
  } catch (error) {
    if (!(error instanceof GlassboxError)) throw error
    throw new InvalidOptionError(label, `${label}: ${error.message}`, error.hint)
  }
}

/** One name cannot be both a file and the directory of another. */
function refuseBelowFiles(names: ReadonlyMap<string, string>, entries: readonly [string, unknown][]): void {
  const inputs = new Map(entries)
  for (const [name, key] of names) {
    const parts = name.split('/')
    for (let length = 1; length < parts.length; length++) {
      const above = names.get(parts.slice(0, length).join('/'))
      if (above === undefined || mayBeDirectory(inputs.get(above))) continue
      const label = `files[${JSON.stringify(key)}]`
      const clash = `${label}: ${JSON.stringify(above)} is a file, and cannot be the directory of another.`
      throw new InvalidOptionError(label, clash, 'Give one of them another name.')
    }
  }
}

/** Whether `{ file }` is one is known when the host is asked. */
const mayBeDirectory = (input: unknown): boolean =>
  !isContents(input) && isObject(input) && ('directory' in input || 'file' in input)

/** Checks one of `files`, which the caller calls `key`. */
export function checkInput(key: string, input: unknown): asserts input is FileInput {
  if (isContents(input)) return
  if (!isPlain(input))
    throw new InvalidOptionError(key, `Expected ${key} to be a file, got ${show(input)}.`, SHAPES)
  checkKeys(key, input, [...KINDS, 'mode'])
  const [kind, ...more] = KINDS.filter(name => input[name] !== undefined)
  if (kind === undefined || more.length > 0) {
    const what = kind === undefined ? 'says nothing of what it is made of' : `has both ${kind} and ${more[0]}`
    throw new InvalidOptionError(key, `${key} ${what}.`, SHAPES)
  }
  checkKind(`${key}.${kind}`, kind, input[kind])
  checkMode(`${key}.mode`, input['mode'])
}

function checkKind(key: string, kind: (typeof KINDS)[number], value: unknown): void {
  if (kind === 'file') checkPath(key, value)
  else if (kind === 'contents' ? isContents(value) : value === true) return
  else {
    const expected = kind === 'contents' ? 'text or bytes' : 'true'
    throw new InvalidOptionError(key, `Expected ${key} to be ${expected}, got ${show(value)}.`, SHAPES)
  }
}

function checkPath(key: string, value: unknown): asserts value is string | URL {
  const isPath = typeof value === 'string' && value !== '' && !value.includes('\0')
  if (isPath || (value instanceof URL && isOfThisHost(value))) return
  const got = value instanceof URL ? value.href : show(value)
  throw new InvalidOptionError(
    key,
    `Expected ${key} to be a path of the host or a file: URL, got ${got}.`,
    'For example { file: "data.csv" }.',
  )
}

function isOfThisHost(url: URL): boolean {
  try {
    return !fileURLToPath(url).includes('\0')
  } catch {
    return false
  }
}

/** Checks the permissions of a file. Throws an InvalidOptionError that names the key. */
export function checkMode(key: string, mode: unknown): asserts mode is number | undefined {
  if (mode === undefined) return
  if (Number.isSafeInteger(mode) && Number(mode) >= 0 && Number(mode) <= MAX_MODE) return
  throw new InvalidOptionError(
    key,
    `Expected ${key} to be permissions from 0 to 0o777, got ${show(mode)}.`,
    octal(mode) ?? 'Modes are octal numbers: 0o755 for a program, 0o644 for a file.',
  )
}

/** Digits that were meant to be octal. */
const octal = (mode: unknown): string | undefined =>
  (typeof mode === 'string' || typeof mode === 'number') && /^(0o)?[0-7]{3}$/.test(String(mode))
    ? `Write it as 0o${String(mode).slice(-3)}.`
    : undefined

/** What other tools call them. */
const SYNONYMS: Readonly<Record<string, string>> = {
  ...{ content: 'contents', data: 'contents', text: 'contents', body: 'contents' },
  ...{ path: 'file', source: 'file', src: 'file', from: 'file', to: 'file', host: 'file' },
  ...{ permissions: 'mode', perm: 'mode', chmod: 'mode', dir: 'directory' },
}

/** Refuses keys that mean nothing there. */
function checkKeys(key: string, value: object, known: readonly string[]): void {
  const unknown = Object.keys(value).find(name => !known.includes(name))
  if (unknown === undefined) return
  const synonym = SYNONYMS[unknown] ?? ''
  const guess = known.includes(synonym) ? synonym : nearest(unknown, known)
  throw new InvalidOptionError(
    `${key}.${unknown}`,
    `There is no ${key}.${unknown}.`,
    guess === undefined ? SHAPES : `Did you mean ${guess}?`,
  )
}
