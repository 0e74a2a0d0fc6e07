/** The rows about cgroup controllers: where groups would be made, or why they cannot be. */
import { CONTROLLERS, type Controller, type CgroupSupport, detectCgroups } from '../cgroup/hierarchy.ts'
import { type Place, placeHere } from '../place/place.ts'
import { remedyFor } from '../place/remedies.ts'
import type { Row } from './row.ts'

const MEANING: Readonly<Record<Controller, string>> = {
  memory: 'memory limits of whole boxes',
  pids: 'limits of processes',
  cpuacct: 'CPU time of whole boxes',
  cpu: 'bandwidth',
  cpuset: 'choice of processors',
}

/** The consequence of a missing controller. */
const WITHOUT: Readonly<Record<Controller, string>> = {
  memory: 'without it init watches memory every 5 ms',
  pids: 'without it RLIMIT_NPROC limits processes',
  cpuacct: 'without it init adds up the times of processes',
  cpu: 'not used by run()',
  cpuset: 'not used by run()',
}

/** The row about the mounted versions: v1, v2, or both. */
export function cgroupModeRow(support: CgroupSupport = detectCgroups()): Row {
  const versions = new Set(
    CONTROLLERS.flatMap(name => {
      const found = support[name]
      return 'place' in found ? [found.place.version] : []
    }),
  )
  const mode =
    versions.size === 2
      ? 'hybrid (v1 and v2)'
      : versions.has(2)
        ? 'v2'
        : versions.has(1)
          ? 'v1'
          : 'none for this user'
  return {
    subject: 'cgroups',
    found: mode,
    state: versions.size === 0 ? 'partly' : 'yes',
    meaning:
      versions.size === 0 ? 'limits are kept by rlimits and by init' : 'each program gets groups of its own',
  }
}

export function cgroupRows(support: CgroupSupport = detectCgroups(), place: Place = placeHere()): Row[] {
  return CONTROLLERS.map(controller => {
    const found = support[controller]
    const subject = `cgroup ${controller}`
    if ('place' in found) {
      return {
        subject,
        found: `v${found.place.version}, ${found.place.base}`,
        state: 'yes',
        meaning: MEANING[controller],
      }
    }
    return {
      subject,
      found: found.missing,
      state: 'partly',
      meaning: WITHOUT[controller],
      fix: remedyFor('cgroups', place),
    }
  })
}
