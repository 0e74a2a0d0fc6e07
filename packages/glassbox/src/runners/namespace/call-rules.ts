/** What the namespace runner can do of a policy: the rules that the kernel enforces by itself. */
import { InvalidOptionError } from '../../errors.ts'
import type { ResolvedPolicy } from '../../policy/resolved.ts'
import type { CallPolicy, CallRule } from '../../seccomp/policy.ts'

const isKernelRule = (rule: ResolvedPolicy['rules'][number]): rule is CallRule =>
  rule.action.kind !== 'decide' && rule.atMost === undefined

/**
 * The rules about calls. Throws InvalidOptionError, which names the key, for a policy that only a
 * runner with a tracer can do.
 */
export function callRulesOf({ rules, otherwise, needsTracer }: ResolvedPolicy): CallPolicy {
  if (needsTracer) {
    const { key, why } = needsTracer
    throw new InvalidOptionError(
      key,
      `${key} needs a runner with a tracer: ${why}. The namespace runner has none.`,
      "Use runner: 'ptrace'.",
    )
  }
  return { rules: rules.filter(isKernelRule), otherwise }
}
