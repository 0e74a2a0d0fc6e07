/** Whether a policy refuses a call whatever its arguments. */
import type { Policy } from './policy.ts'

/** The first rule that applies decides: so a rule with conditions that allows may let some calls through. */
export function forbids({ rules, otherwise }: Policy, syscall: string): boolean {
  for (const { syscalls, when = [], action } of rules) {
    if (!syscalls.includes(syscall)) continue
    if (action.kind === 'allow') return false
    if (when.length === 0) return true
  }
  return otherwise.kind !== 'allow'
}
