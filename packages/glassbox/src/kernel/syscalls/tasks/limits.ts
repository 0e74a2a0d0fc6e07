/** Resource limits and what was used: getrlimit, prlimit64, getrusage, times. */
import {
  RLIMIT_CPU,
  RLIMIT_NOFILE,
  RUSAGE_CHILDREN,
  RUSAGE_SELF,
  RUSAGE_THREAD,
} from '../../../linux/constants.ts'
import { EFAULT, EINVAL, EPERM, ESRCH } from '../../../linux/errno-numbers.ts'
import type { UserMemory } from '../../mm/user-memory.ts'
import { LIMITS } from '../../task/limits.ts'
import type { Process, Task } from '../../task/state.ts'
import { watchCpuLimit } from '../../task/timing/cpu-limit.ts'
import type { ResourceLimit } from '../../task/types.ts'
import { addUsage } from '../../task/usage.ts'
import type { Usage } from '../../task/usage.ts'
import { family } from './family.ts'
import { writeTimeval } from './structs.ts'

/** The most that RLIMIT_NOFILE may be: fs.nr_open. */
const MOST_FILES = 1_048_576
/** RLIM_INFINITY is all bits; as a signed number −1. */
const INFINITE = -1

const limitOf = (value: number): number => (value < 0 ? Infinity : value)
const wordOf = (limit: number): number => (limit === Infinity ? INFINITE : limit)

function writeLimit(memory: UserMemory, address: number, limit: ResourceLimit): number {
  const error = memory.writeInt64(address, wordOf(limit.soft))
  return error === 0 ? memory.writeInt64(address + 8, wordOf(limit.hard)) : error
}

function getrlimit(task: Task, resource: number, address: number): number {
  const limit = task.process.limits[resource]
  return limit === undefined ? -EINVAL : writeLimit(task.memory, address, limit)
}

function setrlimit(task: Task, resource: number, address: number): number {
  return prlimit(task, 0, resource, address, 0)
}

function prlimit(task: Task, pid: number, resource: number, newLimit: number, oldLimit: number): number {
  const process = pid === 0 ? task.process : task.world.processes.get(pid)
  if (resource < 0 || resource >= LIMITS) return -EINVAL
  if (process === undefined) return -ESRCH
  if (!mayTouch(task, process)) return -EPERM
  const limit = process.limits[resource] as ResourceLimit
  const before = { soft: limit.soft, hard: limit.hard }
  if (newLimit !== 0) {
    const error = change(task, process, resource, newLimit)
    if (error !== 0) return error
  }
  return oldLimit === 0 ? 0 : writeLimit(task.memory, oldLimit, before)
}

function change(task: Task, process: Process, resource: number, address: number): number {
  const limit = process.limits[resource] as ResourceLimit
  const soft = task.memory.readInt64(address)
  const hard = task.memory.readInt64(address + 8)
  if (Number.isNaN(soft) || Number.isNaN(hard)) return -EFAULT
  if (limitOf(soft) > limitOf(hard)) return -EINVAL
  if (resource === RLIMIT_NOFILE && limitOf(hard) > MOST_FILES) return -EPERM
  if (limitOf(hard) > limit.hard && !task.credentials.privileged) return -EPERM
  limit.soft = limitOf(soft)
  limit.hard = limitOf(hard)
  if (resource === RLIMIT_CPU) watchCpuLimit(process)
  return 0
}

function mayTouch(task: Task, process: Process): boolean {
  if (process === task.process || task.credentials.privileged) return true
  const { uid, gid } = task.credentials
  const other = process.leader?.credentials
  if (other === undefined) return false
  const uids = [other.uid, other.euid, other.suid]
  const gids = [other.gid, other.egid, other.sgid]
  return uids.every(id => id === uid) && gids.every(id => id === gid)
}

const USAGE_SIZE = 144
const empty = new Uint8Array(USAGE_SIZE)
const OFFSETS = { system: 16, maxResident: 32, minorFaults: 64, majorFaults: 72 }

/**
 * struct rusage. All CPU time of guests counts as the user's: the kernel's own is its keeper's.
 */
export function writeUsage(memory: UserMemory, address: number, usage: Usage): number {
  return (
    memory.write(address, empty, 0, USAGE_SIZE) ||
    writeTimeval(memory, address, usage.cpuNs) ||
    writeTimeval(memory, address + OFFSETS.system, 0) ||
    memory.writeInt64(address + OFFSETS.maxResident, usage.maxResident) ||
    memory.writeInt64(address + OFFSETS.minorFaults, usage.minorFaults) ||
    memory.writeInt64(address + OFFSETS.majorFaults, usage.majorFaults)
  )
}

function usageOf(task: Task, who: number): Usage | undefined {
  const own = task.process.usage()
  switch (who) {
    case RUSAGE_SELF:
      return own
    case RUSAGE_CHILDREN:
      return task.process.childUsage
    case RUSAGE_THREAD:
      return { ...own, cpuNs: task.cpuNs() }
    default:
      return undefined
  }
}

function getrusage(task: Task, who: number, address: number): number {
  const usage = usageOf(task, who | 0)
  return usage === undefined ? -EINVAL : writeUsage(task.memory, address, usage)
}

const TICK_NS = 10_000_000

function times(task: Task, address: number): number {
  const { memory, process, world } = task
  const ticks = Math.floor(world.clock.monotonic() / TICK_NS)
  if (address === 0) return ticks
  const values = [process.cpuNs(), 0, process.childUsage.cpuNs, 0]
  for (const [index, ns] of values.entries())
    if (memory.writeInt64(address + 8 * index, Math.floor(ns / TICK_NS)) !== 0) return -EFAULT
  return ticks
}

export const LIMIT_CALLS: ReturnType<typeof family> = family({
  getrlimit,
  setrlimit,
  prlimit64: prlimit,
  getrusage,
  times,
})

/** What wait4 gives of a child that was reaped: its own usage and that of its children. */
export const wholeUsage = (process: Process): Usage => addUsage(process.usage(), process.childUsage)
