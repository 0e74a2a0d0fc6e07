/** New tasks: fork, vfork, clone, clone3; and unshare, setns, which there is little of. */
import {
  CLONE_CLEAR_SIGHAND,
  CLONE_FILES,
  CLONE_FS,
  CLONE_INTO_CGROUP,
  CLONE_NEWCGROUP,
  CLONE_NEWIPC,
  CLONE_NEWNET,
  CLONE_NEWNS,
  CLONE_NEWPID,
  CLONE_NEWTIME,
  CLONE_NEWUSER,
  CLONE_NEWUTS,
  CLONE_PARENT_SETTID,
  CLONE_PIDFD,
  CLONE_SIGHAND,
  CLONE_THREAD,
  CLONE_VFORK,
  CLONE_VM,
} from '../../../linux/constants.ts'
import { E2BIG, EFAULT, EINVAL, EPERM } from '../../../linux/errno-numbers.ts'
import { cloneTask } from '../../task/clone.ts'
import type { CloneRequest } from '../../task/clone.ts'
import { LAST_SIGNAL, SIGNAL } from '../../task/signals/numbers.ts'
import type { Task } from '../../task/state.ts'
import { family } from './family.ts'

const NAMESPACES =
  CLONE_NEWNS |
  CLONE_NEWCGROUP |
  CLONE_NEWUTS |
  CLONE_NEWIPC |
  CLONE_NEWUSER |
  CLONE_NEWPID |
  CLONE_NEWNET |
  CLONE_NEWTIME
/** The low byte of clone's flags is the signal at the end, so a flag there is only clone3's. */
const NAMESPACES_OF_CLONE = NAMESPACES & ~0xff
const SIGNAL_BITS = 0xff

const PLAIN: CloneRequest = {
  flags: 0,
  exitSignal: SIGNAL.SIGCHLD,
  stack: 0,
  parentTid: 0,
  childTid: 0,
  tls: 0,
  pidfd: 0,
}

const fork = (task: Task): number => cloneTask(task, PLAIN)
const vfork = (task: Task): number => cloneTask(task, { ...PLAIN, flags: CLONE_VM | CLONE_VFORK })

/** −EINVAL for flags that cannot go together, −EPERM for namespaces, else 0. */
function check(flags: number, namespaces: number): number {
  if (flags & CLONE_THREAD && !(flags & CLONE_SIGHAND)) return -EINVAL
  if (flags & CLONE_SIGHAND && !(flags & CLONE_VM)) return -EINVAL
  if (flags & CLONE_FS && flags & CLONE_NEWNS) return -EINVAL
  return flags & namespaces ? -EPERM : 0
}

function clone(
  task: Task,
  bits: number,
  stack: number,
  parentTid: number,
  childTid: number,
  tls: number,
): number {
  const flags = (bits >>> 0) - (bits & SIGNAL_BITS)
  const exitSignal = bits & SIGNAL_BITS
  const error = check(flags, NAMESPACES_OF_CLONE)
  if (error !== 0) return error
  if (exitSignal > LAST_SIGNAL) return -EINVAL
  // The place for a pidfd is the one for the thread id of the child.
  if (flags & CLONE_PIDFD && flags & (CLONE_PARENT_SETTID | CLONE_THREAD)) return -EINVAL
  const pidfd = flags & CLONE_PIDFD ? parentTid : 0
  return cloneTask(task, { flags, exitSignal, stack, parentTid, childTid, tls, pidfd })
}

/** struct clone_args in its three sizes. */
const SIZES = { first: 64, largest: 88 } as const
const argBytes = new Uint8Array(SIZES.largest)
const argView = new DataView(argBytes.buffer)
const word = (index: number): number =>
  argView.getUint32(8 * index, true) + argView.getUint32(8 * index + 4, true) * 2 ** 32

function clone3(task: Task, address: number, size: number): number {
  if (size < SIZES.first) return -EINVAL
  if (size > PAGE_SIZE) return -E2BIG
  argBytes.fill(0)
  const known = Math.min(size, SIZES.largest)
  if (task.memory.read(address, argBytes, 0, known) !== 0) return -EFAULT
  const flags = word(0)
  const [pidfd, childTid, parentTid, exitSignal] = [word(1), word(2), word(3), word(4)]
  const [stack, stackSize, tls, setTid] = [word(5), word(6), word(7), word(9)]
  if (flags & SIGNAL_BITS & ~CLONE_NEWTIME || flags >= 2 * CLONE_INTO_CGROUP) return -EINVAL
  if (exitSignal > LAST_SIGNAL || (flags & CLONE_THREAD && exitSignal !== 0)) return -EINVAL
  if ((stack === 0) !== (stackSize === 0)) return -EINVAL
  const error = check(flags, NAMESPACES)
  if (error !== 0) return error
  if (flags >= CLONE_INTO_CGROUP || setTid !== 0) return -EPERM
  if (flags >= CLONE_CLEAR_SIGHAND && flags & CLONE_SIGHAND) return -EINVAL
  const request = { flags, exitSignal, stack: stack + stackSize, parentTid, childTid, tls, pidfd }
  return cloneTask(task, request)
}

const PAGE_SIZE = 4096
/** What a thread may stop sharing here. The rest would need threads that share less. */
const UNSHARABLE = CLONE_FILES | CLONE_FS | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM
const SYSVSEM = 0x4_0000

function unshare(task: Task, flags: number): number {
  if (flags & ~(NAMESPACES | UNSHARABLE | SYSVSEM)) return -EINVAL
  if (flags & NAMESPACES) return -EPERM
  const isAlone = task.process.tasks.size === 1
  if (flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM) && !isAlone) return -EINVAL
  if (flags & CLONE_FS) task.fs = { ...task.fs }
  if (flags & CLONE_FILES) task.unshareFiles()
  return 0
}

export const CLONE: ReturnType<typeof family> = family({
  fork,
  vfork,
  clone: { handler: clone, partly: 'no new namespaces (EPERM)' },
  clone3: { handler: clone3, partly: 'no new namespaces, chosen ids or cgroups (EPERM)' },
  unshare: { handler: unshare, partly: 'files and working directory; no namespaces (EPERM)' },
  setns: { handler: () => -EPERM, partly: 'there is one namespace of each kind' },
})
