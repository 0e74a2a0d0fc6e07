/** A policy as the JSON of a policy file. */
import { InvalidOptionError } from '../../errors.ts'
import { withoutDeadRules } from '../dead-rules.ts'
import type { PathRules, Policy, Rule } from '../policy.ts'
import { ACCESS, type PathRule, type ResolvedPaths, type ResolvedPolicy } from '../resolved.ts'

/** The keys of path rules, with the bit that tells them apart, strongest first. */
const KEYS: readonly (readonly [key: 'write' | 'execute' | 'read' | 'list' | 'stat', bit: number])[] = [
  ['write', ACCESS.write],
  ['execute', ACCESS.execute],
  ['read', ACCESS.read],
  ['list', ACCESS.list],
  ['stat', ACCESS.stat],
]

/** The key under which a rule was written. */
export const keyOf = ({ access }: PathRule): (typeof KEYS)[number][0] =>
  KEYS.find(([, bit]) => (access & bit) !== 0)?.[0] ?? 'stat'

/** The pattern of a rule as it was written. */
export const patternOf = ({ text }: PathRule): string => text.replace(/^\w+: /, '')

/** The rules about paths, by their keys. Each pattern is listed once for a key. */
export function pathLists({ rules }: ResolvedPaths): Partial<Record<(typeof KEYS)[number][0], string[]>> {
  const lists: Partial<Record<(typeof KEYS)[number][0], string[]>> = {}
  for (const rule of rules) {
    const list = (lists[keyOf(rule)] ??= [])
    if (!list.includes(patternOf(rule))) list.push(patternOf(rule))
  }
  return lists
}

function pathsOf(paths: ResolvedPaths): PathRules {
  const { stat = [], ...lists } = pathLists(paths)
  return {
    ...lists,
    ...(paths.statAll ? {} : { stat }),
    ...(paths.tier === undefined ? {} : { tier: paths.tier }),
    // EACCES is the default; saying so would ask for a tracer.
    ...(paths.denied.kind === 'kill' || paths.denied.errno !== 13 ? { denied: paths.denied } : {}),
  }
}

function withoutHandlers(rules: readonly Rule[]): readonly Rule[] {
  const index = rules.findIndex(({ action }) => action.kind === 'decide')
  if (index < 0) return rules
  throw new InvalidOptionError(
    'policy',
    `JSON cannot have the handler that decides ${rules[index]?.syscalls.join(', ')}.`,
    'Show it as text.',
  )
}

/**
 * The policy, with everything that it extends, as a value of JSON. Rules of a base that others
 * replace are left out. Throws InvalidOptionError for a policy with handlers.
 */
export function policyJson({ name, rules, otherwise, paths }: ResolvedPolicy): Policy {
  return {
    ...(name === undefined ? {} : { name }),
    rules: withoutDeadRules(withoutHandlers(rules)),
    otherwise,
    ...(paths ? { paths: pathsOf(paths) } : {}),
  }
}

/** A bigint of a condition as JSON can have it. */
export const jsonBits = (_: string, value: unknown): unknown =>
  typeof value !== 'bigint'
    ? value
    : value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : `0x${value.toString(16)}`
