/**
 * Options as a table: by its name, each option's kind, its default, and the words that other tools have for it. A table is run over
 * a caller's object once; the result is a frozen copy in which every option with a default has a value. Only what is the object's
 * own counts; a name that is not in the table is an error with the word that was probably meant.
 */
import { InvalidOptionError } from '../errors.ts'
import { type Field, guarded, type Hint, isArray, type Kind, type RecordKind, unexpected } from './kind.ts'
import { show, showText } from './show.ts'
import { unknownName, type Vocabulary } from './unknown-name.ts'

export type Fields<T extends object> = { readonly [Name in keyof T]-?: Field<Exclude<T[Name], undefined>> }

export interface RecordOptions<T extends object> extends Omit<Vocabulary, 'fields'> {
  readonly fields: Fields<T>
  /** Ends the sentence "Expected limits to be …". */
  readonly expected: string
  /** Names without which it says nothing. */
  readonly required?: readonly (keyof T & string)[]
  /** What to do instead, for a value that is no object of options. */
  readonly hint?: Hint
}

/** A table of options as a kind of value. */
export function record<T extends object>(options: RecordOptions<T>): RecordKind<T> {
  const { expected, required = [], hint } = options
  const fields = options.fields as unknown as Readonly<Record<string, Field<unknown>>>
  const defaults = Object.entries(fields).filter(([, field]) => field.default !== undefined)
  const read = (value: unknown, path: string): T => {
    const result: Record<string, unknown> = {}
    for (const [name, given] of ownEntries(value, path, expected, hint)) {
      const place = pathTo(path, name)
      const field = Object.hasOwn(fields, name) ? fields[name] : undefined
      if (!field) throw unknownName(name, place, { ...options, fields })
      if (given !== undefined) result[name] = field.kind.read(given, place)
    }
    for (const name of required) {
      if (result[name] !== undefined) continue
      throw unexpected(pathTo(path, name), fields[name]?.kind.expected ?? 'given', undefined)
    }
    // null is a value: `policy: null` means no filter.
    for (const [name, field] of defaults) if (result[name] === undefined) result[name] = field.default
    return Object.freeze(result) as T
  }
  return { expected, fields, read }
}

/** The way to a member: the options of a call have no name of their own. */
export function pathTo(path: string, name: string): string {
  const key = /^[A-Za-z_$][\w$]{0,59}$/.test(name) ? name : undefined
  if (path === '') return key ?? show(name)
  return key === undefined ? `${path}[${show(name)}]` : `${path}.${key}`
}

/** The way to an entry whose name is the caller's own. */
export const entryPath = (path: string, name: string): string => `${path}[${showText(name)}]`

/** What a path of the table itself is called. */
const called = (path: string): string => (path === '' ? 'options' : path)

/**
 * The names and values that an object has of its own. A Map, a Date, an array or an instance of a class would be read as an empty
 * table: those are refused.
 */
export function ownEntries(
  value: unknown,
  path: string,
  expected: string,
  hint?: Hint,
): readonly (readonly [name: string, value: unknown])[] {
  const name = called(path)
  if (!isPlain(value)) throw unexpected(name, expected, value, hint)
  const keys = guarded(name, () => Object.keys(value))
  const symbol = guarded(name, () =>
    Object.getOwnPropertySymbols(value).find(key => Object.getOwnPropertyDescriptor(value, key)?.enumerable),
  )
  if (symbol !== undefined)
    throw new InvalidOptionError(name, `Expected the names in ${name} to be text, got ${show(symbol)}.`)
  return keys.map(key => [key, guarded(pathTo(path, key), () => value[key])])
}

/** Whether it is an object that was written as one: `{ … }`, of any realm, or without a prototype. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || isArray(value)) return false
  if (value === process.env) return true // has a prototype of its own
  try {
    const prototype: unknown = Object.getPrototypeOf(value)
    return prototype === null || Object.getPrototypeOf(prototype) === null
  } catch {
    return false
  }
}

/** A table with names of the caller's: each value of one kind. The copy has no prototype: `__proto__` is a name like any other. */
export function dictionary<T, Out = T>(options: {
  readonly expected: string
  readonly of: Kind<T>
  /** Checks a name; returns what is read, or undefined for what counts as left out. */
  readonly name?: (name: string, path: string) => void
  readonly hint?: Hint
}): Kind<Readonly<Record<string, Out>>> {
  const { expected, of, name: checkName, hint } = options
  return {
    expected,
    read: (value, path) => {
      const copy = Object.create(null) as Record<string, unknown>
      for (const [name, given] of ownEntries(value, path, expected, hint)) {
        if (given === undefined) continue
        const place = entryPath(path, name)
        checkName?.(name, place)
        copy[name] = of.read(given, place)
      }
      return Object.freeze(copy) as Readonly<Record<string, Out>>
    },
  }
}
