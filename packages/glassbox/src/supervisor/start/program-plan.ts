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
import { addFilterSteps } from '../../launch/filter-steps.ts'
import { resourceLimits } from '../../launch/resource-limits.ts'
import { F_SETFD, FD_CLOEXEC, PR_SET_NO_NEW_PRIVS } from '../../linux/constants.ts'
import { PlanBuilder } from '../../plan/builder.ts'
import type { Plan } from '../../plan/types.ts'
import type { ProgramSpec } from '../contract.ts'

/** The plan for the launcher (see ptrace/launch.ts). It holds no descriptor. */
export function programPlan(spec: ProgramSpec): Plan {
  const builder = new PlanBuilder(`run ${spec.path}`)
  builder
    .call('close_range', [PLAN_SOCKET + 1, LAST_DESCRIPTOR, 0], 'close what is not the program’s')
    .call('fcntl', [PLAN_SOCKET, F_SETFD, FD_CLOEXEC], 'let the socket end with execve')
    // kill(0, …) and the terminal are then the program's own.
    .call('setsid', [], 'begin a session of its own')
  addSignalResetSteps(builder)
  for (const limit of resourceLimits(spec.limits)) addLimitStep(builder, limit)
  if (spec.user) addUserSteps(builder, spec.user)
  addDirectorySteps(builder, spec.cwd)
  builder.call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privileges')
  addReadySteps(builder)
  addFilterSteps(builder, spec.filter)
  addExecuteStep(builder, spec)
  return builder.build()
}

function addUserSteps(builder: PlanBuilder, { uid, gid }: NonNullable<ProgramSpec['user']>): void {
  builder
    .call('setgroups', [0, 0], 'leave all groups')
    .call('setresgid', [gid, gid, gid], `become group ${gid}`)
    .call('setresuid', [uid, uid, uid], `become user ${uid}`)
}
