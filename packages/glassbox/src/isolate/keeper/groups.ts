/**
 * The control group of a box: `box-<id>` in each hierarchy that is needed. `--init` makes it, so
 * that a host which offers none is found out early, and each run makes it anew. So a run inherits
 * no limit, no peak and no count of the one before it.
 *
 * Where the groups are made: `cg_root` names a directory, which is a v2 group or holds the
 * controllers of v1; or `auto:FILE` names a file whose first line does. Without that file, no
 * daemon keeps a group for the boxes, and they are made where those of `glassbox run` are.
 */
import { readFileSync, statfsSync, statSync } from 'node:fs'
import type { CgroupLimits } from '../../cgroup/controls.ts'
import { Cgroup } from '../../cgroup/group.ts'
import { type CgroupSupport, detectCgroups } from '../../cgroup/hierarchy.ts'
import type { Controller, ControllerSupport } from '../../cgroup/types.ts'
import { CGROUP2_SUPER_MAGIC } from '../../linux/constants.ts'
import { type BoxCpus, type IsolateConfig, IsolateError } from '../types.ts'
import { attempt } from './complaint.ts'

const AUTO = 'auto:'
/** No group of a box limits processes: an rlimit does, for the user of the box. */
const COUNTED = ['memory', 'cpuacct'] as const
/**
 * Until its execve, the program shares init's memory. There has to be enough to start it, or init
 * would be killed too. A lower limit is this limit.
 */
const LEAST_MEMORY_KIB = 8 * 1024

/** Where the groups of all boxes are. */
export interface GroupRoot {
  /** What `--print-cg-root` prints. */
  readonly path: string
  readonly support: CgroupSupport
}

/** Throws IsolateError if the directory does not exist. */
export function groupRoot({ cgRoot, cgParent }: IsolateConfig): GroupRoot {
  const path = cgRoot.startsWith(AUTO) ? firstLine(cgRoot.slice(AUTO.length)) : cgRoot
  if (path === undefined) return detectedRoot()
  if (!isDirectory(path)) throw new IsolateError('internal', `Control group root ${path} does not exist`)
  const isV2 = attempt(`look at ${path}`, () => statfsSync(path).type) === CGROUP2_SUPER_MAGIC
  return { path, support: isV2 ? supportV2(path) : supportV1(path, cgParent) }
}

const isDirectory = (path: string): boolean =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

/** `undefined`: there is no such file. */
function firstLine(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').split('\n')[0] ?? ''
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    return attempt(`open ${file}`, () => {
      throw error
    })
  }
}

function detectedRoot(): GroupRoot {
  const support = detectCgroups()
  const { memory } = support
  if ('missing' in memory)
    throw new IsolateError('internal', `Control groups are not available: ${memory.missing}`)
  return { path: memory.place.base, support }
}

const each = (support: (controller: Controller) => ControllerSupport): CgroupSupport => ({
  memory: support('memory'),
  pids: support('pids'),
  cpuacct: support('cpuacct'),
  cpu: support('cpu'),
  cpuset: support('cpuset'),
})

function supportV2(base: string): CgroupSupport {
  const offered = new Set(readFileSync(`${base}/cgroup.controllers`, 'utf8').split(/\s+/))
  return each(controller =>
    controller === 'cpuacct' || offered.has(controller)
      ? { place: { version: 2, base } }
      : { missing: `${base} does not offer it` },
  )
}

const supportV1 = (root: string, parent: string | undefined): CgroupSupport =>
  each(controller => {
    const base = [root, controller, ...(parent === undefined ? [] : [parent])].join('/')
    return isDirectory(base) ? { place: { version: 1, base } } : { missing: `${base} does not exist` }
  })

export interface BoxGroup {
  readonly cgroup: Cgroup
  readonly limits: CgroupLimits
}

/** The group of a box for a run with this memory limit. Makes nothing. */
export function boxGroup(
  { support }: GroupRoot,
  id: number,
  cpus: BoxCpus | undefined,
  memoryKiB?: number,
): BoxGroup {
  const limits: CgroupLimits = {
    oomKillsOne: true,
    ...(cpus?.cpus === undefined ? {} : { cpuset: cpus.cpus }),
    ...(cpus?.mems === undefined ? {} : { memoryNodes: cpus.mems }),
    ...(memoryKiB === undefined ? {} : { memoryBytes: Math.max(memoryKiB, LEAST_MEMORY_KIB) * 1024 }),
  }
  const cgroup = Cgroup.plan(limits, support, { name: `box-${id}`, counted: COUNTED })
  if ('missing' in cgroup)
    throw new IsolateError('internal', `Failed to create control group box-${id}: ${cgroup.missing}`)
  return { cgroup, limits }
}
