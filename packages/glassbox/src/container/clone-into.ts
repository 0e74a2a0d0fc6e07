/** Runs a plan in this thread that clones a child into new namespaces. */
import { type Made, runPlan } from '../gate/gate.ts'
import { stepError } from '../launch/step-error.ts'
import { encodePlan } from '../plan/encode.ts'
import type { Plan } from '../plan/types.ts'
import { namespaceError } from './namespace-error.ts'
import type { SpawnSpec } from './spawn-plan.ts'

export interface Cloning {
  readonly plan: Plan
  /** They become the plan's first slots. */
  readonly inputs: readonly number[]
  readonly made: Made
}

/**
 * Runs the plan and returns its slots. Blocks this thread until the child has executed init or
 * ended; the child's steps wait for no other process. Throws MissingFeatureError if the namespaces
 * cannot be made, and otherwise an error that names the failed step.
 */
export function cloneInto(spec: SpawnSpec, { plan, inputs, made }: Cloning): BigInt64Array {
  const { bytes, origin } = encodePlan(plan)
  const { slots, failure } = runPlan(bytes, inputs, made)
  if (!failure) return slots
  const step = origin[failure.step]
  throw step?.kind === 'clone'
    ? namespaceError(spec, { plan, step, errno: failure.errno })
    : stepError(plan, step, failure.errno)
}
