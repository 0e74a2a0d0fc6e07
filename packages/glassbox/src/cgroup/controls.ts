/**
 * What differs between v1 and v2, as one table: which files limit, and how each figure is read. Sources: the kernel's
 * admin-guide/cgroup-v1 (memory, pids, cpuacct, cpusets) and admin-guide/cgroup-v2.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Controller } from './hierarchy.ts'
import { keyedNumber, readControl, readOptional, writeControl } from './files.ts'

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

/** The files of one version of the interface. `directory` is that of the controller's group. */
export interface Controls {
  readonly limit: Readonly<Record<Controller, (directory: string, limits: CgroupLimits) => void>>
  readonly cpuTime: (directory: string) => CpuTime
  readonly peakMemory: (directory: string) => number | undefined
  readonly oomKills: (directory: string) => number
  readonly peakProcesses: (directory: string) => number | undefined
  readonly refusedProcesses: (directory: string) => number
  /** The file whose text init reads while the program runs. */
  readonly cpuTimeFile: string
}

const PERIOD_US = 100_000
const quota = (cpus: number): number => Math.max(1000, Math.round(cpus * PERIOD_US))
const orMax = (value: number): number | string => (value === Infinity ? 'max' : value)
const finite = (value: number | undefined): value is number => value !== undefined && value !== Infinity

function writeWhereThere(path: string, value: string | number): void {
  if (existsSync(path)) writeControl(path, value)
}

/** User and system time are sampled by tick on some kernels; the total is exact, so they are scaled to it. */
function splitTotal(totalNs: number, user: number, system: number): CpuTime {
  const sum = user + system
  const userNs = sum > 0 ? Math.round((totalNs * user) / sum) : totalNs
  return { totalNs, userNs, systemNs: totalNs - userNs }
}

export const V1: Controls = {
  limit: {
    memory: (directory, { memoryBytes }) => {
      if (memoryBytes === undefined) return
      const value = finite(memoryBytes) ? memoryBytes : -1
      const limit = (): void => writeControl(join(directory, 'memory.limit_in_bytes'), value)
      // Not there where the kernel does not account swap: then swap has no limit of ours.
      const withSwap = (): void => writeWhereThere(join(directory, 'memory.memsw.limit_in_bytes'), value)
      // The limit with swap is never the lower one of the two: what comes first depends on which way they go.
      const before = Number(readControl(join(directory, 'memory.limit_in_bytes')))
      for (const write of memoryBytes <= before ? [limit, withSwap] : [withSwap, limit]) write()
    },
    pids: (directory, { processes }) => {
      if (processes !== undefined) writeControl(join(directory, 'pids.max'), orMax(processes))
    },
    cpuacct: () => {},
    cpu: (directory, { cpus }) => {
      if (!finite(cpus)) return
      writeControl(join(directory, 'cpu.cfs_period_us'), PERIOD_US)
      writeControl(join(directory, 'cpu.cfs_quota_us'), quota(cpus))
    },
    cpuset: (directory, { cpuset }) => {
      // A new v1 cpuset is empty and takes no process until it has both.
      const parent = (name: string): string => readControl(join(directory, '..', name)).trim()
      writeControl(join(directory, 'cpuset.mems'), parent('cpuset.mems'))
      writeControl(join(directory, 'cpuset.cpus'), cpuset ?? parent('cpuset.cpus'))
    },
  },
  cpuTime: directory =>
    splitTotal(
      Number(readControl(join(directory, 'cpuacct.usage'))),
      Number(readOptional(join(directory, 'cpuacct.usage_user')) ?? 1),
      Number(readOptional(join(directory, 'cpuacct.usage_sys')) ?? 0),
    ),
  // memsw counts swapped pages too; the plain counter would forget them.
  peakMemory: directory =>
    Number(
      readOptional(join(directory, 'memory.memsw.max_usage_in_bytes')) ??
        readControl(join(directory, 'memory.max_usage_in_bytes')),
    ),
  oomKills: directory => keyedNumber(readControl(join(directory, 'memory.oom_control')), 'oom_kill') ?? 0,
  peakProcesses: directory => optionalNumber(join(directory, 'pids.peak')),
  refusedProcesses: directory => keyedNumber(readOptional(join(directory, 'pids.events')) ?? '', 'max') ?? 0,
  cpuTimeFile: 'cpuacct.usage',
}

export const V2: Controls = {
  limit: {
    memory: (directory, { memoryBytes }) => {
      if (memoryBytes === undefined) return
      writeControl(join(directory, 'memory.max'), orMax(memoryBytes))
      writeWhereThere(join(directory, 'memory.swap.max'), 0)
      // Out of memory ends the whole tree, not the process that happens to be the largest.
      writeWhereThere(join(directory, 'memory.oom.group'), 1)
    },
    pids: (directory, { processes }) => {
      if (processes !== undefined) writeControl(join(directory, 'pids.max'), orMax(processes))
    },
    cpuacct: () => {},
    cpu: (directory, { cpus }) => {
      if (finite(cpus)) writeControl(join(directory, 'cpu.max'), `${quota(cpus)} ${PERIOD_US}`)
    },
    cpuset: (directory, { cpuset }) => {
      if (cpuset !== undefined) writeControl(join(directory, 'cpuset.cpus'), cpuset)
    },
  },
  cpuTime: directory => {
    const stat = readControl(join(directory, 'cpu.stat'))
    const us = (key: string): number => (keyedNumber(stat, key) ?? 0) * 1000
    return splitTotal(us('usage_usec'), us('user_usec'), us('system_usec'))
  },
  // Since Linux 5.19.
  peakMemory: directory => optionalNumber(join(directory, 'memory.peak')),
  oomKills: directory => keyedNumber(readControl(join(directory, 'memory.events')), 'oom_kill') ?? 0,
  // Since Linux 6.1.
  peakProcesses: directory => optionalNumber(join(directory, 'pids.peak')),
  refusedProcesses: directory => keyedNumber(readControl(join(directory, 'pids.events')), 'max') ?? 0,
  cpuTimeFile: 'cpu.stat',
}

function optionalNumber(path: string): number | undefined {
  const text = readOptional(path)
  return text === undefined ? undefined : Number(text)
}
