/** Runs a plan in this thread that clones a child into new namespaces. */
import { runPlan } from '../gate/gate.ts'
import { stepError } from '../launch/step-error.ts'
import { encodePlan } from '../plan/encode.ts'
import type { Plan } from '../plan/types.ts'
import { namespaceError } from './namespace-error.ts'
import type { SpawnSpec } from './spawn-plan.ts'

/**
 * Runs the plan and returns its slots. Blocks this thread until the child has executed init or
 * ended; the child's steps wait for no other process. Throws MissingFeatureError if the namespaces
 * cannot be made, and otherwise an error that names the failed step.
 */
export function cloneInto(spec: SpawnSpec, plan: Plan, inputs: readonly number[]): BigInt64Array {
  const { bytes, origin } = encodePlan(plan)
  const { slots, failure } = runPlan(bytes, inputs)
  if (!failure) return slots
  const step = origin[failure.step]
  throw step?.kind === 'clone'
    ? namespaceError(spec, { plan, step, errno: failure.errno })
    : stepError(plan, step, failure.errno)
}
