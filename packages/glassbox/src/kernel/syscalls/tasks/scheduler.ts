/** Scheduling, as far as programs look at it: there is one CPU. Policies are in policies.ts. */
import { PRIO_PGRP, PRIO_PROCESS, PRIO_USER } from '../../../linux/constants.ts'
import { EACCES, EFAULT, EINVAL, ESRCH } from '../../../linux/errno-numbers.ts'
import type { Process, Task } from '../../task/state.ts'
import { family } from './family.ts'
import { isKnown } from './policies.ts'
import { writeTimespec } from './structs.ts'

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

const SLICE_NS = 4_000_000

function rrInterval(task: Task, pid: number, address: number): number {
  if (pid < 0) return -EINVAL
  return isKnown(task, pid) ? writeTimespec(task.memory, address, SLICE_NS) : -ESRCH
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
  sched_rr_get_interval: rrInterval,
  getpriority,
  setpriority: { handler: setpriority, partly: NO_EFFECT },
  ioprio_get: { handler: () => 0, partly: NO_EFFECT },
  ioprio_set: { handler: () => 0, partly: NO_EFFECT },
})
