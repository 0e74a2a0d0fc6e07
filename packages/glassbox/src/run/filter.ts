/** The seccomp filter of a command, from its policy. */
import { compilePolicy } from '../seccomp/compile.ts'
import { DEFAULT_POLICY } from '../seccomp/defaults.ts'
import type { Action, Policy } from '../seccomp/policy.ts'
import { validatePolicy } from '../seccomp/validate.ts'

export interface Filter {
  /** sock_filter array. */
  readonly bytes: Uint8Array
  /** Whether it reports calls, so that somebody must listen. */
  readonly listens: boolean
}

/**
 * What `policy` says, compiled. "kill" becomes a report to init, which kills with the evidence in hand; so do calls of
 * another ABI, whose numbers no policy speaks of.
 */
export function compileFilter(policy: Policy | null | undefined): Filter | undefined {
  if (policy === null) return undefined
  const known = policy === undefined ? compiledDefault : undefined
  if (known) return known
  const chosen = policy === undefined ? DEFAULT_POLICY : validatePolicy(policy)
  const filter = { bytes: compilePolicy(reportKills(chosen), { foreign: { kind: 'notify' } }), listens: true }
  if (policy === undefined) compiledDefault = filter
  return filter
}

let compiledDefault: Filter | undefined

export function reportKills({ rules, otherwise }: Policy): Policy {
  const report = (action: Action): Action => (action.kind === 'kill' ? { kind: 'notify' } : action)
  return {
    rules: rules.map(rule => ({ ...rule, action: report(rule.action) })),
    otherwise: report(otherwise),
  }
}
