/**
 * The plan by which a launcher becomes a supervised program. Whatever needs a right comes before
 * the user is changed; whatever a filter may forbid comes before the filter. From the ready steps
 * on, the supervisor knows that the next execve is the program's.
 */
import { PLAN_SOCKET } from '../../gate/generated/layouts.ts'
import {
  addDirectorySteps,
  addExecuteStep,
  addLimitStep,
  addReadySteps,
  addSignalResetSteps,
  LAST_DESCRIPTOR,
} from '../../launch/exec-steps.ts'
import { addLandlockSteps } from '../../landlock/steps.ts'
import type { Ruleset } from '../../landlock/types.ts'
import { addBoundingSetSteps, addCapabilityDropSteps, hasCapabilities } from '../../launch/capabilities.ts'
import { addFilterSteps } from '../../launch/filter-steps.ts'
import { addOomScoreSteps } from '../../launch/oom-score.ts'
import { resourceLimits } from '../../launch/resource-limits.ts'
import {
  CAP_SETPCAP,
  CLOSE_RANGE_CLOEXEC,
  F_DUPFD_CLOEXEC,
  PR_SET_NO_NEW_PRIVS,
} from '../../linux/constants.ts'
import { PlanBuilder } from '../../plan/builder.ts'
import type { Plan } from '../../plan/types.ts'
import { FIRST_GIVEN } from '../../ptrace/launch-plan.ts'
import type { ProgramSpec } from '../contract.ts'

/** The limits may forbid high descriptors, so the steps that use them come before the limits. */
const ABOVE_ALL = 64
/** No descriptor is open here. */
const SPARE = 32

/** What the launcher gets besides stdio. */
export const givenDescriptors = ({ ruleset }: ProgramSpec): readonly number[] => (ruleset ? [ruleset.fd] : [])

/** The plan for the launcher (see ptrace/launch.ts). */
export function programPlan(spec: ProgramSpec): Plan {
  const builder = new PlanBuilder(`run ${spec.path}`)
  const { ruleset } = spec
  const first = FIRST_GIVEN + givenDescriptors(spec).length
  builder
    .call('close_range', [first, LAST_DESCRIPTOR, 0], 'close what is not the program’s')
    .call('close_range', [PLAN_SOCKET, LAST_DESCRIPTOR, CLOSE_RANGE_CLOEXEC], 'let the rest end with execve')
    // kill(0, …) and the terminal are then the program's own.
    .call('setsid', [], 'begin a session of its own')
  addSignalResetSteps(builder)
  addOomScoreSteps(builder)
  // An ordinary user may not, and needs it no more: no_new_privs forbids what the set limits.
  if (hasCapabilities(CAP_SETPCAP)) addBoundingSetSteps(builder)
  if (spec.user) addUserSteps(builder, spec.user)
  addDirectorySteps(builder, spec.cwd)
  builder.call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privileges')
  // After a change of the user there are none, but root may lack the right to change it.
  addCapabilityDropSteps(builder)
  if (ruleset) addRulesetSteps(builder, ruleset)
  for (const limit of resourceLimits(spec.limits)) addLimitStep(builder, limit)
  addReadySteps(builder)
  addFilterSteps(builder, spec.filter)
  addExecuteStep(builder, spec)
  return builder.build()
}

function addRulesetSteps(builder: PlanBuilder, { own }: Ruleset): void {
  const ruleset = builder.slot('ruleset')
  builder.call('fcntl', [FIRST_GIVEN, F_DUPFD_CLOEXEC, ABOVE_ALL], 'take the ruleset', { result: ruleset })
  addLandlockSteps(builder, { ruleset, own, spare: SPARE })
}

function addUserSteps(builder: PlanBuilder, { uid, gid }: NonNullable<ProgramSpec['user']>): void {
  builder
    .call('setgroups', [0, 0], 'leave all groups')
    .call('setresgid', [gid, gid, gid], `become group ${gid}`)
    .call('setresuid', [uid, uid, uid], `become user ${uid}`)
}
