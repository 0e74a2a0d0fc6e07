/** A cgroup for a test, made in this process by the steps that a box's init runs. */
import { closeSync, openSync } from 'node:fs'
import type { CgroupLimits } from '#glassbox/cgroup/controls.js'
import { Cgroup } from '#glassbox/cgroup/group.js'
import type { CgroupSupport } from '#glassbox/cgroup/hierarchy.js'
import { addMakeSteps, keptBy } from '#glassbox/cgroup/steps.js'
import { runPlan } from '#glassbox/gate/gate.js'
import { PlanBuilder } from '#glassbox/plan/builder.js'
import { encodePlan } from '#glassbox/plan/encode.js'
import type { Step } from '#glassbox/plan/types.js'

/** Above all descriptor numbers that Node uses here. */
let keep = 300

export interface LiveGroup {
  readonly group: Cgroup
  /** Its directories. */
  readonly directories: readonly string[]
  /** Releases its lock, as the end of an init does. */
  unlock(): void
  remove(): Promise<void>
}

/** The step that failed and its errno, if one failed. */
export class StepFailed extends Error {
  readonly errno: number

  constructor(step: Step | undefined, errno: number) {
    super(`"${step?.label}" failed with errno ${errno}`)
    this.errno = errno
  }
}

export function planGroup(limits: CgroupLimits, support: CgroupSupport): Cgroup {
  const group = Cgroup.plan(limits, support)
  if ('missing' in group) throw new Error(group.missing)
  return group
}

export function makeGroup(group: Cgroup, limits: CgroupLimits = {}): LiveGroup {
  group.enableControllers()
  const builder = new PlanBuilder('make a group')
  const parents = group.parts.map(({ parent }) => builder.input(parent))
  const first = keep
  keep += keptBy(group)
  addMakeSteps(builder, group, parents, limits, first)
  const { bytes, origin } = encodePlan(builder.build())
  const fds = group.parts.map(({ parent }) => openSync(parent, 'r'))
  const { failure } = runPlan(bytes, fds)
  for (const fd of fds) closeSync(fd)
  const kept = Array.from({ length: keptBy(group) }, (_, index) => first + index)
  const unlock = (): void => {
    for (const fd of kept.splice(0)) {
      try {
        closeSync(fd)
      } catch {
        // A counter that this kernel does not have.
      }
    }
  }
  if (failure) {
    unlock()
    throw new StepFailed(origin[failure.step], failure.errno)
  }
  const remove = async (): Promise<void> => {
    unlock()
    await group.remove()
  }
  return { group, directories: group.parts.map(({ directory }) => directory), unlock, remove }
}
