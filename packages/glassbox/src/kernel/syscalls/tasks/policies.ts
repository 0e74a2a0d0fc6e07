/**
 * Policies of scheduling. Each thread has the one that it was given, so that programs find what
 * they have set; how guests are scheduled is the host's part. Real-time policies need a right that
 * no process has here. sched(7).
 */
import {
  RLIMIT_NICE,
  SCHED_BATCH,
  SCHED_DEADLINE,
  SCHED_FIFO,
  SCHED_FLAG_DL_OVERRUN,
  SCHED_FLAG_KEEP_PARAMS,
  SCHED_FLAG_KEEP_POLICY,
  SCHED_FLAG_RECLAIM,
  SCHED_FLAG_RESET_ON_FORK,
  SCHED_IDLE,
  SCHED_OTHER,
  SCHED_RR,
} from '../../../linux/constants.ts'
import { E2BIG, EFAULT, EINVAL, EPERM, ESRCH } from '../../../linux/errno-numbers.ts'
import { ORDINARILY } from '../../task/timing/scheduling.ts'
import type { Task } from '../../task/state.ts'
import { family } from './family.ts'

export const isKnown = (task: Task, pid: number): boolean =>
  pid === 0 || task.world.tasks.has(pid) || task.world.processes.has(pid)

/** Ordinary policies have the one priority 0. */
const ORDINARY: readonly number[] = [SCHED_OTHER, SCHED_BATCH, SCHED_IDLE]
const REALTIME: readonly number[] = [SCHED_FIFO, SCHED_RR]
const RESET_ON_FORK = 0x4000_0000
const MOST_PRIORITY = 99

/** Whether RLIMIT_NICE permits that much, where it takes less to get there. */
function mayNice({ credentials, process }: Task, nice: number): boolean {
  return credentials.privileged || 20 - nice <= (process.limits[RLIMIT_NICE]?.soft ?? 0)
}

/** The thread; undefined: a process that has ended, which keeps nothing. */
const threadOf = (task: Task, pid: number): Task | undefined => (pid === 0 ? task : task.world.tasks.get(pid))

function choose(task: Task, pid: number, policy: number, priority: number, resets: boolean): number {
  if (priority < 0 || priority > MOST_PRIORITY) return -EINVAL
  if (REALTIME.includes(policy)) return priority === 0 ? -EINVAL : -EPERM
  if (!ORDINARY.includes(policy) || priority !== 0) return -EINVAL
  const thread = threadOf(task, pid)
  if (thread === undefined) return 0
  const { scheduling } = thread
  if (scheduling.resetsOnFork && !resets && !task.credentials.privileged) return -EPERM
  const leavesIdle = scheduling.policy === SCHED_IDLE && policy !== SCHED_IDLE
  if (leavesIdle && !mayNice(task, thread.process.nice)) return -EPERM
  thread.scheduling = { policy, resetsOnFork: resets }
  return 0
}

function setscheduler(task: Task, pid: number, policy: number, address: number): number {
  if (policy < 0 || pid < 0 || address === 0) return -EINVAL
  const priority = task.memory.readInt32(address)
  if (Number.isNaN(priority)) return -EFAULT
  if (!isKnown(task, pid)) return -ESRCH
  return choose(task, pid, policy & ~RESET_ON_FORK, priority, (policy & RESET_ON_FORK) !== 0)
}

function setparam(task: Task, pid: number, address: number): number {
  if (pid < 0 || address === 0) return -EINVAL
  const priority = task.memory.readInt32(address)
  if (Number.isNaN(priority)) return -EFAULT
  if (!isKnown(task, pid)) return -ESRCH
  return priority === 0 ? 0 : -EINVAL
}

function getparam(task: Task, pid: number, address: number): number {
  if (pid < 0 || address === 0) return -EINVAL
  return isKnown(task, pid) ? task.memory.writeInt32(address, 0) : -ESRCH
}

function getscheduler(task: Task, pid: number): number {
  if (pid < 0) return -EINVAL
  if (!isKnown(task, pid)) return -ESRCH
  const { policy, resetsOnFork } = threadOf(task, pid)?.scheduling ?? ORDINARILY
  return policy | (resetsOnFork ? RESET_ON_FORK : 0)
}

const highest = (_task: Task, policy: number): number =>
  REALTIME.includes(policy) ? MOST_PRIORITY : isWithoutPriority(policy) ? 0 : -EINVAL
const lowest = (_task: Task, policy: number): number =>
  REALTIME.includes(policy) ? 1 : isWithoutPriority(policy) ? 0 : -EINVAL
const isWithoutPriority = (policy: number): boolean => ORDINARY.includes(policy) || policy === SCHED_DEADLINE

/** struct sched_attr as it was first; later kernels have added to its end. */
const LEAST_SIZE = 48
const MOST_SIZE = 4096
/** What sched_setattr(2) says that it knows. */
const KNOWN_SIZE = 56
const FLAGS =
  SCHED_FLAG_RESET_ON_FORK |
  SCHED_FLAG_RECLAIM |
  SCHED_FLAG_DL_OVERRUN |
  SCHED_FLAG_KEEP_POLICY |
  SCHED_FLAG_KEEP_PARAMS
const attributes = new Uint8Array(MOST_SIZE)
const view = new DataView(attributes.buffer)

function getattr(task: Task, pid: number, address: number, size: number, flags: number): number {
  if (address === 0 || pid < 0 || flags !== 0 || size < LEAST_SIZE || size > MOST_SIZE) return -EINVAL
  if (!isKnown(task, pid)) return -ESRCH
  const thread = threadOf(task, pid)
  const { policy, resetsOnFork } = thread?.scheduling ?? ORDINARILY
  attributes.fill(0, 0, LEAST_SIZE)
  view.setUint32(0, LEAST_SIZE, true)
  view.setUint32(4, policy, true)
  view.setUint32(8, resetsOnFork ? SCHED_FLAG_RESET_ON_FORK : 0, true)
  view.setInt32(16, (thread ?? task).process.nice, true)
  return task.memory.write(address, attributes, 0, LEAST_SIZE)
}

/** Reads struct sched_attr; 0 or a negative errno. */
function readAttributes(task: Task, address: number): number {
  const given = task.memory.readInt32(address)
  if (Number.isNaN(given)) return -EFAULT
  const size = given === 0 ? LEAST_SIZE : given >>> 0
  if (size >= LEAST_SIZE && size <= MOST_SIZE) {
    attributes.fill(0, 0, KNOWN_SIZE)
    if (task.memory.read(address, attributes, 0, size) !== 0) return -EFAULT
    if (attributes.subarray(Math.min(size, KNOWN_SIZE), size).every(byte => byte === 0)) return 0
  }
  task.memory.writeInt32(address, KNOWN_SIZE)
  return -E2BIG
}

function setattr(task: Task, pid: number, address: number, flags: number): number {
  if (address === 0 || pid < 0 || flags !== 0) return -EINVAL
  const error = readAttributes(task, address)
  if (error !== 0) return error
  const asked = view.getUint32(8, true)
  if (view.getInt32(4, true) < 0) return -EINVAL
  if (!isKnown(task, pid)) return -ESRCH
  if ((asked & ~FLAGS) !== 0) return -EINVAL
  const thread = threadOf(task, pid)
  const keeps = (asked & SCHED_FLAG_KEEP_POLICY) !== 0
  const policy = keeps ? (thread?.scheduling ?? ORDINARILY).policy : view.getUint32(4, true)
  // A deadline needs a time to run.
  if (policy === SCHED_DEADLINE) return view.getBigUint64(24, true) === 0n ? -EINVAL : -EPERM
  const nice = Math.min(Math.max(view.getInt32(16, true), -20), 19)
  const isOrdinary = policy === SCHED_OTHER || policy === SCHED_BATCH
  const setsNice = isOrdinary && (asked & SCHED_FLAG_KEEP_PARAMS) === 0
  if (setsNice && thread && nice < thread.process.nice && !mayNice(task, nice)) return -EPERM
  const chosen = choose(task, pid, policy, view.getUint32(20, true), (asked & SCHED_FLAG_RESET_ON_FORK) !== 0)
  if (chosen === 0 && setsNice && thread) thread.process.nice = nice
  return chosen
}

export const POLICIES: ReturnType<typeof family> = family({
  sched_setscheduler: { handler: setscheduler, partly: 'no real-time policies (EPERM)' },
  sched_getscheduler: getscheduler,
  sched_setparam: setparam,
  sched_getparam: getparam,
  sched_get_priority_max: highest,
  sched_get_priority_min: lowest,
  sched_getattr: getattr,
  sched_setattr: { handler: setattr, partly: 'no real-time policies and no deadlines (EPERM)' },
})
