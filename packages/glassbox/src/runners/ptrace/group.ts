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
import type { ProgramGroup, SupervisedEnding } from '../../supervisor/contract.ts'
import type { Owner } from '../../stdio/pipe.ts'
import { writesOnlyInside } from './residue.ts'

const COUNTED = ['memory', 'pids'] as const

interface KeptLimits {
  readonly memoryBytes: number
  readonly processes: number
}

const mayHaveGroup = (policy: Job['policy'], owner: Owner | undefined): boolean =>
  owner !== undefined || writesOnlyInside(policy)

/** The group that a program would have, or undefined. Makes nothing. */
export function plannedGroup({ policy }: Pick<Job, 'policy'>, owner: Owner | undefined): Cgroup | undefined {
  if (!mayHaveGroup(policy, owner)) return undefined
  const cgroup = Cgroup.plan({}, hostCgroups(), { counted: COUNTED })
  return 'missing' in cgroup ? undefined : cgroup
}

const by = (cgroup: Cgroup, controller: 'memory' | 'pids'): Measurer =>
  cgroup.version(controller) === 1 ? 'cgroup-v1' : 'cgroup-v2'

/** Whether groups record the peak of their memory: a fact of the kernel. */
let hasPeak: boolean | undefined

/** A living group. Owns it until `remove`. */
export class JobGroup {
  readonly #group: HeldGroup
  #limits: KeptLimits
  readonly descriptors: ProgramGroup

  private constructor(group: HeldGroup, limits: KeptLimits) {
    this.#group = group
    this.#limits = limits
    hasPeak ??= group.counters().peakMemory !== undefined
    this.descriptors = { joins: group.joins, birth: group.birth, hasPeak }
  }

  /** On cgroup v2 this may move processes of the parent group into a leaf: see cgroup/leaf.ts. */
  static make(cgroup: Cgroup, limits: KeptLimits): JobGroup {
    cgroup.enableControllers()
    return new JobGroup(HeldGroup.make(cgroup, kernelLimits(limits)), limits)
  }

  /** Changes the limits, before the program starts. */
  limit(limits: KeptLimits): void {
    const { memoryBytes, processes } = this.#limits
    if (memoryBytes === limits.memoryBytes && processes === limits.processes) return
    this.#group.cgroup.limit(kernelLimits(limits))
    this.#limits = limits
  }

  /** Prepares for the end of the program. */
  openCounters(): void {
    this.#group.openCounters()
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

/**
 * The groups of the jobs of one sandbox. Making one takes a good part of the time that a small
 * program runs, so the next one is made, and the last one removed, while a program runs.
 */
export class JobGroups {
  readonly #owner: Owner | undefined
  #used: JobGroup | undefined
  #next: JobGroup | undefined
  /** Of ended programs. */
  readonly #left: JobGroup[] = []
  #isClosed = false

  constructor(owner: Owner | undefined) {
    this.#owner = owner
  }

  /** The group of a program that is about to start; undefined if it has none. */
  take({ policy, limits }: Pick<Job, 'policy' | 'limits'>): JobGroup | undefined {
    if (this.#used) this.#left.push(this.#used)
    this.#used = undefined
    if (!mayHaveGroup(policy, this.#owner)) return undefined
    this.#used = this.#next ?? this.#make({ policy, limits })
    this.#next = undefined
    this.#used?.limit(limits)
    return this.#used
  }

  /**
   * Prepares for the end of the program and for the next one, which probably has the same limits,
   * and removes the groups of ended programs. What fails is done again when it is needed, and
   * reported then.
   */
  async prepare({ policy, limits }: Pick<Job, 'policy' | 'limits'>): Promise<void> {
    try {
      this.#used?.openCounters()
      if (!this.#isClosed) this.#next ??= this.#make({ policy, limits })
      await this.#removeLeft()
    } catch {
      // The next `take` makes the group, and `close` removes what is left.
    }
  }

  #make({ policy, limits }: Pick<Job, 'policy' | 'limits'>): JobGroup | undefined {
    const cgroup = plannedGroup({ policy }, this.#owner)
    return cgroup && JobGroup.make(cgroup, limits)
  }

  async #removeLeft(): Promise<void> {
    for (let group = this.#left[0]; group; group = this.#left[0]) {
      await group.remove()
      if (this.#left[0] === group) this.#left.shift()
    }
  }

  /** No program uses them any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#left.push(...[this.#used, this.#next].filter(group => group !== undefined))
    this.#used = undefined
    this.#next = undefined
    await this.#removeLeft()
  }
}
