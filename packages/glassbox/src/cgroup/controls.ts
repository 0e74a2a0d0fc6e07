/**
 * What differs between v1 and v2, as one table: which files limit, and how each figure is read.
 * Sources: the kernel's admin-guide/cgroup-v1 (memory, pids, cpuacct, cpusets) and
 * admin-guide/cgroup-v2. No I/O: whoever reads or writes the files, here or in a box's init, asks
 * this table which.
 */
import type { Controller } from './hierarchy.ts'
import { type GroupFiles, keyedNumber, type Write } from './files.ts'

export interface CgroupLimits {
  /** Memory and swap together, bytes. */
  readonly memoryBytes?: number
  readonly processes?: number
  /** CPU bandwidth: how many processors' worth of time, such as 0.5. */
  readonly cpus?: number
  /** Processors that may be used, in the kernel's list notation: `0-1,3`. */
  readonly cpuset?: string
}

export interface CpuTime {
  readonly totalNs: number
  readonly userNs: number
  readonly systemNs: number
}

/** The files of one version of the interface. */
export interface Controls {
  /**
   * What is to be written, in this order. `files` are those of the group, `parent` those of the
   * group above.
   */
  readonly limit: Readonly<
    Record<Controller, (limits: CgroupLimits, files: GroupFiles, parent: GroupFiles) => readonly Write[]>
  >
  /** The files that figures are read from; some are not there on every kernel. */
  readonly figures: Readonly<Record<'cpuacct' | 'memory' | 'pids', readonly string[]>>
  readonly cpuTime: (files: GroupFiles) => CpuTime
  readonly peakMemory: (files: GroupFiles) => number | undefined
  readonly oomKills: (files: GroupFiles) => number
  readonly peakProcesses: (files: GroupFiles) => number | undefined
  readonly refusedProcesses: (files: GroupFiles) => number
  /** The file whose text init reads while the program runs. */
  readonly cpuTimeFile: string
  /**
   * The file that a process joins by, and whose lock says that the group is owned. A thread that
   * writes `0` to v1's `tasks` moves itself alone, so the kernel need not hold every thread group
   * still: the first write to `cgroup.procs` after a pause waits for an RCU grace period for that
   * (Linux 5.5, cgroup_procs_write_start). In v2 a thread may not leave its process.
   */
  readonly joinFile: string
}

const PERIOD_US = 100_000
const quota = (cpus: number): number => Math.max(1000, Math.round(cpus * PERIOD_US))
const finite = (value: number | undefined): value is number => value !== undefined && value !== Infinity

/** A file of v1 pids or of v2: what is not limited is not written, and Infinity lifts a limit. */
const numeric = (file: string, value: number | undefined): readonly Write[] =>
  value === undefined ? [] : [{ file, value: value === Infinity ? 'max' : String(value) }]

/**
 * User and system time are sampled by tick on some kernels; the total is exact, so they are scaled
 * to it.
 */
function splitTotal(totalNs: number, user: number, system: number): CpuTime {
  const sum = user + system
  const userNs = sum > 0 ? Math.round((totalNs * user) / sum) : totalNs
  return { totalNs, userNs, systemNs: totalNs - userNs }
}

const optionalNumber = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text)

export const V1: Controls = {
  limit: {
    memory: ({ memoryBytes }, files) => {
      if (memoryBytes === undefined) return []
      const value = finite(memoryBytes) ? String(memoryBytes) : '-1'
      const limit: Write = { file: 'memory.limit_in_bytes', value }
      // Not there where the kernel does not account swap: then swap has no limit of ours.
      const withSwap: Write = { file: 'memory.memsw.limit_in_bytes', value, optional: true }
      // Buffers of internet sockets, UDP too whatever the name says, have a counter of their own
      // and no limit before one is written.
      const sockets: Write = { file: 'memory.kmem.tcp.limit_in_bytes', value, optional: true }
      // The limit with swap is never the lower one of the two: what comes first depends on which
      // way they go.
      const before = Number(files.optional(limit.file) ?? Infinity)
      return [...(memoryBytes <= before ? [limit, withSwap] : [withSwap, limit]), sockets]
    },
    pids: ({ processes }) => numeric('pids.max', processes),
    cpuacct: () => [],
    cpu: ({ cpus }) =>
      finite(cpus)
        ? [
            { file: 'cpu.cfs_period_us', value: String(PERIOD_US) },
            { file: 'cpu.cfs_quota_us', value: String(quota(cpus)) },
          ]
        : [],
    // A new v1 cpuset is empty and takes no process until it has both.
    cpuset: ({ cpuset }, _files, parent) => [
      { file: 'cpuset.mems', value: parent.text('cpuset.mems').trim() },
      { file: 'cpuset.cpus', value: cpuset ?? parent.text('cpuset.cpus').trim() },
    ],
  },
  figures: {
    cpuacct: ['cpuacct.usage', 'cpuacct.usage_user', 'cpuacct.usage_sys'],
    memory: ['memory.memsw.max_usage_in_bytes', 'memory.max_usage_in_bytes', 'memory.oom_control'],
    pids: ['pids.peak', 'pids.events'],
  },
  cpuTime: files =>
    splitTotal(
      Number(files.text('cpuacct.usage')),
      Number(files.optional('cpuacct.usage_user') ?? 1),
      Number(files.optional('cpuacct.usage_sys') ?? 0),
    ),
  // memsw counts swapped pages too; the plain counter would forget them.
  peakMemory: files =>
    Number(files.optional('memory.memsw.max_usage_in_bytes') ?? files.text('memory.max_usage_in_bytes')),
  oomKills: files => keyedNumber(files.text('memory.oom_control'), 'oom_kill') ?? 0,
  peakProcesses: files => optionalNumber(files.optional('pids.peak')),
  refusedProcesses: files => keyedNumber(files.optional('pids.events') ?? '', 'max') ?? 0,
  cpuTimeFile: 'cpuacct.usage',
  joinFile: 'tasks',
}

export const V2: Controls = {
  limit: {
    memory: ({ memoryBytes }) =>
      memoryBytes === undefined
        ? []
        : [
            ...numeric('memory.max', memoryBytes),
            { file: 'memory.swap.max', value: '0', optional: true },
            // Out of memory ends the whole tree, not the process that happens to be the largest.
            { file: 'memory.oom.group', value: '1', optional: true },
          ],
    pids: ({ processes }) => numeric('pids.max', processes),
    cpuacct: () => [],
    cpu: ({ cpus }) => (finite(cpus) ? [{ file: 'cpu.max', value: `${quota(cpus)} ${PERIOD_US}` }] : []),
    cpuset: ({ cpuset }) => (cpuset === undefined ? [] : [{ file: 'cpuset.cpus', value: cpuset }]),
  },
  figures: {
    cpuacct: ['cpu.stat'],
    memory: ['memory.peak', 'memory.events'],
    pids: ['pids.peak', 'pids.events'],
  },
  cpuTime: files => {
    const stat = files.text('cpu.stat')
    const us = (key: string): number => (keyedNumber(stat, key) ?? 0) * 1000
    return splitTotal(us('usage_usec'), us('user_usec'), us('system_usec'))
  },
  // Since Linux 5.19.
  peakMemory: files => optionalNumber(files.optional('memory.peak')),
  oomKills: files => keyedNumber(files.text('memory.events'), 'oom_kill') ?? 0,
  // Since Linux 6.1.
  peakProcesses: files => optionalNumber(files.optional('pids.peak')),
  refusedProcesses: files => keyedNumber(files.text('pids.events'), 'max') ?? 0,
  cpuTimeFile: 'cpu.stat',
  joinFile: 'cgroup.procs',
}
