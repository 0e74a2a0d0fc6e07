/** The seccomp filter of a command, from its policy. */
import { compilePolicy } from '../seccomp/compile.ts'
import { DEFAULT_POLICY } from '../seccomp/defaults.ts'
import type { Policy } from '../seccomp/policy.ts'
import { validatePolicy } from '../seccomp/validate.ts'

export interface Filter {
  /** sock_filter array. */
  readonly bytes: Uint8Array
  /** Whether it reports calls, so that somebody must listen. */
  readonly listens: boolean
}

/** What `policy` says, compiled. "kill" becomes a report to init, which kills with the evidence in hand. */
export function compileFilter(policy: Policy | null | undefined): Filter | undefined {
  if (policy === null) return undefined
  const chosen = policy === undefined ? DEFAULT_POLICY : validatePolicy(policy)
  const reported = reportKills(chosen)
  const listens = [...reported.rules.map(rule => rule.action), reported.otherwise].some(
    ({ kind }) => kind === 'notify',
  )
  return { bytes: compilePolicy(reported), listens }
}

export function reportKills({ rules, otherwise }: Policy): Policy {
  const report = (action: Policy['otherwise']): Policy['otherwise'] =>
    action.kind === 'kill' ? { kind: 'notify' } : action
  return {
    rules: rules.map(rule => ({ ...rule, action: report(rule.action) })),
    otherwise: report(otherwise),
  }
}
