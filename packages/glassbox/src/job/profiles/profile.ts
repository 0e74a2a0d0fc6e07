/**
 * Reads a profile with everything that it extends, and puts it under the options of a call. The
 * options that a profile gives are checked again with those of the call, so each rule stands once.
 */
import { resolve } from 'node:path'
import { InvalidOptionError } from '../../errors.ts'
import type { RecordKind } from '../../options/kind.ts'
import { isPlain, ownEntries } from '../../options/record.ts'
import { nearest } from '../../suggest.ts'
import { DEFAULT_ENV } from '../box-layout.ts'
import type { Bind, Profile } from '../options.ts'
import { noProfile, readKeys } from './kinds.ts'
import { PROFILES } from './shipped.ts'

type Values = Readonly<Record<string, unknown>>

const defined = (values: Values): Values =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined))

/** Two tables as one, if both are tables; a malformed one is left to the check. */
const joinTables = (below: unknown, above: unknown): unknown =>
  isPlain(below) && isPlain(above) ? { ...below, ...defined(above) } : above

/** Where a bind appears in the box, as far as it can be told before the check. */
function targetOf(bind: unknown): string | undefined {
  const { source, target = source } = (isPlain(bind) ? bind : {}) as Partial<Bind>
  return typeof target === 'string' ? resolve(target) : undefined
}

/** Of two binds with one target, that of `above` counts. */
function joinBinds(below: unknown, above: unknown): unknown {
  if (!Array.isArray(below) || !Array.isArray(above)) return above
  const targets = new Set(above.map(targetOf))
  return [...(above as unknown[]), ...below.filter(bind => !targets.has(targetOf(bind)))]
}

const joinLists = (below: unknown, above: unknown): unknown =>
  Array.isArray(below) && Array.isArray(above) ? [...(above as unknown[]), ...(below as unknown[])] : above

/** Options that are joined; any other one replaces what is below it. */
const JOINS: Readonly<Record<string, (below: unknown, above: unknown) => unknown>> = {
  limits: joinTables,
  env: joinTables,
  binds: joinBinds,
  etc: joinLists,
}

/** The options of `below` with those of `above`, which take precedence. */
function join(below: Values, above: Values): Values {
  const joined = Object.entries(defined(above)).map(([name, value]) => {
    const under = below[name]
    return [name, under === undefined ? value : (JOINS[name]?.(under, value) ?? value)]
  })
  return { ...below, ...Object.fromEntries(joined) }
}

/**
 * A profile with all that it extends, checked. Text is the name of one that comes with glassbox.
 * Throws InvalidOptionError. `within`: the profiles that extend this one.
 */
export function readProfile(value: unknown, path: string, within: readonly unknown[] = []): Profile {
  if (typeof value === 'string') {
    if (Object.hasOwn(PROFILES, value)) return PROFILES[value as keyof typeof PROFILES]
    throw noProfile(path, value, nearest(value, Object.keys(PROFILES)))
  }
  if (within.includes(value))
    throw new InvalidOptionError(path, 'The profile extends itself.', 'Break the cycle.')
  const { extends: base, ...own } = readKeys(value, path)
  if (base === undefined) return own
  return join({ ...readProfile(base, `${path}.extends`, [...within, value]) }, own)
}

/**
 * The options of a call with those of its profile, as far as the call takes them. `table` is the
 * table that reads the result.
 */
export function withProfile(options: unknown, table: RecordKind<unknown>): unknown {
  const { profile: value, ...given } = Object.fromEntries(ownEntries(options, '', 'an object'))
  if (value === undefined) return given
  const profile = readProfile(value, 'profile')
  const taken = Object.entries(profile).filter(([name]) => Object.hasOwn(table.fields, name))
  const below = Object.fromEntries(taken)
  if (below['env'] !== undefined && given['env'] === undefined)
    below['env'] = joinTables(DEFAULT_ENV, below['env'])
  return join(below, given)
}
