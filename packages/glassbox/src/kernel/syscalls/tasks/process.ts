/** Who a process is: ids, groups, sessions; and its end. */
import { EACCES, EINVAL, EPERM, ESRCH } from '../../../linux/errno-numbers.ts'
import { exitGroup, exitTask } from '../../task/exit.ts'
import { isGroupOf } from '../../task/groups.ts'
import type { Process, Task } from '../../task/state.ts'
import { NO_RESULT } from '../../wait/blocking.ts'
import { family } from './family.ts'

const exitStatus = (code: number): number => (code & 0xff) << 8

function exit(task: Task, code: number): number {
  exitTask(task, exitStatus(code))
  return NO_RESULT
}

function exitAll(task: Task, code: number): number {
  exitGroup(task.process, exitStatus(code))
  return NO_RESULT
}

/** The process with this id; 0 is the caller's own. */
function processOf(task: Task, pid: number): Process | undefined {
  return pid === 0 ? task.process : (task.world.processes.get(pid) ?? task.world.tasks.get(pid)?.process)
}

function getpgid(task: Task, pid: number): number {
  return processOf(task, pid)?.group ?? -ESRCH
}

function getsid(task: Task, pid: number): number {
  return processOf(task, pid)?.session ?? -ESRCH
}

/** Of itself, or of a child that has not called execve yet. */
function setpgid(task: Task, pid: number, group: number): number {
  if (group < 0) return -EINVAL
  const process = processOf(task, pid)
  const isOwn = process === task.process
  if (process === undefined || (!isOwn && process.parent !== task.process)) return -ESRCH
  if (!isOwn && process.session !== task.process.session) return -EPERM
  if (!isOwn && process.execed) return -EACCES
  if (process.session === process.pid) return -EPERM
  const wanted = group === 0 ? process.pid : group
  if (wanted !== process.pid && !isGroupOf(task.world, wanted, task.process.session)) return -EPERM
  process.group = wanted
  return 0
}

function setsid(task: Task): number {
  const { process, world } = task
  for (const other of world.processes.values()) if (other.group === process.pid) return -EPERM
  process.session = process.pid
  process.group = process.pid
  return process.pid
}

function setTidAddress(task: Task, address: number): number {
  task.clearTid = address
  return task.tid
}

export const PROCESS: ReturnType<typeof family> = family({
  getpid: task => task.process.pid,
  gettid: task => task.tid,
  getppid: task => task.process.parentPid,
  getpgrp: task => task.process.group,
  getpgid,
  setpgid,
  getsid,
  setsid,
  set_tid_address: setTidAddress,
  exit,
  exit_group: exitAll,
})
