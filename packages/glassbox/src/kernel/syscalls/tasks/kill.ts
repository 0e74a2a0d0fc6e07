/** Sending signals, and descriptors of processes. */
import { CAP_KILL, O_CLOEXEC, O_NONBLOCK, O_RDWR } from '../../../linux/constants.ts'
import { EAGAIN, EBADF, EFAULT, EINVAL, EPERM, ESRCH } from '../../../linux/errno-numbers.ts'
import { ProcessDirectory } from '../../fs/proc/process.ts'
import { hasCapability } from '../../task/credentials.ts'
import { PidFile } from '../../task/files/pid-file.ts'
import type { SignalInfo } from '../../task/signals/info.ts'
import { LAST_SIGNAL, SIGNAL } from '../../task/signals/numbers.ts'
import { sendToProcess, sendToTask } from '../../task/signals/send.ts'
import { Process, type Task } from '../../task/state.ts'
import { family } from './family.ts'

const SI_USER = 0
const SI_TKILL = -6

const isSignal = (signal: number): boolean => signal >= 0 && signal <= LAST_SIGNAL

function senderInfo(task: Task, signal: number, code: number): SignalInfo {
  const details = { kind: 'sender', pid: task.process.pid, uid: task.credentials.uid } as const
  return { signal, code, details }
}

/** The user's own processes, and SIGCONT within a session. */
function maySend(task: Task, process: Process, signal: number): boolean {
  if (process === task.process || hasCapability(task.credentials, CAP_KILL)) return true
  if (signal === SIGNAL.SIGCONT && process.session === task.process.session) return true
  // Init has no task, and is root's; so has a process that has ended: it is its last user's.
  const last = { uid: process.lastUid, suid: process.lastUid }
  const target = process.leader?.credentials ?? last
  const { uid, euid } = task.credentials
  return [target.uid, target.suid].some(id => id === uid || id === euid)
}

function kill(task: Task, pid: number, signal: number): number {
  if (!isSignal(signal)) return -EINVAL
  if (pid > 0) {
    const process = task.world.processes.get(pid) ?? task.world.tasks.get(pid)?.process
    return process === undefined ? -ESRCH : sendOne(task, process, senderInfo(task, signal, SI_USER))
  }
  const group = pid === 0 ? task.process.group : -pid
  const targets = [...task.world.processes.values()].filter(process =>
    pid === -1 ? process !== task.process && process.tasks.size > 0 : process.group === group,
  )
  return sendAll(task, targets, senderInfo(task, signal, SI_USER))
}

function sendOne(task: Task, process: Process, info: SignalInfo): number {
  if (!maySend(task, process, info.signal)) return -EPERM
  if (info.signal === 0) return 0
  return sendToProcess(process, info) ? 0 : -EAGAIN
}

/** It is enough if one of them may be sent to. */
function sendAll(task: Task, targets: readonly Process[], info: SignalInfo): number {
  let error = -ESRCH
  for (const process of targets) {
    const result = sendOne(task, process, info)
    if (result === 0 || error === -ESRCH) error = result
  }
  return error
}

/** `tgid` is −1 if any process will do: tkill. */
function sendThread(task: Task, tgid: number, tid: number, info: SignalInfo): number {
  const target = task.world.tasks.get(tid)
  if (target === undefined || (tgid !== -1 && target.process.pid !== tgid)) return -ESRCH
  if (!maySend(task, target.process, info.signal)) return -EPERM
  if (info.signal === 0) return 0
  return sendToTask(target, info) ? 0 : -EAGAIN
}

function tgkill(task: Task, tgid: number, tid: number, signal: number): number {
  if (tgid <= 0 || tid <= 0 || !isSignal(signal)) return -EINVAL
  return sendThread(task, tgid, tid, senderInfo(task, signal, SI_TKILL))
}

function tkill(task: Task, tid: number, signal: number): number {
  if (tid <= 0 || !isSignal(signal)) return -EINVAL
  return sendThread(task, -1, tid, senderInfo(task, signal, SI_TKILL))
}

/** As much of siginfo_t as any kind has: the fields, and the value. */
const INFO_READ = 48
const CODE = 8

/** siginfo_t of the caller. Codes that only the kernel and kill use are refused, but of itself. */
function readInfo(task: Task, address: number, signal: number, isSelf: boolean): SignalInfo | number {
  const bytes = new Uint8Array(INFO_READ)
  if (task.memory.read(address, bytes, 0, INFO_READ) !== 0) return -EFAULT
  const code = new DataView(bytes.buffer).getInt32(CODE, true)
  if ((code >= 0 || code === SI_TKILL) && !isSelf) return -EPERM
  return { signal, code, details: { kind: 'raw', bytes } }
}

function sigqueueinfo(task: Task, pid: number, signal: number, address: number): number {
  const info = readInfo(task, address, signal, pid === task.process.pid)
  if (typeof info === 'number') return info
  if (!isSignal(signal)) return -EINVAL
  const process = task.world.processes.get(pid)
  return process === undefined ? -ESRCH : sendOne(task, process, info)
}

function tgsigqueueinfo(task: Task, tgid: number, tid: number, signal: number, address: number): number {
  if (tgid <= 0 || tid <= 0) return -EINVAL
  const info = readInfo(task, address, signal, tgid === task.process.pid)
  if (typeof info === 'number') return info
  return isSignal(signal) ? sendThread(task, tgid, tid, info) : -EINVAL
}

function pidfdOpen(task: Task, pid: number, flags: number): number {
  if (flags & ~O_NONBLOCK || pid <= 0) return -EINVAL
  const process = task.world.processes.get(pid)
  if (process === undefined) return task.world.tasks.has(pid) ? -EINVAL : -ESRCH
  return task.files.add(new PidFile(process, O_RDWR | O_CLOEXEC | flags), true)
}

/** The process of a pidfd, or of a directory /proc/PID. */
function namedProcess(task: Task, fd: number): Process | undefined {
  const file = task.files.get(fd)
  if (file instanceof PidFile) return file.process
  const directory = file?.inode
  return directory instanceof ProcessDirectory && directory.process instanceof Process
    ? directory.process
    : undefined
}

function pidfdSendSignal(task: Task, fd: number, signal: number, address: number, flags: number): number {
  if (flags !== 0) return -EINVAL
  const process = namedProcess(task, fd)
  if (process === undefined) return -EBADF
  if (!isSignal(signal)) return -EINVAL
  const isSelf = process === task.process
  const info = address === 0 ? senderInfo(task, signal, SI_USER) : readInfo(task, address, signal, isSelf)
  if (typeof info === 'number') return info
  return process.ended ? -ESRCH : sendOne(task, process, info)
}

function pidfdGetfd(task: Task, fd: number, target: number, flags: number): number {
  if (flags !== 0) return -EINVAL
  const file = task.files.get(fd)
  if (!(file instanceof PidFile)) return -EBADF
  const owner = file.process.leader
  if (owner === undefined) return -ESRCH
  if (!maySend(task, file.process, SIGNAL.SIGKILL)) return -EPERM
  const found = owner.files.get(target)
  if (found === undefined) return -EBADF
  found.references++
  const added = task.files.add(found, true)
  if (added < 0) found.references--
  return added
}

export const KILL: ReturnType<typeof family> = family({
  kill,
  tkill,
  tgkill,
  rt_sigqueueinfo: sigqueueinfo,
  rt_tgsigqueueinfo: tgsigqueueinfo,
  pidfd_open: pidfdOpen,
  pidfd_send_signal: pidfdSendSignal,
  pidfd_getfd: pidfdGetfd,
})
