/**
 * Finds rules that can never match, because an earlier rule decides every call that they name.
 * Such a rule is a mistake of its author, who expects it to have an effect.
 */
import { InvalidOptionError } from '../errors.ts'
import type { Condition } from '../seccomp/policy.ts'
import type { Rule } from './policy.ts'

const same = (a: Condition, b: Condition): boolean =>
  a.arg === b.arg &&
  a.op === b.op &&
  a.value === b.value &&
  a.mask === b.mask &&
  (a.width ?? 64) === (b.width ?? 64)

/**
 * Whether the earlier rule matches every call of that name that the later one matches: it has no
 * conditions but those of the later one, and no end.
 */
function covers(earlier: Rule, later: Rule, syscall: string): boolean {
  if (earlier.atMost !== undefined || !earlier.syscalls.includes(syscall)) return false
  return (earlier.when ?? []).every(one => later.when?.some(other => same(one, other)))
}

/** The index of the rule that keeps this one from ever matching, or undefined. */
function coveredBy(rules: readonly Rule[], index: number): number | undefined {
  const rule = rules[index]
  if (!rule) return undefined
  const before = rules.slice(0, index)
  const owners = rule.syscalls.map(name => before.findIndex(earlier => covers(earlier, rule, name)))
  return owners.includes(-1) ? undefined : owners[0]
}

/** The rules without those that can never match. */
export const withoutDeadRules = (rules: readonly Rule[]): Rule[] =>
  rules.filter((_, index) => coveredBy(rules, index) === undefined)

/**
 * Throws InvalidOptionError for the first rule that can never match. A rule for which `isExempt`
 * is true is not reported: a list of rules that was written elsewhere may stand behind rules that
 * replace some of it.
 */
export function checkForDeadRules(
  rules: readonly Rule[],
  path: string,
  isExempt: (index: number) => boolean,
): void {
  for (const [index, { syscalls }] of rules.entries()) {
    if (isExempt(index)) continue
    const twice = syscalls.findIndex((name, at) => syscalls.indexOf(name) < at)
    if (twice >= 0) {
      const key = `${path}[${index}].syscalls[${twice}]`
      throw new InvalidOptionError(key, `${key}: ${syscalls[twice]} is already in this list.`, 'Remove it.')
    }
    const owner = coveredBy(rules, index)
    if (owner === undefined) continue
    throw new InvalidOptionError(
      `${path}[${index}]`,
      `${path}[${index}] can never match: ${path}[${owner}] decides every call of ${syscalls[0]} before it.`,
      'Of several rules for a call, the first that matches decides. Remove this rule, or move it up.',
    )
  }
}
