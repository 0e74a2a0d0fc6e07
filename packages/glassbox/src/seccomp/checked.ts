/**
 * A caller's policy, checked once. A policy is a value: the same object gives the same checked
 * policy as long as it says the same, so those who compile a policy can remember what they made of
 * it by that object.
 */
import { DEFAULT_POLICY } from './defaults.ts'
import type { Policy } from './policy.ts'
import { validatePolicy } from './validate.ts'

interface Checked {
  readonly policy: Policy
  /** What the caller's object said when it was checked: it may be changed between two runs. */
  readonly text: string | undefined
}

const known = new WeakMap<Policy, Checked>()

/**
 * Numbers of conditions may be bigint. None for what is no longer a policy, such as an object with
 * a circle.
 */
function textOf(policy: Policy): string | undefined {
  try {
    return JSON.stringify(policy, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
  } catch {
    return undefined
  }
}

/**
 * Throws InvalidOptionError if it is no policy. `undefined` stands for the default, `null` for no
 * filter.
 */
export function checkPolicy(policy: Policy | null | undefined): Policy | null {
  if (policy === null) return null
  if (policy === undefined || policy === DEFAULT_POLICY) return DEFAULT_POLICY
  const before = typeof policy === 'object' ? known.get(policy) : undefined
  if (before?.text !== undefined && textOf(policy) === before.text) return before.policy
  // A copy: what was compiled from it must not change with the caller's object.
  const checked = validatePolicy(policy)
  known.set(policy, { policy: checked, text: textOf(policy) })
  return checked
}
