/**
 * Paths in the values of options, which are separated by a colon: `SRC:DST`. A colon that is part
 * of a name is written `\:`. If the whole text is the name of an existing host file, it means
 * that file.
 */
import { existsSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { InvalidOptionError } from '../../errors.ts'
import type { Bind } from '../../job/options.ts'

/**
 * Splits at colons. `\:` is a colon in a name, and `\\` a backslash; any other backslash stands
 * for itself.
 *
 * @example splitAtColons('a\\:b:c') // ['a:b', 'c']
 */
export function splitAtColons(text: string): string[] {
  const parts = ['']
  for (const [piece] of text.matchAll(/\\[\\:]|[^]/g)) {
    if (piece === ':') parts.push('')
    else parts[parts.length - 1] += piece.length > 1 ? piece.slice(1) : piece
  }
  return parts
}

const isThere = (text: string): boolean => text.includes(':') && existsSync(text)

const HINT = 'Write \\: for a colon that belongs to a name.'

function refuse(option: string, form: string, text: string, example: string): InvalidOptionError {
  const got = `${option}: expected ${form}, got ${JSON.stringify(text)}.`
  const hint = text.includes(':') && text !== ':' ? `${example} ${HINT}` : example
  return new InvalidOptionError(option, got, hint)
}

/**
 * Parses `SRC` or `SRC:DST`. `ofHost`: SRC is a file of this host, so its existence can be
 * checked.
 */
export function parsePair(option: string, text: string, ofHost: boolean): [string, string | undefined] {
  if (ofHost && isThere(text)) return [text, undefined]
  const [source = '', target, ...more] = splitAtColons(text)
  if (source === '' || target === '' || more.length > 0)
    throw refuse(option, 'SRC or SRC:DST', text, `For example ${option} data.csv.`)
  return [source, target]
}

/** What the last part of a bind may say. */
const MODES = new Map<string, boolean | 'copy'>([
  ['ro', false],
  ['rw', true],
  ['copy', 'copy'],
])

/** Parses `SRC[:DST[:rw|copy]]`, and `SRC:rw`. */
export function parseBind(text: string): Bind {
  if (isThere(text)) return { source: text, writable: false }
  const [source = '', ...rest] = splitAtColons(text)
  const writable = MODES.get(rest.at(-1) ?? '')
  const [target = '', ...more] = writable === undefined ? rest : rest.slice(0, -1)
  if (source === '' || more.length > 0)
    throw refuse('--bind', 'SRC[:DST[:rw|copy]]', text, 'For example --bind /data:/data:rw.')
  return { source, writable: writable ?? false, ...(target === '' ? {} : { target }) }
}

/** A target that ends with a slash means "into it", as with cp(1). */
export const copyInTarget = (source: string, target = './'): string =>
  target.endsWith('/') ? `${target}${basename(source)}`.replace(/^\.\//, '') : target

/** A directory as the target means "into it", as with cp(1). */
export function copyOutTarget(source: string, target = '.'): string {
  const isDirectory = statSync(target, { throwIfNoEntry: false })?.isDirectory() ?? target.endsWith('/')
  return isDirectory ? `${target.replace(/\/$/, '')}/${basename(source)}` : target
}
