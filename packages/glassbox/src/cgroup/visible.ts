/**
 * What a program may see of the cgroup hierarchies: the directories below /sys/fs/cgroup in which
 * language runtimes look for their limits. Pure.
 *
 * On v2 that is one file system. On v1 the hierarchy of `memory` shows the limit. The JVM reads it
 * only if `cpu`, `cpuacct` and `cpuset` are mounted too. The program has no group of its own in
 * some of them. Those are mounted and covered by an empty directory, because they would show the
 * groups of the whole host; the JVM takes an empty one for one without limits.
 */
import type { Cgroup } from './group.ts'
import { cgroupMounts, v1Mount } from './hierarchy.ts'
import type { HostView } from './types.ts'

export interface VisibleHierarchy {
  readonly version: 1 | 2
  /** Of v1, as in the name of its directory. */
  readonly controllers: readonly string[]
  /** The options by which mount(2) finds this hierarchy and no other. */
  readonly options: string
  /** Whether the program sees its own group; otherwise an empty directory. */
  readonly own: boolean
}

/** What the JVM wants to find mounted on v1. */
const WANTED = ['memory', 'cpu', 'cpuacct', 'cpuset'] as const

/**
 * The controllers whose files runtimes read. A hierarchy of `cpuacct` alone is covered too: that
 * it is mounted suffices, and each group that is mounted costs a pool two calls for each program.
 */
const READ = ['memory', 'cpu'] as const

const CONTROLLERS: readonly string[] = [
  ...['memory', 'cpu', 'cpuacct', 'cpuset', 'pids', 'blkio', 'devices', 'freezer', 'hugetlb', 'rdma'],
  ...['net_cls', 'net_prio', 'perf_event', 'misc'],
]

/**
 * Options of v1 that belong to the hierarchy. A mount without them would do the same, and the
 * kernel would write a warning to its log each time.
 */
const FLAGS: readonly string[] = ['noprefix', 'xattr', 'cpuset_v2_mode', 'favordynmods']

/**
 * Whether init may have a cgroup namespace of its own. On v2 the kernel would then let it put no
 * process into groups outside that namespace (`nsdelegate`, cgroups(7)).
 */
export const mayEnterNamespace = ({ parts }: Cgroup): boolean => parts.every(({ version }) => version === 1)

/** The hierarchies that programs in this group see, each once. */
export function visibleHierarchies(cgroup: Cgroup, { mountinfo }: HostView): readonly VisibleHierarchy[] {
  if (cgroup.version('memory') === 2) return [{ version: 2, controllers: [], options: '', own: true }]
  const mounts = cgroupMounts(mountinfo)
  const joined = new Set<string>(cgroup.parts.flatMap(({ controllers }) => controllers))
  const found = WANTED.flatMap(controller => v1Mount(mounts, controller) ?? [])
  return [...new Set(found)].map(({ options }) => {
    const controllers = options.filter(option => CONTROLLERS.includes(option))
    const flags = options.filter(option => FLAGS.includes(option))
    return {
      version: 1,
      controllers,
      options: [...controllers, ...flags].join(),
      own: READ.some(name => controllers.includes(name)) && controllers.some(name => joined.has(name)),
    }
  })
}
