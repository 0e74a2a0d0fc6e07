/** Waiting for children: wait4 and waitid, in all their forms. */
import {
  CLD_CONTINUED,
  CLD_STOPPED,
  P_ALL,
  P_PGID,
  P_PID,
  P_PIDFD,
  WCONTINUED,
  WEXITED,
  WNOHANG,
  WNOWAIT,
  WSTOPPED,
  WUNTRACED,
  __WALL,
  __WCLONE,
  __WNOTHREAD,
} from '../../../linux/constants.ts'
import { EAGAIN, EBADF, ECHILD, EFAULT, EINVAL, ESRCH } from '../../../linux/errno-numbers.ts'
import { O_NONBLOCK } from '../../../linux/constants.ts'
import { endInfo, reap } from '../../task/exit.ts'
import { PidFile } from '../../task/files/pid-file.ts'
import { encodeInfo, SIGINFO_SIZE } from '../../task/signals/info.ts'
import type { SignalInfo } from '../../task/signals/info.ts'
import { SIGNAL } from '../../task/signals/numbers.ts'
import { childInfo } from '../../task/signals/send.ts'
import type { Process, Task } from '../../task/state.ts'
import { BLOCKED } from '../../wait/blocking.ts'
import type { Wait } from '../../wait/blocking.ts'
import { family } from './family.ts'
import { wholeUsage, writeUsage } from './limits.ts'

/** Which children, and which of their changes. */
interface Question {
  matches(child: Process): boolean
  readonly options: number
  /** Stores what was found. Its result is the result of the call. */
  store(change: Change): number
  /** The result of WNOHANG without a change. */
  readonly nothing: () => number
}

interface Change {
  readonly child: Process
  readonly info: SignalInfo
  /** As wait4 stores it. */
  readonly status: number
  /** Makes the change known: it is not reported again. */
  take(): void
}

const STOPPED = 0x7f
const CONTINUED = 0xffff

/** What a child has to report; undefined if there is nothing. */
function changeOf(child: Process, options: number): Change | undefined {
  if (child.ended) {
    if (!(options & WEXITED)) return undefined
    return { child, info: endInfo(child), status: child.status ?? 0, take: () => reap(child) }
  }
  const take = (): void => {
    child.unreported = 'none'
  }
  if (child.unreported === 'stop' && options & WUNTRACED) {
    const signal = child.stopSignal
    return { child, info: childInfo(child, CLD_STOPPED, signal), status: (signal << 8) | STOPPED, take }
  }
  if (child.unreported === 'continue' && options & WCONTINUED) {
    return { child, info: childInfo(child, CLD_CONTINUED, SIGNAL.SIGCONT), status: CONTINUED, take }
  }
  return undefined
}

/** Children that signal their end in another way than SIGCHLD are waited for by __WCLONE. */
function isWanted(child: Process, options: number): boolean {
  if (options & __WALL) return true
  return (child.exitSignal !== SIGNAL.SIGCHLD) === ((options & __WCLONE) !== 0)
}

/** The result if there is one now; BLOCKED if a child may still bring it. */
function look(task: Task, question: Question): number {
  let isAny = false
  for (const child of task.process.children) {
    if (!isWanted(child, question.options) || !question.matches(child)) continue
    isAny = true
    const change = changeOf(child, question.options)
    if (change === undefined) continue
    const result = question.store(change)
    if (!(question.options & WNOWAIT) && result >= 0) change.take()
    return result
  }
  if (!isAny) return -ECHILD
  return question.options & WNOHANG ? question.nothing() : BLOCKED
}

function waitFor(task: Task, question: Question): number {
  const result = look(task, question)
  if (result !== BLOCKED) return result
  const wait: Wait = {
    interruption: 'restart',
    queues: [task.process.childQueue],
    retry: () => look(task, question),
  }
  return task.block(wait)
}

const WAIT4_OPTIONS = WNOHANG | WUNTRACED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL

function wait4(task: Task, pid: number, status: number, options: number, usage: number): number {
  if (options & ~WAIT4_OPTIONS) return -EINVAL
  if (pid === LOWEST_PID) return -ESRCH
  const ownGroup = task.process.group
  return waitFor(task, {
    options: options | WEXITED,
    matches: child => {
      if (pid > 0) return child.pid === pid
      return pid === -1 || child.group === (pid === 0 ? ownGroup : -pid)
    },
    nothing: () => 0,
    store(change) {
      if (usage !== 0 && writeUsage(task.memory, usage, wholeUsage(change.child)) !== 0) return -EFAULT
      if (status !== 0 && task.memory.writeInt32(status, change.status) !== 0) return -EFAULT
      return change.child.pid
    },
  })
}

const LOWEST_PID = -2_147_483_648
const WAITID_OPTIONS = WNOHANG | WNOWAIT | WEXITED | WSTOPPED | WCONTINUED | __WNOTHREAD | __WCLONE | __WALL

const infoBytes = new Uint8Array(SIGINFO_SIZE)
const infoView = new DataView(infoBytes.buffer)
/** waitid writes only the fields that it knows. */
const WRITTEN = 28

function waitid(task: Task, type: number, id: number, info: number, options: number, usage: number): number {
  if (options & ~WAITID_OPTIONS || !(options & (WEXITED | WSTOPPED | WCONTINUED))) return -EINVAL
  const matches = matcher(task, type, id)
  if (typeof matches === 'number') return matches
  const isNonblocking = type === P_PIDFD && ((task.files.get(id)?.flags ?? 0) & O_NONBLOCK) !== 0
  return waitFor(task, {
    options: isNonblocking ? options | WNOHANG : options,
    matches,
    nothing: () => {
      if (isNonblocking && !(options & WNOHANG)) return -EAGAIN
      return info === 0 ? 0 : task.memory.write(info, infoBytes.fill(0), 0, WRITTEN)
    },
    store(change) {
      encodeInfo(change.info, infoView, 0)
      if (info !== 0 && task.memory.write(info, infoBytes, 0, WRITTEN) !== 0) return -EFAULT
      if (usage !== 0 && writeUsage(task.memory, usage, wholeUsage(change.child)) !== 0) return -EFAULT
      return 0
    },
  })
}

function matcher(task: Task, type: number, id: number): ((child: Process) => boolean) | number {
  switch (type) {
    case P_ALL:
      return () => true
    case P_PID:
      return id <= 0 ? -EINVAL : child => child.pid === id
    case P_PGID:
      return id < 0 ? -EINVAL : child => child.group === (id === 0 ? task.process.group : id)
    case P_PIDFD: {
      const file = task.files.get(id)
      if (file === undefined) return -EBADF
      return file instanceof PidFile ? child => child === file.process : -EBADF
    }
    default:
      return -EINVAL
  }
}

export const WAIT: ReturnType<typeof family> = family({ wait4, waitid })
