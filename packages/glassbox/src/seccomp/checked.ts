/**
 * Checks a caller's policy once. The same object gives the same checked policy as long as its
 * contents do not change, so a compiled filter can be cached by the checked policy.
 */
import { DEFAULT_POLICY } from './defaults.ts'
import type { CallPolicy } from './policy.ts'
import { validatePolicy } from './validate.ts'

interface Checked {
  readonly policy: CallPolicy
  /**
   * The contents of the caller's object when it was checked, as text. The caller may change the
   * object between two runs.
   */
  readonly text: string | undefined
}

const known = new WeakMap<CallPolicy, Checked>()

/**
 * The policy as text, with bigints as `1n`; `undefined` if the object can no longer be serialized,
 * for example because of a cycle.
 */
function textOf(policy: CallPolicy): string | undefined {
  try {
    return JSON.stringify(policy, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
  } catch {
    return undefined
  }
}

/**
 * Returns the checked policy. `undefined` stands for the default, `null` for no filter. Throws
 * InvalidOptionError if the value is not a policy.
 */
export function checkPolicy(policy: CallPolicy | null | undefined): CallPolicy | null {
  if (policy === null) return null
  if (policy === undefined || policy === DEFAULT_POLICY) return DEFAULT_POLICY
  const before = typeof policy === 'object' ? known.get(policy) : undefined
  if (before?.text !== undefined && textOf(policy) === before.text) return before.policy
  // Keep a copy: a compiled filter must not depend on later changes of the caller's object.
  const checked = validatePolicy(policy)
  known.set(policy, { policy: checked, text: textOf(policy) })
  return checked
}
