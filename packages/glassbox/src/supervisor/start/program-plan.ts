/**
 * The plan by which a child of the supervisor becomes a program. Whatever needs a right comes
 * before the user is changed; whatever a filter may forbid comes before the filter.
 *
 * The child shares the memory of this process until execve. So no step changes what belongs to a
 * memory: the OOM score is set by the supervisor once the program is executed, and a change of the
 * user, which makes the memory undumpable, is followed by a step that undoes that. The bounding
 * set is that of the supervisor's thread, which has emptied it (start.ts).
 */
import { addLandlockSteps } from '../../landlock/steps.ts'
import { addCapabilityDropSteps } from '../../launch/capabilities.ts'
import { moveAway } from '../../launch/descriptors-away.ts'
import { isDumpable } from '../../launch/dumpable.ts'
import {
  addDirectorySteps,
  addExecuteStep,
  addLimitStep,
  addUmaskStep,
  addUnblockStep,
  LAST_DESCRIPTOR,
} from '../../launch/exec-steps.ts'
import { addFilterSteps } from '../../launch/filter-steps.ts'
import { resourceLimits } from '../../launch/resource-limits.ts'
import { CLOSE_RANGE_CLOEXEC, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS } from '../../linux/constants.ts'
import { PlanBuilder, text } from '../../plan/builder.ts'
import { type EncodedPlan, encodePlan } from '../../plan/encode.ts'
import type { Plan, Slot, Step } from '../../plan/types.ts'
import type { ProgramSpec } from '../contract.ts'

const STDIO = ['stdin', 'stdout', 'stderr'] as const
/** No descriptor is open here. */
const SPARE = STDIO.length

/** The inputs of the plan. */
export const inputsOf = ({ stdio, ruleset, group }: ProgramSpec): readonly number[] => [
  ...stdio,
  ...(ruleset ? [ruleset.fd] : []),
  ...(group?.joins ?? []),
]

/** A plan with its bytes. Running it does not change them. */
export interface MadePlan {
  readonly plan: Plan
  readonly encoded: EncodedPlan
  /** The encoded step with which the child begins to enter its ruleset; -1 if it has none. */
  readonly wallAt: number
}

/** Programs are often run again and again with the same arguments. */
const MOST_PLANS = 8
const made = new WeakMap<Uint8Array, Map<string, MadePlan>>()

/** The plan for the child, made once for the same program. */
export function madePlan(spec: ProgramSpec): MadePlan {
  const { path, argv, env, cwd, user, limits, filter, ruleset, group } = spec
  const facts = [ruleset?.own, group?.joins.length]
  const key = JSON.stringify([path, argv, env, cwd, user, limits, ...facts])
  const plans = made.get(filter) ?? new Map<string, MadePlan>()
  made.set(filter, plans)
  const known = plans.get(key)
  if (known) return known
  const { plan, wall } = planOf(spec)
  const encoded = encodePlan(plan)
  const added = { plan, encoded, wallAt: encoded.origin.findIndex(step => step === wall) }
  if (plans.size >= MOST_PLANS) plans.clear()
  plans.set(key, added)
  return added
}

/** The plan for the child. */
export const programPlan = (spec: ProgramSpec): Plan => planOf(spec).plan

/** `wall`: the first step by which the child enters its ruleset. */
function planOf(spec: ProgramSpec): { readonly plan: Plan; readonly wall: Step | undefined } {
  const builder = new PlanBuilder(`run ${spec.path}`)
  const { ruleset } = spec
  const names = ruleset ? [...STDIO, 'ruleset'] : STDIO
  const inputs = names.map(name => builder.input(name))
  // The files belong to root.
  for (const join of spec.group?.joins.map(() => builder.input('join file')) ?? [])
    builder.call('write', [join, text('0'), 1], 'join the cgroup')
  const moved = moveAway(builder, inputs)
  for (const [place, slot] of moved.slice(0, STDIO.length).entries())
    builder.call('dup3', [slot, place, 0], `put ${slot.label} into place`)
  builder
    .call(
      'close_range',
      [STDIO.length, LAST_DESCRIPTOR, CLOSE_RANGE_CLOEXEC],
      'let all others end with execve',
    )
    // kill(0, …) and the terminal are then the program's own.
    .call('setsid', [], 'begin a session of its own')
  if (spec.user) addUserSteps(builder, spec.user)
  addDirectorySteps(builder, spec.cwd)
  builder.call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privileges')
  // After a change of the user there are none, but root may lack the right to change it.
  addCapabilityDropSteps(builder)
  const before = builder.length
  if (ruleset)
    addLandlockSteps(builder, { ruleset: moved[STDIO.length] as Slot, own: ruleset.own, spare: SPARE })
  for (const limit of resourceLimits(spec.limits)) addLimitStep(builder, limit)
  addUmaskStep(builder)
  addUnblockStep(builder)
  addFilterSteps(builder, spec.filter)
  addExecuteStep(builder, spec)
  const plan = builder.build()
  return { plan, wall: ruleset ? plan.steps[before] : undefined }
}

function addUserSteps(builder: PlanBuilder, { uid, gid }: NonNullable<ProgramSpec['user']>): void {
  builder
    .call('setgroups', [0, 0], 'leave all groups')
    .call('setresgid', [gid, gid, gid], `become group ${gid}`)
    .call('setresuid', [uid, uid, uid], `become user ${uid}`)
  if (isDumpable())
    builder.call('prctl', [PR_SET_DUMPABLE, 1, 0, 0, 0], 'let this process look at itself again')
}
