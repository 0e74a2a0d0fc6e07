/** The seccomp filter of a program, and what the tracer does at the calls that it stops. */
import type { Limits } from '../../job/options.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import { AF_UNIX } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import type { DecideCall } from '../../policy/policy.ts'
import type { ResolvedPolicy } from '../../policy/resolved.ts'
import { SUPERVISED_GUARD } from '../../policy/supervised-guard.ts'
import { compilePolicy } from '../../seccomp/compile.ts'
import { refuse } from '../../seccomp/conditions.ts'
import { withRefusals } from '../../seccomp/guard.ts'
import type { CallPolicy, CallRule, KernelAction } from '../../seccomp/policy.ts'
import type { Decisions, StopAction } from '../../supervisor/contract.ts'

/**
 * Without the host's network, a program may only use sockets of its own kind of processes. The
 * error is that of a kernel without the other families.
 */
const NO_NETWORK: readonly CallRule[] = [
  {
    syscalls: ['socket'],
    when: [{ arg: 0, op: 'ne', value: BigInt(AF_UNIX), width: 32 }],
    action: refuse(ERRNO.EAFNOSUPPORT),
  },
]

const ACTIONS: readonly StopAction[] = [{ kind: 'kill' }, { kind: 'birth' }]
const BIRTHS: readonly CallRule[] = [
  { syscalls: ['fork', 'vfork', 'clone'], action: { kind: 'trace', data: 1 } },
]

export function filterOf(
  policy: ResolvedPolicy | null,
  { net }: Pick<ResolvedBox, 'net'> & { readonly limits: Required<Limits> },
): { readonly filter: Uint8Array; readonly decisions: Decisions; readonly handlers: readonly DecideCall[] } {
  const own: CallPolicy = policy
    ? { rules: policy.rules as readonly CallRule[], otherwise: policy.otherwise }
    : { rules: [], otherwise: { kind: 'allow' } }
  const refusals = [...(net === 'none' ? NO_NETWORK : []), ...SUPERVISED_GUARD, ...BIRTHS]
  const report = (action: KernelAction): KernelAction =>
    action.kind === 'kill' ? { kind: 'trace', data: 0 } : action
  const { rules, otherwise } = withRefusals(own, refusals)
  const filter = compilePolicy(
    { rules: rules.map(rule => ({ ...rule, action: report(rule.action) })), otherwise: report(otherwise) },
    { foreign: { kind: 'trace', data: 0 } },
  )
  return { filter, decisions: { actions: ACTIONS }, handlers: [] }
}
