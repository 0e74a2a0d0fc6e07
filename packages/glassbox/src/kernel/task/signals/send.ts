/**
 * Sending signals: to a process, to one thread, and by the kernel itself to a thread that did
 * something wrong. A signal is put among the pending ones; delivery happens when a thread is about
 * to run guest code.
 */
import { CLD_CONTINUED, CLD_STOPPED, SA_NOCLDSTOP, SI_KERNEL } from '../../../linux/constants.ts'
import type { Process, Task } from '../state.ts'
import { accountOf, mostSignals } from './accounts.ts'
import type { SignalInfo } from './info.ts'
import { defaultAction, isUnstoppable, SIG_DFL, SIG_IGN, SIGNAL } from './numbers.ts'

const STOPS: readonly number[] = [SIGNAL.SIGSTOP, SIGNAL.SIGTSTP, SIGNAL.SIGTTIN, SIGNAL.SIGTTOU]

/** To the process: any thread that does not block it takes it. False if the queue is full. */
export function sendToProcess(process: Process, info: SignalInfo): boolean {
  if (process.ended || process.tasks.size === 0) return true
  beforeSending(process, info.signal)
  const taker = takerOf(process, info.signal)
  // A signal that all threads block stays pending even if it is ignored: a program may look at it.
  if (taker !== undefined && isDropped(process, info.signal)) return true
  if (!process.pending.add(info, accountOf(process), mostSignals(process))) return false
  process.signalQueue.wake()
  process.world.signalQueue.wake()
  if (info.signal === SIGNAL.SIGKILL) for (const task of process.tasks) wakeForKill(task)
  else taker?.noticeSignal()
  return true
}

/** To one thread. False if the queue is full. */
export function sendToTask(task: Task, info: SignalInfo): boolean {
  if (task.dead) return true
  beforeSending(task.process, info.signal)
  const blocked = isBlocked(task, info.signal)
  if (!blocked && isDropped(task.process, info.signal)) return true
  if (!task.pending.add(info, accountOf(task.process), mostSignals(task.process))) return false
  task.process.signalQueue.wake()
  task.world.signalQueue.wake()
  if (info.signal === SIGNAL.SIGKILL) for (const other of task.process.tasks) wakeForKill(other)
  else if (!blocked) task.noticeSignal()
  return true
}

/**
 * A signal that the thread cannot escape: of a fault. If it is blocked or ignored, the default
 * action is taken, which ends the process.
 */
export function forceSignal(task: Task, info: SignalInfo): void {
  const action = task.process.actions.get(info.signal)
  if (task.mask.has(info.signal) || action.handler === SIG_IGN) {
    task.process.actions.reset(info.signal)
    task.mask.delete(info.signal)
  }
  task.pending.add(info, accountOf(task.process), mostSignals(task.process))
  task.noticeSignal()
}

/** The SIGSEGV of a signal frame that cannot be written or read. */
export function forceFault(task: Task): void {
  forceSignal(task, { signal: SIGNAL.SIGSEGV, code: SI_KERNEL, details: { kind: 'sender', pid: 0, uid: 0 } })
}

/** What the kernel itself says to a process: an alarm, the end of a terminal. */
export function kernelSignal(process: Process, signal: number): void {
  sendToProcess(process, { signal, code: SI_KERNEL, details: { kind: 'sender', pid: 0, uid: 0 } })
}

/** To all processes of a group. How many got it. */
export function signalGroup(process: Process, group: number, info: SignalInfo): number {
  let count = 0
  for (const member of process.world.processes.values()) {
    if (member.group !== group || member.ended) continue
    sendToProcess(member, info)
    count++
  }
  return count
}

/** Tells the parent that the child has stopped or goes on. */
export function tellParentOfStop(process: Process, code: number, status: number): void {
  const parent = process.parent
  if (parent === undefined || parent.tasks.size === 0) return
  const action = parent.actions.get(SIGNAL.SIGCHLD)
  if (action.handler !== SIG_IGN && (action.flags & SA_NOCLDSTOP) === 0)
    sendToProcess(parent, childInfo(process, code, status))
  parent.childQueue.wake()
}

const TICKS = 100

export function childInfo(process: Process, code: number, status: number): SignalInfo {
  const uid = process.leader?.credentials.uid ?? process.lastUid
  const userTime = Math.floor((process.cpuNs() * TICKS) / 1e9)
  const details = { kind: 'child', pid: process.pid, uid, status, userTime, systemTime: 0 } as const
  return { signal: SIGNAL.SIGCHLD, code, details }
}

/** Stops all threads: the default action of SIGSTOP and those of terminals. */
export function stopProcess(process: Process, signal: number): void {
  if (process.stopSignal !== 0) return
  process.stopSignal = signal
  process.unreported = 'stop'
  process.world.observer?.stopped(process, signal)
  for (const task of process.tasks) if (task.running) task.thread.interrupt()
  tellParentOfStop(process, CLD_STOPPED, signal)
}

function continueProcess(process: Process): void {
  if (process.stopSignal === 0) return
  process.stopSignal = 0
  process.unreported = 'continue'
  for (const task of process.tasks) process.world.makeReady(task)
  tellParentOfStop(process, CLD_CONTINUED, SIGNAL.SIGCONT)
}

/** SIGCONT and stop signals cancel each other, and SIGCONT acts when it is sent. */
function beforeSending(process: Process, signal: number): void {
  if (signal === SIGNAL.SIGCONT) {
    for (const stop of STOPS) discard(process, stop)
    continueProcess(process)
  } else if (STOPS.includes(signal)) discard(process, SIGNAL.SIGCONT)
}

export function discard(process: Process, signal: number): void {
  process.pending.discard(signal)
  for (const task of process.tasks) task.pending.discard(signal)
}

/** A thread that does not block the signal: the first one, if it may. */
function takerOf(process: Process, signal: number): Task | undefined {
  const leader = process.leader
  if (leader !== undefined && !isBlocked(leader, signal)) return leader
  for (const task of process.tasks) if (!isBlocked(task, signal)) return task
  return undefined
}

const isBlocked = (task: Task, signal: number): boolean => !isUnstoppable(signal) && task.mask.has(signal)

/** A signal that is ignored is not even queued, unless a trace is to see it: as with ptrace(2). */
const isDropped = (process: Process, signal: number): boolean =>
  process.world.observer === undefined && isIgnored(process, signal)

export function isIgnored(process: Process, signal: number): boolean {
  if (isUnstoppable(signal)) return false
  const handler = process.actions.get(signal).handler
  if (handler === SIG_IGN) return true
  if (handler !== SIG_DFL) return false
  const action = defaultAction(signal)
  return action === 'ignore' || action === 'continue'
}

function wakeForKill(task: Task): void {
  if (task.running) task.thread.interrupt()
  else task.world.makeReady(task)
}
