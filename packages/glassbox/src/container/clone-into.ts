/** Running a plan in this thread that clones a child into new namespaces. */
import { runPlan } from '../gate/gate.ts'
import { encodePlan } from '../plan/encode.ts'
import type { Plan } from '../plan/types.ts'
import type { SpawnSpec } from './spawn-plan.ts'
import { namespaceError, stepError } from '../launch/step-error.ts'

/** The slots after it. Throws what namespaces cannot be had, or which other step failed. */
export function cloneInto(spec: SpawnSpec, plan: Plan, inputs: readonly number[]): BigInt64Array {
  const { bytes, origin } = encodePlan(plan)
  const { slots, failure } = runPlan(bytes, inputs)
  if (!failure) return slots
  const step = origin[failure.step]
  throw step?.kind === 'clone' ? namespaceError(spec, failure.errno) : stepError(plan, step, failure.errno)
}
