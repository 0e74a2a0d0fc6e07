/**
 * Kinds of option values. A kind says in words what it expects, checks a caller's value, and
 * returns a copy that does not change if the caller changes the original later. Options are tables
 * of kinds (see `record.ts`). This file knows no particular option.
 */
import { InvalidOptionError } from '../errors.ts'
import { show, showText } from './show.ts'

/** A part of a JSON Schema (json-schema.org, draft 2020-12). */
export type JsonSchema = Readonly<Record<string, unknown>>

/** A kind of value: what it expects, and how it reads one. */
export interface Kind<T> {
  /** Ends the sentence "Expected limits.processes to be …". */
  readonly expected: string
  /** The same as JSON Schema; absent if JSON cannot have such a value. */
  readonly schema?: () => JsonSchema
  /**
   * The checked value. Throws an InvalidOptionError that names `path`, the path of the value, such
   * as `binds[0].writable`.
   */
  read(value: unknown, path: string): T
}

/** One option of a table. */
export interface Field<T> {
  readonly kind: Kind<T>
  /** The value if the option is left out or undefined. */
  readonly default?: T
  /** Names of this option in other tools, such as `timeout`. */
  readonly words?: readonly string[]
  /** What the option means, for the description in a schema. */
  readonly about?: string
}

/** The kind of a table of options. A table can contain another table. */
export interface RecordKind<T> extends Kind<T> {
  /** The options of the table, for suggestions: `timeout` is `limits.wallTimeMs`. */
  readonly fields: Readonly<Record<string, Field<unknown>>>
}

/** What to do instead: a sentence, or a function that makes one from the value. */
export type Hint = string | ((value: unknown) => string | undefined)

/** The error for a value of the wrong kind. */
export function unexpected(path: string, expected: string, value: unknown, hint?: Hint): InvalidOptionError {
  const message = `Expected ${path} to be ${expected}, got ${show(value)}.`
  return new InvalidOptionError(path, message, hintFor(value, hint))
}

/** The hint, or `undefined` if reading the caller's value throws. */
function hintFor(value: unknown, hint: Hint | undefined): string | undefined {
  try {
    return typeof hint === 'function' ? hint(value) : hint
  } catch {
    return undefined
  }
}

/**
 * A kind from a predicate. The value is not copied, so use it for immutable values, and for values
 * that stay the caller's on purpose.
 */
export function kind<T>(expected: string, accepts: (value: unknown) => boolean, hint?: Hint): Kind<T> {
  return {
    expected,
    read: (value, path) => {
      if (accepts(value)) return value as T
      throw unexpected(path, expected, value, hint)
    },
  }
}

export interface NumberBounds {
  /** The smallest allowed number. If left out, any number above zero is allowed. */
  readonly from?: number
  /** The largest allowed number. */
  readonly to: number
  /** Whether it must be a whole number. */
  readonly whole?: boolean
  /** Whether `Infinity` is allowed, meaning "no limit". */
  readonly unlimited?: boolean
  readonly hint?: string
}

/** How to write the number, if the caller gave it as a bigint or as text. */
function numberHint(value: unknown): string | undefined {
  if (typeof value === 'bigint') return `Write it as a number, without the n.`
  if (typeof value === 'string' && /^\s*[\d.]+\s*$/.test(value))
    return `Write it as a number: ${Number(value)}.`
  return undefined
}

/** A number within bounds. NaN and numbers given as text are refused. */
export function number({ from, to, whole = false, unlimited = false, hint }: NumberBounds): Kind<number> {
  const noun = whole ? 'a whole number' : 'a number'
  const bounds = from === undefined || from === 1 ? 'above zero' : `of at least ${from}`
  const expected = `${noun} ${bounds}`
  const least = from === undefined ? { exclusiveMinimum: 0 } : { minimum: from }
  return {
    expected,
    schema: () => ({ type: whole ? 'integer' : 'number', ...least, maximum: to }),
    read: (value, path) => {
      if (unlimited && value === Infinity) return Infinity
      if (typeof value !== 'number' || !(from === undefined ? value > 0 : value >= from))
        throw unexpected(path, expected, value, numberHint(value) ?? hint)
      if (value > to)
        throw unexpected(path, `at most ${to}`, value, unlimited ? 'Use Infinity for no limit.' : hint)
      if (whole && !Number.isSafeInteger(value)) throw unexpected(path, expected, value, hint)
      return value
    },
  }
}

/** true or false. Other truthy and falsy values are refused. */
export const boolean: Kind<boolean> = {
  ...kind('true or false', value => typeof value === 'boolean'),
  schema: () => ({ type: 'boolean' }),
}

/** `'a' or 'b'`, `'a', 'b' or 'c'`. */
const alternatives = (words: readonly string[]): string =>
  words
    .map(word => `'${word}'`)
    .join(', ')
    .replace(/, (?=[^,]*$)/, ' or ')

/** One of a few keywords. */
export const choice = <T extends string>(words: readonly T[], hint?: string): Kind<T> => ({
  ...kind(alternatives(words), value => (words as readonly unknown[]).includes(value), hint),
  schema: () => (words.length === 1 ? { const: words[0] } : { enum: words }),
})

/** Text that can be passed to the kernel. A NUL byte would cut it, so it is refused. */
export const text = (expected: string, hint?: Hint): Kind<string> => ({
  ...kind(expected, value => typeof value === 'string' && !value.includes('\0'), hint),
  schema: () => ({ type: 'string' }),
})

export const func = <T>(expected: string, hint?: Hint): Kind<T> =>
  kind(expected, value => typeof value === 'function', hint)

/**
 * A list, read into a frozen copy. Only arrays are accepted: a string is not a list of letters. A
 * hole is read as an undefined element.
 */
export function list<T>(
  of: Kind<T>,
  expected: string,
  hint?: (value: unknown) => string,
): Kind<readonly T[]> {
  const { schema: inner } = of
  return {
    expected,
    ...(inner && { schema: () => ({ type: 'array', items: inner() }) }),
    read: (value, path) => {
      if (!isArray(value)) throw unexpected(path, expected, value, hint)
      const length = guarded(path, () => value.length)
      const copy: T[] = []
      for (let index = 0; index < length; index++) {
        const place = `${path}[${index}]`
        copy.push(
          of.read(
            guarded(place, () => value[index]),
            place,
          ),
        )
      }
      return Object.freeze(copy)
    },
  }
}

/** Like `instanceof`, but returns false if a proxy is revoked or throws. */
export function isInstance<T extends object>(
  value: unknown,
  of: abstract new (...rest: never[]) => T,
): value is T {
  try {
    return value instanceof of
  } catch {
    return false
  }
}

/** Like `Array.isArray`, which throws for a revoked proxy. */
export function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

function showMessage(error: Error): string {
  const message: unknown = Object.getOwnPropertyDescriptor(error, 'message')?.value
  return typeof message === 'string' ? showText(message).slice(1, -1) : 'it threw an error'
}

/**
 * Reads a property of a caller's object. It can be a getter or a proxy that throws; the error is
 * then reported as an InvalidOptionError for `path`.
 */
export function guarded<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isInstance(error, InvalidOptionError)) throw error
    const why = isInstance(error, Error) ? showMessage(error) : show(error)
    throw new InvalidOptionError(path, `Cannot read ${path}: ${why}`, 'Use plain values.', error)
  }
}
