/** Queues of messages: msgget, msgsnd, msgrcv, msgctl. */
import {
  CAP_SYS_RESOURCE,
  IPC_INFO,
  IPC_NOWAIT,
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  MSG_COPY,
  MSG_EXCEPT,
  MSG_INFO,
  MSG_NOERROR,
  MSG_STAT,
  MSG_STAT_ANY,
} from '../../../linux/constants.ts'
import {
  E2BIG,
  EACCES,
  EAGAIN,
  EFAULT,
  EIDRM,
  EINVAL,
  ENOMEM,
  ENOMSG,
  EPERM,
} from '../../../linux/errno-numbers.ts'
import type { StructValues } from '../../../linux/schema/layouts.ts'
import { hasCapability } from '../../task/credentials.ts'
import { MESSAGE_BYTES, QUEUE_BYTES, QUEUES } from '../../task/ipc/limits.ts'
import { type Message, MessageQueue, type Receiver, type Selection } from '../../task/ipc/messages.ts'
import { MAY_READ, MAY_WRITE } from '../../task/ipc/object.ts'
import type { Task } from '../../task/state.ts'
import { BLOCKED } from '../../wait/blocking.ts'
import { family } from '../tasks/family.ts'
import { answer, change, obtain, permissionsOf, putSequence, remove, roomIn, seconds } from './support.ts'

/** The type comes before the text. */
const TYPE_BYTES = 8

function msgget(task: Task, key: number, flags: number): number {
  const { ipc } = task.world
  const make = (): number => {
    const full = roomIn(ipc.queues)
    if (full !== 0) return full
    if (!ipc.held.take(MessageQueue.ownBytes)) return -ENOMEM
    return ipc.queues.add(new MessageQueue(key | 0, flags, task.credentials, seconds(task)))
  }
  return obtain(task, { table: ipc.queues, suits: () => true, make }, key, flags)
}

function msgsnd(task: Task, id: number, address: number, size: number, flags: number): number {
  const type = task.memory.readInt64(address)
  if (Number.isNaN(type)) return -EFAULT
  if (size < 0 || size > MESSAGE_BYTES || id < 0 || type < 1) return -EINVAL
  const text = new Uint8Array(size)
  if (task.memory.read(address + TYPE_BYTES, text, 0, size) !== 0) return -EFAULT
  const queue = task.world.ipc.queues.find(id)
  if (queue === undefined) return -EINVAL
  const attempt = (): number => send(task, queue, { type, text })
  const result = attempt()
  if (result !== BLOCKED) return result
  if ((flags & IPC_NOWAIT) !== 0) return -EAGAIN
  return task.block({ interruption: 'no-handler', queues: [queue.room], retry: attempt })
}

/** BLOCKED: there is no room. */
function send(task: Task, queue: MessageQueue, message: Message): number {
  if (queue.removed) return -EIDRM
  if (!queue.permits(task.credentials, MAY_WRITE)) return -EACCES
  if (!queue.hasRoomFor(message.text.length)) return BLOCKED
  const { held } = task.world.ipc
  if (!held.take(MessageQueue.held(message))) return -ENOMEM
  const isGone = queue.send(message, task.process.pid, seconds(task))
  if (isGone) task.world.ipc.released(message)
  return 0
}

function msgrcv(task: Task, id: number, address: number, size: number, type: number, flags: number): number {
  if (id < 0 || size < 0) return -EINVAL
  const copies = (flags & MSG_COPY) !== 0
  if (copies && ((flags & MSG_EXCEPT) !== 0 || (flags & IPC_NOWAIT) === 0)) return -EINVAL
  const queue = task.world.ipc.queues.find(id)
  if (queue === undefined) return -EINVAL
  const longest = (flags & MSG_NOERROR) !== 0 ? Infinity : size
  const receiver: Receiver = {
    ...{ selection: selectionOf(type, flags), longest, pid: task.process.pid },
    ...{ waiter: task, result: undefined },
  }
  const attempt = (): number => {
    const found = receiver.result ?? receive(task, queue, receiver, copies)
    return typeof found === 'number' ? found : deliver(task, address, size, found)
  }
  const result = attempt()
  if (result !== BLOCKED) return result
  if ((flags & IPC_NOWAIT) !== 0) return -ENOMSG
  queue.enter(receiver)
  return task.block({
    interruption: 'no-handler',
    queues: [],
    retry: attempt,
    // A message that has come is not lost to a signal.
    interrupted: () => (receiver.result === undefined ? undefined : attempt()),
    ended: () => queue.leave(receiver),
  })
}

function selectionOf(type: number, flags: number): Selection {
  if ((flags & MSG_COPY) !== 0) return { by: 'place', place: type }
  if (type === 0) return { by: 'any' }
  if (type < 0) return { by: 'least-up-to', type: -type }
  return { by: (flags & MSG_EXCEPT) !== 0 ? 'other-type' : 'type', type }
}

/** Takes a message out of the queue; BLOCKED: there is none. */
function receive(task: Task, queue: MessageQueue, receiver: Receiver, copies: boolean): Message | number {
  if (queue.removed) return -EIDRM
  if (!queue.permits(task.credentials, MAY_READ)) return -EACCES
  const found = queue.find(receiver.selection)
  if (found === undefined) return BLOCKED
  if (found.text.length > receiver.longest) return -E2BIG
  if (copies) return found
  queue.take(found, receiver.pid, seconds(task))
  task.world.ipc.released(found)
  return found
}

/** The length of what was stored; −EFAULT, and the message is lost. */
function deliver(task: Task, address: number, size: number, { type, text }: Message): number {
  const length = Math.min(size, text.length)
  if (task.memory.writeInt64(address, type) !== 0) return -EFAULT
  return task.memory.write(address + TYPE_BYTES, text, 0, length) === 0 ? length : -EFAULT
}

function msgctl(task: Task, id: number, command: number, address: number): number {
  if (id < 0) return -EINVAL
  switch (command) {
    case IPC_INFO:
    case MSG_INFO:
      return describeAll(task, command, address)
    case IPC_STAT:
    case MSG_STAT:
    case MSG_STAT_ANY:
      return describe(task, id, command, address)
    case IPC_SET:
      return change(
        task,
        task.world.ipc.queues.find(id),
        'msqid_ds',
        address,
        ({ msg_perm }) => msg_perm,
        resize(task),
      )
    case IPC_RMID:
      return remove(task, task.world.ipc.queues.find(id), queue => task.world.ipc.removeQueue(queue))
    default:
      return -EINVAL
  }
}

/** Fields of struct msginfo that mean nothing any more. */
const LEGACY = { msgssz: 16, msgseg: 0xffff }
const LEGACY_LIMITS = { msgpool: (QUEUES * QUEUE_BYTES) / 1024, msgmap: QUEUE_BYTES, msgtql: QUEUE_BYTES }

function describeAll(task: Task, command: number, address: number): number {
  const { queues } = task.world.ipc
  let [count, bytes] = [0, 0]
  for (const queue of queues.all) {
    count += queue.messages.length
    bytes += queue.bytes
  }
  const usage = { msgpool: queues.size, msgmap: count, msgtql: bytes }
  const failure = answer(task, address, 'msginfo', {
    ...{ msgmni: QUEUES, msgmax: MESSAGE_BYTES, msgmnb: QUEUE_BYTES },
    ...LEGACY,
    ...(command === MSG_INFO ? usage : LEGACY_LIMITS),
  })
  return failure === 0 ? queues.highestIndex : failure
}

/** IPC_SET changes the bytes that a queue holds, too. */
const resize =
  (task: Task) =>
  (queue: MessageQueue, wanted: StructValues['msqid_ds']): number => {
    const mostBytes = Number(BigInt.asUintN(64, BigInt(wanted.msg_qbytes)))
    if (mostBytes > QUEUE_BYTES && !hasCapability(task.credentials, CAP_SYS_RESOURCE)) return -EPERM
    queue.mostBytes = mostBytes
    queue.lookAgain()
    return 0
  }

/** Where the number of bytes is in struct msqid64_ds: no layout of the schema has it. */
const BYTES_AT = 72

function describe(task: Task, id: number, command: number, address: number): number {
  const { queues } = task.world.ipc
  const queue = command === IPC_STAT ? queues.find(id) : queues.at(id)
  if (queue === undefined) return -EINVAL
  if (command !== MSG_STAT_ANY && !queue.permits(task.credentials, MAY_READ)) return -EACCES
  const value = {
    msg_perm: permissionsOf(queue),
    ...{ msg_stime: queue.sentAt, msg_rtime: queue.receivedAt, msg_ctime: queue.changedAt },
    ...{ msg_qnum: queue.messages.length, msg_qbytes: queue.mostBytes },
    ...{ msg_lspid: queue.lastSender, msg_lrpid: queue.lastReceiver },
  }
  const failure = answer(task, address, 'msqid_ds', value, view => {
    putSequence(view, queue)
    view.setUint32(BYTES_AT, queue.bytes, true)
  })
  return failure !== 0 || command === IPC_STAT ? failure : queue.id
}

export const MESSAGES: ReturnType<typeof family> = family({ msgget, msgsnd, msgrcv, msgctl })
