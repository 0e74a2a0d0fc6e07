/**
 * The differences between v1 and v2 as one table: which files set limits, and how each counter is
 * read. Sources: the kernel's admin-guide/cgroup-v1 (memory, pids, cpuacct, cpusets) and
 * admin-guide/cgroup-v2. No I/O happens here: the table only names the files that this process or
 * a box's init reads and writes.
 */
import type { Controller } from './hierarchy.ts'
import { type GroupFiles, keyedNumber, type Write } from './files.ts'

export interface CgroupLimits {
  /** Memory and swap together, bytes. */
  readonly memoryBytes?: number
  readonly processes?: number
  /** CPU bandwidth in processors: 0.5 is half of one processor's time. */
  readonly cpus?: number
  /** The processors that may be used, in the kernel's list format: `0-1,3`. */
  readonly cpuset?: string
  /** The memory nodes that may be used, in the same format. Default: those of the parent. */
  readonly memoryNodes?: string
  /** v2: out of memory, the kernel kills the largest process and not all of the group. */
  readonly oomKillsOne?: boolean
}

export interface CpuTime {
  readonly totalNs: number
  readonly userNs: number
  readonly systemNs: number
}

/** The files of one version of the interface. */
export interface Controls {
  /**
   * The writes that set the limits, in this order. `files` are the files of the group, `parent`
   * those of the group above it.
   */
  readonly limit: Readonly<
    Record<Controller, (limits: CgroupLimits, files: GroupFiles, parent: GroupFiles) => readonly Write[]>
  >
  /** The files from which counters are read. Some are missing on some kernels. */
  readonly counters: Readonly<Record<'cpuacct' | 'memory' | 'pids', readonly string[]>>
  readonly cpuTime: (files: GroupFiles) => CpuTime
  readonly peakMemory: (files: GroupFiles) => number | undefined
  readonly oomKills: (files: GroupFiles) => number
  readonly peakProcesses: (files: GroupFiles) => number | undefined
  readonly refusedProcesses: (files: GroupFiles) => number
  /** The file from which init reads the CPU time while the program runs. */
  readonly cpuTimeFile: string
  /** The file that tells page cache and other memory apart; native/page-cache.c reads it. */
  readonly memoryFile: string
  /**
   * The join file: a process joins by writing to it, and init locks it to mark the group as owned.
   * On v1 it is `tasks`: a thread that writes `0` there moves only itself, so the kernel need not
   * hold all thread groups still. For a write to `cgroup.procs` it must, and the first such write
   * after a pause waits for an RCU grace period (Linux 5.5, cgroup_procs_write_start). On v2 a
   * thread cannot leave the group of its process.
   */
  readonly joinFile: string
}

const PERIOD_US = 100_000
const quota = (cpus: number): number => Math.max(1000, Math.round(cpus * PERIOD_US))
const finite = (value: number | undefined): value is number => value !== undefined && value !== Infinity

/**
 * A write to a file of v1 pids or of v2. Without a limit nothing is written; Infinity removes a
 * limit.
 */
const numeric = (file: string, value: number | undefined): readonly Write[] =>
  value === undefined ? [] : [{ file, value: value === Infinity ? 'max' : String(value) }]

/**
 * The total is exact, but some kernels sample user and system time at each tick. So those two are
 * scaled to the total.
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
      // Missing if the kernel does not account swap. Then this group does not limit swap.
      const withSwap: Write = { file: 'memory.memsw.limit_in_bytes', value, optional: true }
      // Buffers of internet sockets have a counter of their own, with no limit until one is
      // written. It covers UDP too, although the name says tcp.
      const sockets: Write = { file: 'memory.kmem.tcp.limit_in_bytes', value, optional: true }
      // The kernel refuses a limit with swap that is lower than the limit without. So the order of
      // the writes depends on whether the limits rise or fall.
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
    // A new v1 cpuset is empty, and accepts no process until both files are written.
    cpuset: ({ cpuset, memoryNodes }, _files, parent) => [
      { file: 'cpuset.mems', value: memoryNodes ?? parent.text('cpuset.mems').trim() },
      { file: 'cpuset.cpus', value: cpuset ?? parent.text('cpuset.cpus').trim() },
    ],
  },
  counters: {
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
  // memsw counts swapped pages too; the other counter does not.
  peakMemory: files =>
    Number(files.optional('memory.memsw.max_usage_in_bytes') ?? files.text('memory.max_usage_in_bytes')),
  oomKills: files => keyedNumber(files.text('memory.oom_control'), 'oom_kill') ?? 0,
  peakProcesses: files => optionalNumber(files.optional('pids.peak')),
  refusedProcesses: files => keyedNumber(files.optional('pids.events') ?? '', 'max') ?? 0,
  cpuTimeFile: 'cpuacct.usage',
  memoryFile: 'memory.stat',
  joinFile: 'tasks',
}

export const V2: Controls = {
  limit: {
    memory: ({ memoryBytes, oomKillsOne = false }) =>
      memoryBytes === undefined
        ? []
        : [
            ...numeric('memory.max', memoryBytes),
            { file: 'memory.swap.max', value: '0', optional: true },
            // When memory runs out, the kernel kills all processes of the group, not only the
            // largest.
            { file: 'memory.oom.group', value: oomKillsOne ? '0' : '1', optional: true },
          ],
    pids: ({ processes }) => numeric('pids.max', processes),
    cpuacct: () => [],
    cpu: ({ cpus }) => (finite(cpus) ? [{ file: 'cpu.max', value: `${quota(cpus)} ${PERIOD_US}` }] : []),
    cpuset: ({ cpuset, memoryNodes }) => [
      ...(cpuset === undefined ? [] : [{ file: 'cpuset.cpus', value: cpuset }]),
      ...(memoryNodes === undefined ? [] : [{ file: 'cpuset.mems', value: memoryNodes }]),
    ],
  },
  counters: {
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
  memoryFile: 'memory.stat',
  joinFile: 'cgroup.procs',
}
