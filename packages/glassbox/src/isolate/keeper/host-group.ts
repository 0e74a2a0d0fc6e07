/** Makes and removes the control group of a box from outside, for `--init` and `--cleanup`. */
import { mkdirSync } from 'node:fs'
import type { Cgroup } from '../../cgroup/group.ts'
import { writeAll } from '../../cgroup/files.ts'
import { attempt, attemptAsync } from './complaint.ts'
import type { BoxGroup } from './groups.ts'

/** The group must not exist. */
export function makeGroup({ cgroup, limits }: BoxGroup): void {
  enableControllers(cgroup)
  for (const part of cgroup.parts)
    attempt(`create control group ${part.directory}`, () => {
      mkdirSync(part.directory)
      writeAll(part.directory, cgroup.firstWrites(part, limits))
    })
}

/** On v2 this may move processes of the parent group into a leaf: see cgroup/leaf.ts. */
export const enableControllers = (cgroup: Cgroup): void =>
  attempt(`use control groups in ${cgroup.parts[0]?.parent}`, () => cgroup.enableControllers())

/** Kills what is left in it. Does nothing if it does not exist. */
export const removeGroup = (cgroup: Cgroup): Promise<void> =>
  attemptAsync(`remove control group ${cgroup.name}`, () => cgroup.remove())
