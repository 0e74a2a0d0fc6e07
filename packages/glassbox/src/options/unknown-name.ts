/**
 * The error for an unknown option: it suggests the option that was probably meant, with its path.
 */
import { InvalidOptionError } from '../errors.ts'
import { nearest } from '../suggest.ts'
import type { Field, RecordKind } from './kind.ts'
import { showText } from './show.ts'

/** The names of a table, and advice about others. */
export interface Vocabulary {
  readonly fields: Readonly<Record<string, Field<unknown>>>
  /** Begins the message about an unknown name: `A bind has no key`. */
  readonly lacks: string
  /** Hints for names that are not options but that people try, such as `shell`. */
  readonly advice?: Readonly<Record<string, string>>
}

/** Lower-case letters and digits only: `wall_time`, `wall-time` and `wallTime` are one word. */
const plain = (word: string): string => word.replaceAll(/[^A-Za-z\d]/g, '').toLowerCase()

/**
 * Every name in the table and in the tables within it, with its path, such as `limits.wallTimeMs`.
 */
function* places(
  fields: Vocabulary['fields'],
  path = '',
): Generator<[name: string, place: string, Field<unknown>]> {
  for (const [name, field] of Object.entries(fields)) {
    yield [name, path + name, field]
    const inner = (field.kind as Partial<RecordKind<unknown>>).fields
    if (inner) yield* places(inner, `${path}${name}.`)
  }
}

/**
 * The path of the option that a word stands for. The table's own names take precedence over those
 * of tables within it, and names over the words of other tools.
 */
function meant(word: string, fields: Vocabulary['fields']): string | undefined {
  const all = [...places(fields)]
  const plainWord = plain(word)
  if (plainWord === '') return undefined
  const own = all.find(([name, place]) => name === place && plain(name) === plainWord)
  const inner = all.find(([name]) => plain(name) === plainWord)
  const byWord = all.find(([, , field]) => field.words?.some(other => plain(other) === plainWord))
  return (own ?? inner ?? byWord)?.[1]
}

function hintFor(name: string, { fields, advice = {} }: Vocabulary): string {
  const sentence = Object.entries(advice).find(([word]) => plain(word) === plain(name))?.[1]
  if (sentence !== undefined) return sentence
  const names = Object.keys(fields)
  const inner = [...places(fields)].filter(([word, place]) => word !== place && word.length > 4)
  const guess =
    meant(name, fields) ??
    nearest(name, names) ??
    inner.find(([word]) => nearest(name, [word]) !== undefined)?.[1]
  return guess === undefined ? `It takes ${names.join(', ')}.` : `Did you mean ${guess}?`
}

/** `place`: the path of the unknown name, such as `limits.timeout`. */
export function unknownName(name: string, place: string, vocabulary: Vocabulary): InvalidOptionError {
  const shown = /^[\w.-]{1,60}$/.test(name) ? name : showText(name)
  const message = `${vocabulary.lacks} called ${shown}.`
  return new InvalidOptionError(place, message, hintFor(name, vocabulary))
}
