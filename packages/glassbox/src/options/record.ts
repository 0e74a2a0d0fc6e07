/**
 * Options as a table: for each option its kind, its default, and its names in other tools. A table
 * reads a caller's object once. The result is a frozen copy in which every option with a default
 * has a value. Only own properties count. A name that is not in the table is an error that
 * suggests the option that was probably meant.
 */
import { InvalidOptionError } from '../errors.ts'
import {
  type Field,
  guarded,
  type Hint,
  isArray,
  type JsonSchema,
  type Kind,
  type RecordKind,
  unexpected,
} from './kind.ts'
import { show, showText } from './show.ts'
import { unknownName, type Vocabulary } from './unknown-name.ts'

export type Fields<T extends object> = { readonly [Name in keyof T]-?: Field<Exclude<T[Name], undefined>> }

export interface RecordOptions<T extends object> extends Omit<Vocabulary, 'fields'> {
  readonly fields: Fields<T>
  /** Ends the sentence "Expected limits to be …". */
  readonly expected: string
  /** Options that have to be given. */
  readonly required?: readonly (keyof T & string)[]
  /** What to do instead, for a value that is not an object of options. */
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
  return { expected, fields, schema: () => tableSchema(fields, required), read }
}

/** Options that JSON cannot have are left out. */
function tableSchema(
  fields: Readonly<Record<string, Field<unknown>>>,
  required: readonly string[],
): JsonSchema {
  const properties = Object.entries(fields).flatMap(
    ([
      name,
      {
        kind: { schema },
        about,
      },
    ]) =>
      schema
        ? [[name, { ...schema(), ...(about === undefined ? {} : { description: about }) }] as const]
        : [],
  )
  return {
    type: 'object',
    properties: Object.fromEntries(properties),
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: false,
  }
}

/** The path of a member. The options object of a call has the empty path. */
export function pathTo(path: string, name: string): string {
  const key = /^[A-Za-z_$][\w$]{0,59}$/.test(name) ? name : undefined
  if (path === '') return key ?? show(name)
  return key === undefined ? `${path}[${show(name)}]` : `${path}.${key}`
}

/** The path of an entry whose name the caller chose: `files["a.txt"]`. */
export const entryPath = (path: string, name: string): string => `${path}[${showText(name)}]`

/** The name of a table in messages. */
const called = (path: string): string => (path === '' ? 'options' : path)

/**
 * The own enumerable properties of an object. A Map, a Date, an array or an instance of a class is
 * refused: it would be read as an empty table.
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

/**
 * Whether the value is a plain object: one written as `{ … }`, of any realm, or one without a
 * prototype.
 */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || isArray(value)) return false
  if (value === process.env) return true // its prototype is not Object.prototype
  try {
    const prototype: unknown = Object.getPrototypeOf(value)
    return prototype === null || Object.getPrototypeOf(prototype) === null
  } catch {
    return false
  }
}

/**
 * A dictionary: the caller chooses the names, and every value has the same kind. The copy has no
 * prototype, so `__proto__` is a name like any other.
 */
export function dictionary<T, Out = T>(options: {
  readonly expected: string
  readonly of: Kind<T>
  /** Throws if a name is not allowed. */
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
