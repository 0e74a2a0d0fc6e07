/** What a policy says of a call whatever its arguments. */
import type { Policy } from './policy.ts'

/** Refuses it always. The first rule that applies decides: so a rule with conditions that allows may let some calls through. */
export function forbids({ rules, otherwise }: Policy, syscall: string): boolean {
  for (const { syscalls, when = [], action } of rules) {
    if (!syscalls.includes(syscall)) continue
    if (action.kind === 'allow') return false
    if (when.length === 0) return true
  }
  return otherwise.kind !== 'allow'
}

/** Lets it pass always. */
export function permits({ rules, otherwise }: Policy, syscall: string): boolean {
  for (const { syscalls, when = [], action } of rules) {
    if (!syscalls.includes(syscall)) continue
    if (action.kind !== 'allow') return false
    if (when.length === 0) return true
  }
  return otherwise.kind === 'allow'
}
