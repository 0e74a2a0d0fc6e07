/** What a policy says of a call whatever its arguments. */
import type { Policy } from './policy.ts'
import { holds } from './simulate.ts'

/** Refuses it always. The first rule that applies decides: so a rule with conditions that allows may let some calls through. */
export function forbids({ rules, otherwise }: Policy, syscall: string): boolean {
  for (const { syscalls, when = [], action } of rules) {
    if (!syscalls.includes(syscall)) continue
    if (action.kind === 'allow') return false
    if (when.length === 0) return true
  }
  return otherwise.kind !== 'allow'
}

/** Lets it pass always, or where its first arguments are these. */
export function permits(
  { rules, otherwise }: Policy,
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
