/** Scheduling, as far as programs look at it: there is one CPU, and one policy. */
import {
  PRIO_PGRP,
  PRIO_PROCESS,
  PRIO_USER,
  SCHED_BATCH,
  SCHED_FIFO,
  SCHED_IDLE,
  SCHED_OTHER,
  SCHED_RR,
} from '../../../linux/constants.ts'
import { EACCES, EFAULT, EINVAL, EPERM, ESRCH } from '../../../linux/errno-numbers.ts'
import type { Process, Task } from '../../task/state.ts'
import { family } from './family.ts'
import { writeTimespec } from './structs.ts'

const isKnown = (task: Task, pid: number): boolean =>
  pid === 0 || task.world.tasks.has(pid) || task.world.processes.has(pid)

const CPUS = 1

function getaffinity(task: Task, pid: number, size: number, address: number): number {
  if (size * 8 < CPUS || size % 8 !== 0) return -EINVAL
  if (!isKnown(task, pid)) return -ESRCH
  return task.memory.writeInt64(address, 1) === 0 ? 8 : -EFAULT
}

function setaffinity(task: Task, pid: number, size: number, address: number): number {
  if (!isKnown(task, pid)) return -ESRCH
  const mask = size === 0 ? 0 : size < 4 ? 1 : task.memory.readInt32(address)
  if (Number.isNaN(mask)) return -EFAULT
  return mask & 1 ? 0 : -EINVAL
}

/**
 * Ordinary policies have the one priority 0; real-time ones need a right that no process has here.
 */
const ORDINARY: readonly number[] = [SCHED_OTHER, SCHED_BATCH, SCHED_IDLE]
const REALTIME: readonly number[] = [SCHED_FIFO, SCHED_RR]
const RESET_ON_FORK = 0x4000_0000

function setscheduler(task: Task, pid: number, policy: number, address: number): number {
  if (pid < 0 || address === 0) return -EINVAL
  const priority = task.memory.readInt32(address)
  if (Number.isNaN(priority)) return -EFAULT
  if (!isKnown(task, pid)) return -ESRCH
  const wanted = policy & ~RESET_ON_FORK
  if (REALTIME.includes(wanted)) return priority < 1 || priority > 99 ? -EINVAL : -EPERM
  return ORDINARY.includes(wanted) && priority === 0 ? 0 : -EINVAL
}

function setparam(task: Task, pid: number, address: number): number {
  return setscheduler(task, pid, SCHED_OTHER, address)
}

function getparam(task: Task, pid: number, address: number): number {
  if (pid < 0 || address === 0) return -EINVAL
  return isKnown(task, pid) ? task.memory.writeInt32(address, 0) : -ESRCH
}

function getscheduler(task: Task, pid: number): number {
  if (pid < 0) return -EINVAL
  return isKnown(task, pid) ? SCHED_OTHER : -ESRCH
}

const highest = (_task: Task, policy: number): number =>
  REALTIME.includes(policy) ? 99 : ORDINARY.includes(policy) ? 0 : -EINVAL
const lowest = (_task: Task, policy: number): number =>
  REALTIME.includes(policy) ? 1 : ORDINARY.includes(policy) ? 0 : -EINVAL

const SLICE_NS = 4_000_000

function rrInterval(task: Task, pid: number, address: number): number {
  if (pid < 0) return -EINVAL
  return isKnown(task, pid) ? writeTimespec(task.memory, address, SLICE_NS) : -ESRCH
}

const ATTRIBUTES_SIZE = 48
const attributes = new Uint8Array(ATTRIBUTES_SIZE)
const attributesView = new DataView(attributes.buffer)

function getattr(task: Task, pid: number, address: number, size: number, flags: number): number {
  if (address === 0 || pid < 0 || flags !== 0 || size < ATTRIBUTES_SIZE) return -EINVAL
  if (!isKnown(task, pid)) return -ESRCH
  attributes.fill(0)
  attributesView.setUint32(0, ATTRIBUTES_SIZE, true)
  attributesView.setInt32(16, task.process.nice, true)
  return task.memory.write(address, attributes, 0, ATTRIBUTES_SIZE)
}

function targets(task: Task, which: number, who: number): Process[] | number {
  const all = [...task.world.processes.values()].filter(process => process.tasks.size > 0)
  switch (which) {
    case PRIO_PROCESS: {
      const found =
        who === 0 ? task.process : (task.world.tasks.get(who)?.process ?? task.world.processes.get(who))
      return found === undefined ? [] : [found]
    }
    case PRIO_PGRP:
      return all.filter(process => process.group === (who === 0 ? task.process.group : who))
    case PRIO_USER:
      return all.filter(
        process => process.leader?.credentials.uid === (who === 0 ? task.credentials.uid : who),
      )
    default:
      return -EINVAL
  }
}

/** The call answers 20 − nice, so that errors can be told from it. */
const ZERO = 20

function getpriority(task: Task, which: number, who: number): number {
  const found = targets(task, which, who)
  if (typeof found === 'number') return found
  return found.length === 0 ? -ESRCH : ZERO - Math.min(...found.map(process => process.nice))
}

function setpriority(task: Task, which: number, who: number, value: number): number {
  const found = targets(task, which, who)
  if (typeof found === 'number') return found
  const nice = Math.min(Math.max(value, -20), 19)
  let result = -ESRCH
  for (const process of found) {
    const isAllowed = nice >= process.nice || task.credentials.privileged
    if (isAllowed) process.nice = nice
    if (isAllowed && result === -ESRCH) result = 0
    else if (!isAllowed) result = -EACCES
  }
  return result
}

const NO_EFFECT = 'it is kept, but guests are scheduled by the host'

export const SCHEDULER: ReturnType<typeof family> = family({
  sched_yield: () => 0,
  sched_getaffinity: getaffinity,
  sched_setaffinity: { handler: setaffinity, partly: 'guests see one CPU' },
  sched_setscheduler: { handler: setscheduler, partly: 'no real-time policies (EPERM)' },
  sched_getscheduler: getscheduler,
  sched_setparam: setparam,
  sched_getparam: getparam,
  sched_get_priority_max: highest,
  sched_get_priority_min: lowest,
  sched_rr_get_interval: rrInterval,
  sched_getattr: getattr,
  sched_setattr: { handler: () => -EPERM, partly: 'it is refused' },
  getpriority,
  setpriority: { handler: setpriority, partly: NO_EFFECT },
  ioprio_get: { handler: () => 0, partly: NO_EFFECT },
  ioprio_set: { handler: () => 0, partly: NO_EFFECT },
})
