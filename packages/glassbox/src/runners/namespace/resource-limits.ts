/** The rlimits of a program in a box. They back up the limits that init and cgroups enforce. */
import type { Limits } from '../../job/options.ts'
import type { ResourceLimit } from '../../launch/exec-steps.ts'
import { cappedLimit, resourceLimits as limitsOfEveryProgram } from '../../launch/resource-limits.ts'
import { RLIMIT_NPROC } from '../../linux/constants.ts'

/**
 * The rlimits of a program. RLIMIT_NPROC is set only if no cgroup counts processes. It counts the
 * processes of the box's user namespace, and init is one of them.
 */
export function resourceLimits(
  limits: Required<Limits>,
  cgroup: { readonly processes: boolean },
): ResourceLimit[] {
  return [
    ...limitsOfEveryProgram(limits),
    ...(cgroup.processes ? [] : [cappedLimit(RLIMIT_NPROC, limits.processes + 1, 'processes')]),
  ]
}
