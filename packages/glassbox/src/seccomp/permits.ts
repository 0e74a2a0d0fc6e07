/** What a policy says of a call whatever its later arguments. */
import type { Policy } from './policy.ts'
import { holds } from './simulate.ts'

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
