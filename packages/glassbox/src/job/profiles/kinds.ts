/**
 * Profiles as a table of kinds, made from the tables of the options that a profile may have. The
 * JSON Schema of profile files is made from it too.
 */
import { InvalidOptionError } from '../../errors.ts'
import type { Field, JsonSchema, Kind, RecordKind } from '../../options/kind.ts'
import { type Fields, record } from '../../options/record.ts'
import { parseCount, parseDuration, parseSize } from '../../options/units.ts'
import { validatePolicy } from '../../policy/check.ts'
import { PRESETS } from '../../policy/presets/presets.ts'
import { resolvePolicy } from '../../policy/resolve.ts'
import type { Policy, PresetName } from '../../policy/policy.ts'
import { BOX_FIELDS, WRITABLE } from '../box-options.ts'
import { COMMAND_FIELDS } from '../command-options.ts'
import { LIMITS } from '../limits.ts'
import type { Profile } from '../options.ts'
import { PROFILES } from './shipped.ts'

const TEXT: JsonSchema = { type: 'string' }

const withSchema = <T>(kind: Kind<T>, schema: JsonSchema): Kind<T> => ({ ...kind, schema: () => schema })

/** A number as the option takes it, or text with a unit. */
function amount(kind: Kind<number>, parse: (option: string, text: string) => number): Kind<number> {
  return {
    expected: kind.expected,
    schema: () => ({ anyOf: [kind.schema?.() ?? {}, TEXT] }),
    read: (value, path) => kind.read(typeof value === 'string' ? parse(path, value) : value, path),
  }
}

/** The unit is in the name of each option. */
const parserOf = (name: string): typeof parseSize =>
  name.endsWith('Ms') ? parseDuration : name.endsWith('Bytes') ? parseSize : parseCount

const amountField = (name: string, field: Field<unknown>): Field<number> => ({
  ...(field as Field<number>),
  kind: amount(field.kind as Kind<number>, parserOf(name)),
})

const LIMIT_FIELDS = Object.fromEntries(
  Object.entries(LIMITS.fields).map(([name, field]) => [name, amountField(name, field)]),
)

const limits = record({
  fields: LIMIT_FIELDS,
  lacks: 'There is no limit',
  expected: LIMITS.expected,
  hint: "For example { cpuTimeMs: '10s', memoryBytes: '1G' }.",
})

/** It stays a policy as callers write it, because the option of a call reads it again. */
const POLICY: Kind<Policy | PresetName | null> = {
  expected: 'a policy, the name of a preset, or null for no filter',
  schema: () => ({ anyOf: [{ enum: Object.keys(PRESETS) }, TEXT, { type: 'object' }, { type: 'null' }] }),
  read: (value, path) => {
    if (value === null) return null
    if (typeof value !== 'string') return validatePolicy(value, path)
    resolvePolicy(value, path)
    return value as PresetName
  },
}

const BIND: JsonSchema = {
  type: 'object',
  properties: { source: TEXT, target: TEXT, writable: WRITABLE.schema?.() },
  required: ['source'],
  additionalProperties: false,
}

/** `readProfile` reads it: it has to know which profiles extend this one. */
const BASE: Kind<unknown> = {
  expected: 'the name of a profile, or a profile',
  schema: () => ({ anyOf: [{ enum: Object.keys(PROFILES) }, TEXT] }),
  read: value => value,
}

const { runner, binds, here, etc, net, hostname, diskBytes, diskFiles } = BOX_FIELDS
const { cwd, env, collectBytes } = COMMAND_FIELDS

const fieldOf = <T>({ kind, words = [] }: Field<T>, schema?: JsonSchema): Field<T> => ({
  kind: schema ? withSchema(kind, schema) : kind,
  words,
})

/** Options without their defaults: what a profile leaves out is left to the call. */
const FIELDS = {
  extends: { kind: BASE, words: ['base', 'inherits', 'parent', 'from'] },
  runner: fieldOf(runner),
  here: fieldOf(here),
  binds: fieldOf(binds, { type: 'array', items: BIND }),
  etc: fieldOf(etc, { type: 'array', items: TEXT }),
  net: fieldOf(net),
  hostname: fieldOf(hostname, TEXT),
  diskBytes: amountField('diskBytes', diskBytes),
  diskFiles: amountField('diskFiles', diskFiles),
  limits: { kind: limits, words: COMMAND_FIELDS.limits.words ?? [] },
  cwd: fieldOf(cwd, TEXT),
  env: fieldOf(env, { type: 'object', additionalProperties: TEXT }),
  policy: { kind: POLICY, words: COMMAND_FIELDS.policy.words ?? [] },
  collectBytes: amountField('collectBytes', collectBytes),
}

const OF_A_CALL = 'It belongs to each call, not to a profile.'

const TABLE: RecordKind<Profile> = record<Profile>({
  fields: FIELDS as unknown as Fields<Profile>,
  lacks: 'A profile has no key',
  expected: 'the name of a profile, or a profile',
  advice: Object.fromEntries(
    ['files', 'collect', 'stdin', 'stdout', 'stderr', 'encoding', 'trace', 'signal', 'profile'].map(name => [
      name,
      name === 'profile' ? 'Use extends.' : OF_A_CALL,
    ]),
  ),
  hint: `The profiles are ${Object.keys(PROFILES).join(', ')}.`,
})

/** The keys of one profile, checked. What it extends is not. */
export const readKeys = (value: unknown, path: string): Profile => TABLE.read(value, path)

/** The error for a name that no profile has. */
export const noProfile = (path: string, name: string, guess: string | undefined): InvalidOptionError =>
  new InvalidOptionError(
    path,
    `There is no profile called ${JSON.stringify(name)}.`,
    guess === undefined
      ? `The profiles are ${Object.keys(PROFILES).join(', ')}; loadProfile() reads one from a file.`
      : `Did you mean ${guess}?`,
  )

/** The JSON Schema of profile files, which is published as schema/profile.schema.json. */
export function profileSchema(): JsonSchema {
  const { properties, ...table } = TABLE.schema?.() ?? {}
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'A profile of glassbox',
    description: 'Options of a run under one name: see docs/profiles.md.',
    ...table,
    properties: { $schema: TEXT, ...(properties as JsonSchema) },
  }
}
