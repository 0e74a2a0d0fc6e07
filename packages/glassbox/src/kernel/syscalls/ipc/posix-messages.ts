/**
 * POSIX message queues: mq_open, mq_unlink, mq_timedsend, mq_timedreceive, mq_notify and
 * mq_getsetattr.
 */
import {
  CAP_SYS_RESOURCE,
  CLOCK_REALTIME,
  O_ACCMODE,
  O_CREAT,
  O_EXCL,
  O_NONBLOCK,
  RLIMIT_MSGQUEUE,
  SI_MESGQ,
  SIGEV_NONE,
  SIGEV_SIGNAL,
  SIGEV_THREAD,
} from '../../../linux/constants.ts'
import {
  EACCES,
  EAGAIN,
  EBADF,
  EBUSY,
  EEXIST,
  EFAULT,
  EINVAL,
  EMSGSIZE,
  ENAMETOOLONG,
  ENOENT,
  ENOMEM,
  EPERM,
  ETIMEDOUT,
} from '../../../linux/errno-numbers.ts'
import { isReadable, isWritable } from '../../fs/open-file.ts'
import { isOwner, permits, READ, WRITE } from '../../fs/permissions.ts'
import { hasCapability } from '../../task/credentials.ts'
import { MessageQueueFile } from '../../task/files/message-queue-file.ts'
import {
  type PosixMessage,
  PosixQueue,
  type Waiting,
  type WaitingSender,
} from '../../task/ipc/posix-queue.ts'
import * as limits from '../../task/ipc/posix-queues.ts'
import { LAST_SIGNAL } from '../../task/signals/numbers.ts'
import { sendToProcess } from '../../task/signals/send.ts'
import type { Task } from '../../task/state.ts'
import { clockSource } from '../../task/timing/clocks.ts'
import { BLOCKED } from '../../wait/blocking.ts'
import { pathBytes, readPath } from '../files/support.ts'
import { family } from '../tasks/family.ts'
import { readTimespec } from '../tasks/structs.ts'
import { answer, question } from './support.ts'

const NAME_MAX = 255
/** O_RDONLY, O_WRONLY, O_RDWR. */
const WANTED = [READ, WRITE, READ | WRITE] as const

/** The name of a queue, without the slash that the library has taken away; or a negative errno. */
function nameAt(task: Task, address: number): string | number {
  const length = readPath(task, address)
  if (length < 0) return length
  if (length === 0) return -ENOENT
  const name = Buffer.from(pathBytes.buffer, 0, length).toString('latin1')
  if (name === '.' || name === '..' || name.includes('/')) return -EACCES
  return length > NAME_MAX ? -ENAMETOOLONG : name
}

function mqOpen(task: Task, address: number, flags: number, mode: number, attributes: number): number {
  const wanted = attributes === 0 ? undefined : question(task, attributes, 'mq_attr')
  if (typeof wanted === 'number') return wanted
  const name = nameAt(task, address)
  if (typeof name === 'number') return name
  const room = task.files.free()
  if (room < 0) return room
  const { posixQueues } = task.world.ipc
  let found = posixQueues.find(name)
  if (found === undefined) {
    if ((flags & O_CREAT) === 0) return -ENOENT
    const made = newQueue(task, wanted && { most: wanted.mq_maxmsg, bytes: wanted.mq_msgsize })
    if (typeof made === 'number') return made
    const { clock } = task.world
    const now = { seconds: clock.realSeconds(), nanoseconds: clock.realNanoseconds() }
    found = new limits.QueueInode(made, mode & ~task.fs.umask, task.credentials, now)
    const failure = posixQueues.make(name, found, task.credentials, limitOf(task))
    if (failure !== 0) return failure
  } else {
    const refusal = mayOpen(task, found, flags)
    if (refusal !== 0) return refusal
  }
  const file = new MessageQueueFile(posixQueues, name, found, flags & (O_ACCMODE | O_NONBLOCK))
  const fd = task.files.add(file, true)
  if (fd < 0) file.closed()
  return fd
}

const limitOf = (task: Task): number => task.process.limits[RLIMIT_MSGQUEUE]?.soft ?? Infinity

function mayOpen(task: Task, inode: limits.QueueInode, flags: number): number {
  if ((flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)) return -EEXIST
  const access = WANTED[flags & O_ACCMODE]
  return access === undefined ? -EINVAL : permits(inode, access, task.credentials)
}

function newQueue(
  task: Task,
  wanted: { readonly most: number | bigint; readonly bytes: number | bigint } | undefined,
): PosixQueue | number {
  if (wanted === undefined) return new PosixQueue(limits.MESSAGES, limits.MESSAGE_BYTES)
  const [most, bytes] = [Number(wanted.most), Number(wanted.bytes)]
  const isPrivileged = hasCapability(task.credentials, CAP_SYS_RESOURCE)
  const isWithin = isPrivileged
    ? most <= limits.HARD_MESSAGES && bytes <= limits.HARD_MESSAGE_BYTES
    : most <= limits.MESSAGES && bytes <= limits.MESSAGE_BYTES
  return most > 0 && bytes > 0 && isWithin ? new PosixQueue(most, bytes) : -EINVAL
}

function mqUnlink(task: Task, address: number): number {
  const name = nameAt(task, address)
  if (typeof name === 'number') return name
  const { posixQueues } = task.world.ipc
  const found = posixQueues.find(name)
  if (found === undefined) return -ENOENT
  // The directory of queues is root's, and sticky.
  if (!isOwner(found, task.credentials)) return -EPERM
  posixQueues.unlink(name, found)
  return 0
}

/** The open queue of a descriptor. */
function queueOf(task: Task, fd: number): MessageQueueFile | undefined {
  const file = task.files.get(fd)
  return file instanceof MessageQueueFile ? file : undefined
}

/** The end of a wait, on the monotonic clock; Infinity: none. −EFAULT, −EINVAL. */
function deadline(task: Task, address: number): number {
  if (address === 0) return Infinity
  const until = readTimespec(task.memory, address)
  if (until < 0) return until
  const now = clockSource(task, CLOCK_REALTIME)?.now() ?? 0
  return task.world.clock.monotonic() + Math.max(0, until - now)
}

interface HowToWait<Result> {
  readonly deadlineNs: number
  /** Makes the answer of the call. */
  readonly finish: (result: Result) => number
  /** The wait has ended, with a result or without. */
  readonly ended: () => void
}

/** Waits in a queue until `one` has a result. */
function waitFor<Result>(
  task: Task,
  queue: PosixQueue,
  one: Waiting<Result>,
  { deadlineNs, finish, ended }: HowToWait<Result>,
): number {
  const retry = (): number => (one.result === undefined ? BLOCKED : finish(one.result))
  return task.block({
    interruption: 'restart',
    queues: [],
    retry,
    ...(deadlineNs === Infinity ? {} : { deadlineNs, timedOut: () => -ETIMEDOUT }),
    // What came at the last moment is not lost to a signal.
    interrupted: () => (one.result === undefined ? undefined : retry()),
    ended: () => {
      queue.leave(one)
      ended()
    },
  })
}

function mqTimedsend(
  task: Task,
  fd: number,
  address: number,
  length: number,
  priority: number,
  timeout: number,
): number {
  const deadlineNs = deadline(task, timeout)
  if (deadlineNs < 0) return deadlineNs
  if (priority >= limits.PRIORITIES) return -EINVAL
  const file = queueOf(task, fd)
  if (file === undefined || !isWritable(file)) return -EBADF
  const queue = file.messages
  if (length < 0 || length > queue.mostBytes) return -EMSGSIZE
  const text = new Uint8Array(length)
  if (task.memory.read(address, text, 0, length) !== 0) return -EFAULT
  const message: PosixMessage = { priority, text }
  if (queue.isFull && (file.flags & O_NONBLOCK) !== 0) return -EAGAIN
  const { held } = task.world.ipc
  if (!held.take(PosixQueue.held(message))) return -ENOMEM
  if (!queue.isFull) {
    if (queue.send(message)) held.give(PosixQueue.held(message))
    return 0
  }
  const sender: WaitingSender = { message, waiter: task, result: undefined }
  queue.awaitRoom(sender)
  const ended = (): void => {
    if (sender.result === undefined) held.give(PosixQueue.held(message))
  }
  return waitFor(task, queue, sender, { deadlineNs, finish: sent => sent, ended })
}

function mqTimedreceive(
  task: Task,
  fd: number,
  address: number,
  length: number,
  priority: number,
  timeout: number,
): number {
  const deadlineNs = deadline(task, timeout)
  if (deadlineNs < 0) return deadlineNs
  const file = queueOf(task, fd)
  if (file === undefined || !isReadable(file)) return -EBADF
  const queue = file.messages
  if (length >= 0 && length < queue.mostBytes) return -EMSGSIZE
  const deliver = (message: PosixMessage): number => store(task, address, priority, message)
  const message = queue.receive()
  if (message !== undefined) {
    task.world.ipc.held.give(PosixQueue.held(message))
    return deliver(message)
  }
  if ((file.flags & O_NONBLOCK) !== 0) return -EAGAIN
  const receiver: Waiting<PosixMessage> = { waiter: task, result: undefined }
  queue.awaitMessage(receiver)
  return waitFor(task, queue, receiver, { deadlineNs, finish: deliver, ended: () => {} })
}

/** The length of what was stored; −EFAULT, and the message is lost. */
function store(task: Task, address: number, priorityAt: number, { priority, text }: PosixMessage): number {
  if (priorityAt !== 0 && task.memory.writeInt32(priorityAt, priority) !== 0) return -EFAULT
  return task.memory.write(address, text, 0, text.length) === 0 ? text.length : -EFAULT
}

/** struct sigevent. */
const EVENT = { signal: 8, notify: 12 } as const

function mqNotify(task: Task, fd: number, event: number): number {
  const wanted = event === 0 ? undefined : subscriptionAt(task, event)
  if (typeof wanted === 'number') return wanted
  const file = queueOf(task, fd)
  if (file === undefined) return -EBADF
  const queue = file.messages
  const current = queue.subscription
  if (wanted === undefined) {
    if (current?.files === task.files) queue.subscription = undefined
    return 0
  }
  if (current !== undefined) return -EBUSY
  queue.subscription = wanted
  return 0
}

function subscriptionAt(task: Task, event: number): NonNullable<PosixQueue['subscription']> | number {
  const { memory, files, process, world } = task
  const [signal, notify] = [memory.readInt32(event + EVENT.signal), memory.readInt32(event + EVENT.notify)]
  const value = { lo: memory.readInt32(event), hi: memory.readInt32(event + 4) }
  if (Number.isNaN(signal + notify + value.lo + value.hi)) return -EFAULT
  // The library asks for it with a netlink socket, and here is none.
  if (notify === SIGEV_THREAD) return task.files.get(signal) === undefined ? -EBADF : -EINVAL
  const isSignal = notify === SIGEV_SIGNAL
  if (!isSignal && notify !== SIGEV_NONE) return -EINVAL
  if (isSignal && (signal < 0 || signal > LAST_SIGNAL)) return -EINVAL
  const tell = (): void => {
    if (!isSignal || signal === 0) return
    const { process: sender, credentials } = world.current
    const details = { kind: 'sender', pid: sender.pid, uid: credentials.uid, value } as const
    sendToProcess(process, { signal, code: SI_MESGQ, details })
  }
  return { files, pid: process.pid, signal: isSignal ? signal : 0, notify, tell }
}

function mqGetsetattr(task: Task, fd: number, newAddress: number, oldAddress: number): number {
  const wanted = newAddress === 0 ? undefined : question(task, newAddress, 'mq_attr')
  if (typeof wanted === 'number') return wanted
  const flags = Number(wanted?.mq_flags ?? 0)
  if ((flags & ~O_NONBLOCK) !== 0) return -EINVAL
  const file = queueOf(task, fd)
  if (file === undefined) return -EBADF
  const { mostMessages, mostBytes, count } = file.messages
  const before = {
    ...{ mq_flags: file.flags & O_NONBLOCK, mq_maxmsg: mostMessages },
    ...{ mq_msgsize: mostBytes, mq_curmsgs: count },
  }
  if (wanted !== undefined) file.flags = (file.flags & ~O_NONBLOCK) | flags
  return oldAddress === 0 ? 0 : answer(task, oldAddress, 'mq_attr', before)
}

const NO_THREADS = 'no SIGEV_THREAD (EINVAL): it needs a netlink socket'

export const POSIX_MESSAGES: ReturnType<typeof family> = family({
  mq_open: mqOpen,
  mq_unlink: mqUnlink,
  mq_timedsend: mqTimedsend,
  mq_timedreceive: mqTimedreceive,
  mq_notify: { handler: mqNotify, partly: NO_THREADS },
  mq_getsetattr: mqGetsetattr,
})
