/**
 * New tasks: fork(2), vfork(2), clone(2), threads. A new process copies what a thread shares; what
 * the flags name is shared instead.
 */
import {
  CLONE_CHILD_CLEARTID,
  CLONE_CHILD_SETTID,
  CLONE_CLEAR_SIGHAND,
  CLONE_FILES,
  CLONE_FS,
  CLONE_PARENT,
  CLONE_PARENT_SETTID,
  CLONE_PIDFD,
  CLONE_SETTLS,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VFORK,
  CLONE_VM,
  O_CLOEXEC,
  O_RDWR,
  RLIMIT_NOFILE,
  RLIMIT_NPROC,
} from '../../linux/constants.ts'
import { EAGAIN, EFAULT, ENOMEM } from '../../linux/errno-numbers.ts'
import type { AddressSpace } from '../mm/address-space.ts'
import type { GuestThread } from '../platform/platform.ts'
import { REGISTER } from '../platform/registers.ts'
import { BLOCKED } from '../wait/blocking.ts'
import type { Wait } from '../wait/blocking.ts'
import { PidFile } from './files/pid-file.ts'
import { copyLimits } from './limits.ts'
import { inherited } from './timing/scheduling.ts'
import { Process, Task } from './state.ts'

export interface CloneRequest {
  /** CLONE_*, without the signal in the low byte. */
  readonly flags: number
  readonly exitSignal: number
  /** The stack pointer of the child; 0: the parent's. */
  readonly stack: number
  readonly parentTid: number
  readonly childTid: number
  readonly tls: number
  /** Where to store a descriptor for the child: CLONE_PIDFD. */
  readonly pidfd: number
}

const has = (flags: number, flag: number): boolean => Math.floor(flags / flag) % 2 === 1

/** The id of the new task, BLOCKED for the parent of a vfork, or a negative errno. */
export function cloneTask(task: Task, request: CloneRequest): number {
  const { world } = task
  const { flags } = request
  if (isOverLimit(task)) return -EAGAIN
  const tid = world.newId()
  if (tid < 0) return -EAGAIN
  const space = has(flags, CLONE_VM) ? task.addressSpace : task.addressSpace.fork(isAlone(task, flags))
  if (space === undefined) return -ENOMEM
  if (space === task.addressSpace) space.hold()
  const thread = makeThread(task, space)
  if (thread === undefined) {
    space.drop()
    return -EAGAIN
  }
  const process = has(flags, CLONE_THREAD) ? task.process : copyProcess(task, tid, request)
  const child = new Task(process, tid, thread, space, {
    files: has(flags, CLONE_FILES) ? task.files : task.files.copy(process.limits[RLIMIT_NOFILE]),
    fs: has(flags, CLONE_FS) ? task.fs : { ...task.fs },
    credentials: task.credentials,
    comm: task.comm,
  })
  const error = storeIds(task, child, request)
  if (error !== 0) {
    abandon(task, child)
    return error
  }
  world.add(child)
  space.limits = process.limits
  if (space === task.addressSpace && !has(flags, CLONE_VFORK)) space.concurrent = true
  inherit(task, child, request)
  world.observer?.created(task, child, flags, request.exitSignal)
  world.makeReady(child)
  if (has(flags, CLONE_VFORK)) return task.block(vforkWait(process))
  if (space !== task.addressSpace && isAlone(task, flags)) parkFor(task, process)
  return tid
}

/** Whether the parent may be parked while its child begins: then its pages are protected later. */
function isAlone(task: Task, flags: number): boolean {
  return task.addressSpace.users === 1 && task.process.tasks.size === 1 && !has(flags, CLONE_VFORK)
}

function isOverLimit(task: Task): boolean {
  const { world, credentials, process } = task
  const all = world.tasks.size + world.zombies
  if (all >= world.limits.processes) {
    world.refusedTasks++
    return true
  }
  const limit = process.limits[RLIMIT_NPROC]?.soft ?? Infinity
  if (credentials.privileged || limit > all) return false
  let count = 0
  for (const other of world.tasks.values()) if (other.credentials.uid === credentials.uid) count++
  for (const ended of world.processes.values()) if (ended.ended && ended.lastUid === credentials.uid) count++
  return count >= limit
}

/** A host thread with the registers of the parent, which returns 0; undefined if there is none. */
function makeThread(task: Task, space: AddressSpace): GuestThread | undefined {
  try {
    return task.world.platform.createThread(space.space)
  } catch {
    return undefined
  }
}

function copyProcess(task: Task, pid: number, request: CloneRequest): Process {
  const { flags } = request
  const old = task.process
  const parent = has(flags, CLONE_PARENT) ? old.parent : old
  const process = new Process(task.world, pid, parent, copyLimits(old.limits))
  process.group = old.group
  process.session = old.session
  process.actions = has(flags, CLONE_SIGHAND) ? old.actions : old.actions.copy()
  if (has(flags, CLONE_CLEAR_SIGHAND)) process.actions.dropHandlers()
  process.exitSignal = has(flags, CLONE_PARENT) ? old.exitSignal : request.exitSignal
  process.executable = old.executable
  process.dumpable = old.dumpable
  process.nice = old.nice
  process.personality = old.personality
  process.chosen = { ...old.chosen }
  process.lending.borrows = has(flags, CLONE_VFORK)
  return process
}

/** Everything that can fail after the child was made. */
function storeIds(task: Task, child: Task, { flags, parentTid, pidfd }: CloneRequest): number {
  if (has(flags, CLONE_PARENT_SETTID) && task.memory.writeInt32(parentTid, child.tid) !== 0) return -EFAULT
  if (!has(flags, CLONE_PIDFD)) return 0
  const fd = task.files.add(new PidFile(child.process, O_RDWR | O_CLOEXEC), true)
  if (fd < 0) return fd
  if (task.memory.writeInt32(pidfd, fd) === 0) return 0
  task.files.close(fd)
  return -EFAULT
}

function abandon(task: Task, child: Task): void {
  if (child.files !== task.files) child.files.closeAll()
  if (child.process !== task.process) child.process.parent?.children.delete(child.process)
  child.thread.release()
  child.addressSpace.drop()
}

function inherit(task: Task, child: Task, { flags, stack, tls, childTid }: CloneRequest): void {
  const registers = child.thread.registers()
  registers.copy(task.thread.registers())
  registers.set(REGISTER.rax, 0)
  registers.set(REGISTER.orig_rax, -1)
  if (stack !== 0) registers.set(REGISTER.rsp, stack)
  if (has(flags, CLONE_SETTLS)) registers.set(REGISTER.fs_base, tls)
  child.thread.changed()
  child.thread.setExtended(task.thread.extended())
  child.mask.copy(task.savedMask ?? task.mask)
  child.timerSlackNs = task.timerSlackNs
  child.scheduling = inherited(task.scheduling)
  if (!has(flags, CLONE_VM) || has(flags, CLONE_VFORK)) child.alternateStack = task.alternateStack
  if (has(flags, CLONE_CHILD_CLEARTID)) child.clearTid = childTid
  // The child's memory; the parent has not stopped running if this fails.
  if (has(flags, CLONE_CHILD_SETTID)) child.memory.writeInt32(childTid, child.tid)
}

/** The parent does not run while its child begins: see Lending. */
function parkFor(task: Task, child: Process): void {
  const { world } = task
  task.parked = true
  child.lending.park(world.timers, world.clock.monotonic(), () => {
    task.parked = false
    world.makeReady(task)
  })
}

/** The parent of a vfork waits until the child has memory of its own, or has ended. */
function vforkWait(child: Process): Wait {
  return {
    interruption: 'kill-only',
    queues: [child.lending.queue],
    retry: () => (child.lending.borrows ? BLOCKED : child.pid),
  }
}
