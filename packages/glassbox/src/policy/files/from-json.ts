/**
 * A policy as JSON has it: numbers of conditions are numbers or text (`"0xff"`), because JSON has
 * no bigints, and `$schema` says what the file is.
 */
import type { Json } from './json.ts'

/** Keys of conditions whose values are bigints. */
const BITS: readonly string[] = ['value', 'mask']

const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A number of JSON as a bigint; everything else is left to the check. */
function bigint(value: Json): Json {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value)
  return typeof value === 'string' && /^(?:0x[\da-fA-F]+|\d+)$/.test(value) ? BigInt(value) : value
}

function condition(value: Json): Json {
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, BITS.includes(key) ? bigint(inner) : inner]),
  )
}

function rule(value: Json): Json {
  if (!isObject(value) || !Array.isArray(value['when'])) return value
  return { ...value, when: value['when'].map(condition) }
}

const several = (value: Json, convert: (one: Json) => Json): Json =>
  Array.isArray(value) ? value.map(convert) : convert(value)

/**
 * The policy that a value of JSON describes. It is not checked yet. `base` converts a policy that
 * this one extends: a name or an object.
 */
export function policyFromJson(value: Json, base: (one: Json) => unknown): unknown {
  if (!isObject(value)) return value
  const { $schema: _, ...policy } = value
  const { rules, extends: bases } = policy
  return {
    ...policy,
    ...(Array.isArray(rules) ? { rules: rules.map(rule) } : {}),
    ...(bases === undefined ? {} : { extends: several(bases, one => base(one) as Json) }),
  }
}
