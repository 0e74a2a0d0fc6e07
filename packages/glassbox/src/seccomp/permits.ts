/** Whether a policy permits a call of which only the first arguments are known. */
import type { CallPolicy } from './policy.ts'
import { holds } from './holds.ts'

/** Whether the policy allows every call of `syscall` whose first arguments are `known`. */
export function permits(
  { rules, otherwise }: CallPolicy,
  syscall: string,
  known: readonly bigint[] = [],
): boolean {
  for (const { syscalls, when = [], action } of rules) {
    if (!syscalls.includes(syscall)) continue
    const open = when.filter(condition => condition.arg >= known.length)
    const excluded = when.some(condition => condition.arg < known.length && !holds(condition, known))
    if (excluded) continue
    if (action.kind !== 'allow') return false
    if (open.length === 0) return true
  }
  return otherwise.kind === 'allow'
}
