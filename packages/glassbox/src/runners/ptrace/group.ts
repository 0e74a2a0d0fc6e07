/**
 * The cgroup of a program: a hard limit of its memory and its processes, and their exact measure,
 * where this process may make one. CPU time needs none: the supervisor reads the clock of every
 * process, and limits it by the same clocks.
 *
 * A program that could write to the files of its group could change its own limits. So it has a
 * group only if it has a user of its own, or writes only below its working directory.
 */
import { Cgroup, type LimitCounters } from '../../cgroup/group.ts'
import { HeldGroup } from '../../cgroup/held-group.ts'
import { hostCgroups, kernelLimits, refusedByOwnLimit } from '../../cgroup/host.ts'
import type { MeasuredBy, Measurer } from '../../job/ending.ts'
import type { Job } from '../../job/job.ts'
import type { Limits } from '../../job/options.ts'
import type { ProgramGroup, SupervisedEnding } from '../../supervisor/contract.ts'
import type { Owner } from '../../stdio/pipe.ts'
import { writesOnlyInside } from './residue.ts'

const COUNTED = ['memory', 'pids'] as const

/** The group that a program would have, or undefined. Makes nothing. */
export function plannedGroup({ policy }: Pick<Job, 'policy'>, owner: Owner | undefined): Cgroup | undefined {
  if (owner === undefined && !writesOnlyInside(policy)) return undefined
  const cgroup = Cgroup.plan({}, hostCgroups(), { counted: COUNTED })
  return 'missing' in cgroup ? undefined : cgroup
}

const by = (cgroup: Cgroup, controller: 'memory' | 'pids'): Measurer =>
  cgroup.version(controller) === 1 ? 'cgroup-v1' : 'cgroup-v2'

/** A living group. Owns it until `remove`. */
export class JobGroup {
  readonly #group: HeldGroup
  readonly #limits: Required<Limits>
  readonly descriptors: ProgramGroup

  private constructor(group: HeldGroup, limits: Required<Limits>) {
    this.#group = group
    this.#limits = limits
    const hasPeak = group.counters().peakMemory !== undefined
    this.descriptors = { joins: group.joins, birth: group.birth, hasPeak }
  }

  /**
   * Makes the group of a program that is about to start; undefined if it has none. On cgroup v2
   * this may move processes of the parent group into a leaf: see cgroup/leaf.ts.
   */
  static make(job: Pick<Job, 'policy' | 'limits'>, owner: Owner | undefined): JobGroup | undefined {
    const cgroup = plannedGroup(job, owner)
    if (!cgroup) return undefined
    cgroup.enableControllers()
    return new JobGroup(HeldGroup.make(cgroup, kernelLimits(job.limits)), job.limits)
  }

  /** The ending of the program, with what the group has counted. Every process of it is dead. */
  complete(ending: SupervisedEnding): SupervisedEnding {
    const counted = this.#group.counters()
    const { usage, measuredBy } = ending
    return {
      ...ending,
      usage: {
        ...usage,
        memoryBytes: counted.peakMemory ?? usage.memoryBytes,
        ...(counted.peakProcesses === undefined ? {} : { processes: counted.peakProcesses }),
      },
      measuredBy: this.#measuredBy(counted, measuredBy),
      oomKills: counted.oomKills,
      refusedProcesses: refusedByOwnLimit(counted, this.#limits.processes),
    }
  }

  #measuredBy({ peakMemory }: LimitCounters, { cpuTime, memory }: MeasuredBy): MeasuredBy {
    const { cgroup } = this.#group
    return {
      cpuTime,
      memory: peakMemory === undefined ? memory : by(cgroup, 'memory'),
      processes: by(cgroup, 'pids'),
    }
  }

  remove(): Promise<void> {
    return this.#group.remove()
  }
}
