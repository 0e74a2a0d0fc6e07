/**
 * Kinds of values that a caller may give: each says in words what it expects, and reads a value
 * into one of ours, checked and safe from what the caller does with the original later. Options
 * are tables of kinds (see `record.ts`); nothing here knows any option.
 */
import { InvalidOptionError } from '../errors.ts'
import { show, showText } from './show.ts'

export interface Kind<T> {
  /** Ends the sentence "Expected limits.processes to be …". */
  readonly expected: string
  /**
   * The value as ours. Throws an InvalidOptionError that names `path`, the way to the value:
   * `binds[0].writable`.
   */
  read(value: unknown, path: string): T
}

/** One option of a table. */
export interface Field<T> {
  readonly kind: Kind<T>
  /** What it is if it is left out or undefined; no value if there is none. */
  readonly default?: T
  /** What others call it: `timeout`. */
  readonly words?: readonly string[]
}

/** The kind of a table, which can stand within another one. */
export interface RecordKind<T> extends Kind<T> {
  /** For suggestions: `timeout` is `limits.wallTimeMs`. */
  readonly fields: Readonly<Record<string, Field<unknown>>>
}

/** What to do instead: a sentence, or one that depends on the value. */
export type Hint = string | ((value: unknown) => string | undefined)

/** The sentence for a value of another kind. */
export function unexpected(path: string, expected: string, value: unknown, hint?: Hint): InvalidOptionError {
  const message = `Expected ${path} to be ${expected}, got ${show(value)}.`
  return new InvalidOptionError(path, message, hintFor(value, hint))
}

/** A look at the value may fail, and then there is nothing better to say. */
function hintFor(value: unknown, hint: Hint | undefined): string | undefined {
  try {
    return typeof hint === 'function' ? hint(value) : hint
  } catch {
    return undefined
  }
}

/** A kind from a predicate: for values that cannot be changed, or are the caller's on purpose. */
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
  /** The least that is allowed. Left out: anything above zero. */
  readonly from?: number
  readonly to: number
  /** Whether it counts things, rather than measures them. */
  readonly whole?: boolean
  /** Whether `Infinity` is allowed, for "no limit". */
  readonly unlimited?: boolean
  readonly hint?: string
}

/** A number as it was meant, if it came as something else. */
function numberHint(value: unknown): string | undefined {
  if (typeof value === 'bigint') return `Write it as a number, without the n.`
  if (typeof value === 'string' && /^\s*[\d.]+\s*$/.test(value))
    return `Write it as a number: ${Number(value)}.`
  return undefined
}

/** A number within bounds. Never NaN, and never a number as text. */
export function number({ from, to, whole = false, unlimited = false, hint }: NumberBounds): Kind<number> {
  const noun = whole ? 'a whole number' : 'a number'
  const bounds = from === undefined || from === 1 ? 'above zero' : `of at least ${from}`
  const expected = `${noun} ${bounds}`
  return {
    expected,
    read: (value, path) => {
      if (unlimited && value === Infinity) return Infinity
      if (typeof value !== 'number' || !(from === undefined ? value > 0 : value >= from))
        throw unexpected(path, expected, value, numberHint(value) ?? hint)
      if (value > to)
        throw unexpected(path, `at most ${to}`, value, unlimited ? 'Say Infinity for no limit.' : hint)
      if (whole && !Number.isSafeInteger(value)) throw unexpected(path, expected, value, hint)
      return value
    },
  }
}

/** true or false, and nothing that merely counts as one of them. */
export const boolean: Kind<boolean> = kind('true or false', value => typeof value === 'boolean')

/** One of some words. */
export const choice = <T extends string>(words: readonly T[], hint?: string): Kind<T> =>
  kind(
    words.map(word => `'${word}'`).join(' or '),
    value => (words as readonly unknown[]).includes(value),
    hint,
  )

/** Text that can be handed to the kernel: a NUL byte would end it too early. */
export const text = (expected: string, hint?: Hint): Kind<string> =>
  kind(expected, value => typeof value === 'string' && !value.includes('\0'), hint)

export const func = <T>(expected: string, hint?: Hint): Kind<T> =>
  kind(expected, value => typeof value === 'function', hint)

/** A list, as a frozen copy. Text is no list of its letters; holes are no elements. */
export function list<T>(
  of: Kind<T>,
  expected: string,
  hint?: (value: unknown) => string,
): Kind<readonly T[]> {
  return {
    expected,
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

/** As `instanceof`, which throws for a proxy that is revoked or wants to. */
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

/** Array.isArray throws for a proxy that is revoked. */
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

/** Reads something of a caller's object, which may be a getter or a proxy and throw. */
export function guarded<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (isInstance(error, InvalidOptionError)) throw error
    const why = isInstance(error, Error) ? showMessage(error) : show(error)
    throw new InvalidOptionError(path, `Cannot read ${path}: ${why}`, 'Give plain values.', error)
  }
}
