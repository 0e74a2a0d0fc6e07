/**
 * The end of tasks, processes and the world: exit(2), exit_group(2), death by a signal. What a
 * parent learns of it, and who takes the orphans.
 */
import { CLD_EXITED, CLD_KILLED, SA_NOCLDWAIT } from '../../linux/constants.ts'
import { futexKey } from './futex/key.ts'
import { releaseRobustLocks } from './futex/robust.ts'
import { hasStopped, isOrphaned, membersOf } from './groups.ts'
import { SIG_IGN, SIGNAL } from './signals/numbers.ts'
import { childInfo, kernelSignal, sendToProcess } from './signals/send.ts'
import type { Process, Task } from './state.ts'
import { addUsage } from './usage.ts'

/** One thread ends. If it is the last one, so does its process. `status`: a wait status. */
export function exitTask(task: Task, status: number): void {
  const { process } = task
  if (task.dead) return
  if (!process.exiting && task.tid === process.pid) process.leaderStatus = status
  endTask(task, status)
  if (process.tasks.size === 0) endProcess(process, process.leaderStatus)
}

/** All threads of the process end. `status`: a wait status. */
export function exitGroup(process: Process, status: number): void {
  if (process.exiting) return
  process.exiting = true
  for (const task of [...process.tasks]) endTask(task, status)
  endProcess(process, status)
}

/** Takes a thread off the world. Its process stays. `status`: a wait status. */
export function endTask(task: Task, status = 0): void {
  const { process, world } = task
  world.observer?.ending(task, status)
  task.endWait()
  clearTid(task)
  releaseRobustLocks(task)
  tellPosthumously(task)
  process.endedNs += task.cpuNs()
  process.lastUid = task.credentials.uid
  task.dead = true
  process.tasks.delete(task)
  task.pending.clear()
  if (task.running) task.thread.interrupt()
  task.running = false
  world.remove(task)
  task.thread.release()
  task.addressSpace.drop()
}

/**
 * CLONE_CHILD_CLEARTID: pthread_join waits for it. Nobody is left to read it if memory is not
 * shared.
 */
function clearTid(task: Task): void {
  if (task.clearTid === 0 || task.addressSpace.users < 2) return
  task.memory.writeInt32(task.clearTid, 0)
  const key = futexKey(task, task.clearTid, false)
  if (typeof key !== 'number') task.world.futexes.wake(key, 1)
}

/** PR_SET_PDEATHSIG of the children of this thread's process. */
function tellPosthumously(task: Task): void {
  if (task.process.tasks.size > 1) return
  for (const child of task.process.children)
    for (const other of child.tasks)
      if (other.parentDeathSignal !== 0) kernelSignal(child, other.parentDeathSignal)
}

function endProcess(process: Process, status: number): void {
  const { world } = process
  process.exiting = true
  process.status = status
  world.zombies++
  process.stopSignal = 0
  process.lending.end()
  process.unreported = 'none'
  process.timers.cancelAll()
  process.pending.clear()
  world.ipc.processEnded(process)
  const left = lostGroups(process)
  giveChildrenAway(process)
  tellGroups(process, left)
  if (process.session === process.pid) world.onSessionEnd(process.session)
  process.endQueue.wake()
  if (process === world.first) endWorld(process, status)
  else tellParent(process)
}

/** The nearest living ancestor that asked for orphans by PR_SET_CHILD_SUBREAPER, or init. */
function reaperOf(process: Process): Process | undefined {
  for (let at = process.parent; at !== undefined; at = at.parent)
    if (at.subreaper && at.tasks.size > 0) return at
  return process.world.init
}

function giveChildrenAway(process: Process): void {
  if (process.children.size === 0) return
  const reaper = reaperOf(process)
  for (const child of process.children) {
    child.parent = reaper
    child.exitSignal = SIGNAL.SIGCHLD
    reaper?.children.add(child)
    if (child.ended) tellParent(child)
  }
  process.children.clear()
}

/**
 * The groups that lose a link to their session: its own one if its parent is in another, and those
 * of its children. POSIX: a group is orphaned if no member has a parent in another group of the
 * session.
 */
function lostGroups(process: Process): ReadonlySet<number> {
  const { parent, session } = process
  const groups = new Set<number>()
  if (parent && parent.group !== process.group && parent.session === session) groups.add(process.group)
  for (const child of process.children)
    if (child.group !== process.group && child.session === session) groups.add(child.group)
  return groups
}

/** Groups that lose the one who could let them go on are told, if they have stopped members. */
function tellGroups(process: Process, groups: ReadonlySet<number>): void {
  const { world } = process
  for (const group of groups) {
    const member = [...membersOf(world, group)].find(other => !other.ended && other !== process)
    if (member === undefined || !hasStopped(world, group) || !isOrphaned(member, process)) continue
    for (const other of [...membersOf(world, group)]) {
      kernelSignal(other, SIGNAL.SIGHUP)
      kernelSignal(other, SIGNAL.SIGCONT)
    }
  }
}

/** SIGCHLD, and a wait that is over; a parent that wants to know nothing has no zombie. */
function tellParent(process: Process): void {
  const { parent } = process
  if (parent === undefined || parent.tasks.size === 0) {
    reap(process)
    return
  }
  const action = parent.actions.get(SIGNAL.SIGCHLD)
  const ignores =
    process.exitSignal === SIGNAL.SIGCHLD &&
    (action.handler === SIG_IGN || (action.flags & SA_NOCLDWAIT) !== 0)
  if (process.exitSignal !== 0 && !(process.exitSignal === SIGNAL.SIGCHLD && action.handler === SIG_IGN))
    sendToProcess(parent, { ...endInfo(process), signal: process.exitSignal })
  if (ignores) reap(process)
  parent.childQueue.wake()
}

/** siginfo_t of a child that has ended. */
export function endInfo(process: Process): ReturnType<typeof childInfo> {
  const status = process.status ?? 0
  const signal = status & 0x7f
  return signal === 0
    ? childInfo(process, CLD_EXITED, (status >> 8) & 0xff)
    : childInfo(process, CLD_KILLED, signal)
}

/** The zombie is gone; its parent has its usage. */
export function reap(process: Process): void {
  const { parent, world } = process
  if (world.processes.delete(process.pid)) world.zombies--
  if (parent === undefined) return
  parent.children.delete(process)
  const own = { cpuNs: process.endedNs, maxResident: process.maxResident, minorFaults: 0, majorFaults: 0 }
  parent.childUsage = addUsage(parent.childUsage, addUsage(process.childUsage, own))
}

/** The first program has ended: all others are killed. */
function endWorld(process: Process, status: number): void {
  const { world } = process
  world.ended = status
  for (const other of [...world.processes.values()]) if (!other.ended) exitGroup(other, SIGNAL.SIGKILL)
}
