/**
 * Makes the conditions of a rule as few as they can be. Policies are joined from lists that do not
 * know each other, such as the rules of a preset and the guard, so a rule may ask an argument for
 * two different values. The kernel compiles each filter anew for each program that it starts, so a
 * rule that can never match costs time.
 */
import { holds } from './holds.ts'
import type { Condition } from './policy.ts'

/** Whether the first condition fixes all bits that the second one looks at. */
const fixes = (one: Condition, other: Condition): boolean =>
  one !== other && one.op === 'eq' && one.arg === other.arg && (one.width !== 32 || other.width === 32)

/** The six arguments, all with the value of a condition. */
const argumentsBy = ({ value }: Condition): bigint[] => Array.from({ length: 6 }, () => value)

/**
 * The conditions without those that another one implies. Undefined: they never hold together.
 *
 * @example
 * simplify([is(0, 1), is(0, 2)]) // undefined
 * simplify([is(0, 1), { arg: 0, op: 'lt', value: 5n, width: 32 }]) // [is(0, 1)]
 */
export function simplify(when: readonly Condition[]): readonly Condition[] | undefined {
  let left = when
  for (const one of when) {
    if (!left.includes(one)) continue
    const others = left.filter(other => fixes(one, other))
    if (others.some(other => !holds(other, argumentsBy(one)))) return undefined
    left = left.filter(other => !others.includes(other))
  }
  return left
}
