/** Receiving from sockets: recvfrom, recvmsg, recvmmsg. */
import {
  MSG_CTRUNC,
  MSG_DONTWAIT,
  MSG_OOB,
  MSG_PEEK,
  MSG_TRUNC,
  MSG_WAITALL,
  MSG_WAITFORONE,
} from '../../../linux/constants.ts'
import { EAGAIN, EFAULT, EINVAL, EOPNOTSUPP } from '../../../linux/errno-numbers.ts'
import { closeFiles } from '../../fs/socket/in-flight.ts'
import type { SocketFile } from '../../fs/socket/socket-file.ts'
import type { Received } from '../../fs/socket/unix-socket.ts'
import type { Transfer } from '../../mm/transfer.ts'
import type { Task } from '../../task/state.ts'
import { family } from '../tasks/family.ts'
import { readTimespec, writeTimespec } from '../tasks/structs.ts'
import { writeAddress } from './address.ts'
import { writeControl } from './control.ts'
import { FIELDS, HEADER_BYTES, MANY_BYTES, readHeader } from './header.ts'
import { mayWait, orWait, socketAt } from './support.ts'

/** Urgent bytes, of which there are none: 0 if the flags do not ask for them. */
function refusal({ socket }: SocketFile, flags: number): number {
  if ((flags & MSG_OOB) === 0) return 0
  return socket.isStream ? -EINVAL : -EOPNOTSUPP
}

function take(file: SocketFile, transfer: Transfer, flags: number): Received {
  const least = file.leastOf(transfer.remaining, mayWait(file, flags))
  return file.socket.receive(transfer, { peek: (flags & MSG_PEEK) !== 0, least })
}

/** How many bytes of a stream it waits for. */
const wantedOf = (file: SocketFile, length: number, flags: number): number =>
  (flags & MSG_WAITALL) !== 0 ? length : file.leastOf(length, mayWait(file, flags))

function recvfrom(
  task: Task,
  fd: number,
  buffer: number,
  length: number,
  flags: number,
  address: number,
  lengthAt: number,
): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  const refused = refusal(file, flags)
  if (refused !== 0) return refused
  const isPeek = (flags & MSG_PEEK) !== 0
  // A stream that is read waits with what it has: an early end does not lose that.
  const wanted = isPeek || !file.socket.isStream ? 0 : wantedOf(file, length, flags)
  let done = 0
  const attempt = (): number => {
    const transfer = task.memory.buffer(buffer + done, length - done)
    const found = isPeek
      ? take(file, transfer, flags)
      : file.socket.receive(transfer, { peek: false, least: 1 })
    const { moved, message } = found
    if (moved < 0) return done > 0 && moved !== -EAGAIN ? done : moved
    if (message !== undefined && !isPeek) closeFiles(message)
    done += moved
    if (moved > 0 && done < wanted) return -EAGAIN
    const error = writeAddress(task, message?.from.address, message === undefined ? 0 : address, lengthAt)
    if (error !== 0) return error
    return (flags & MSG_TRUNC) !== 0 && !file.socket.isStream ? found.length : done
  }
  return orWait(task, file, 'read', flags, attempt, () => done)
}

/** Receives into a struct msghdr: the result, or −EAGAIN. */
function receiveInto(task: Task, file: SocketFile, at: number, flags: number): number {
  const parsed = readHeader(task, at)
  if (typeof parsed === 'number') return parsed
  const transfer = task.memory.vector(parsed.vector, parsed.count)
  if (typeof transfer === 'number') return transfer
  const { moved, length, message } = take(file, transfer, flags)
  if (moved < 0) return moved
  let answer = length > moved && !file.socket.isStream ? MSG_TRUNC : 0
  const control = message && writeControl(task, file, parsed, message, flags)
  if (control?.cut === true) answer |= MSG_CTRUNC
  if (parsed.address !== 0) {
    const error = writeAddress(task, message?.from.address, parsed.address, at + FIELDS.addressLength)
    if (error !== 0) return error
  }
  task.memory.writeInt64(at + FIELDS.controlLength, control?.used ?? 0)
  task.memory.writeInt32(at + FIELDS.flags, answer)
  return (flags & MSG_TRUNC) !== 0 && !file.socket.isStream ? length : moved
}

function recvmsg(task: Task, fd: number, at: number, flags: number): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  const refused = refusal(file, flags)
  if (refused !== 0) return refused
  return orWait(task, file, 'read', flags, () => receiveInto(task, file, at, flags))
}

/** The time is looked at only when a message has come, as Linux does: recvmmsg(2), Bugs. */
function recvmmsg(task: Task, fd: number, at: number, count: number, flags: number, timeout: number): number {
  const file = socketAt(task, fd)
  if (typeof file === 'number') return file
  const timeoutNs = timeout === 0 ? Infinity : readTimespec(task.memory, timeout)
  if (timeoutNs < 0) return timeoutNs
  const refused = refusal(file, flags)
  if (refused !== 0) return refused
  const { clock } = task.world
  const end = clock.monotonic() + timeoutNs
  let received = 0
  const finish = (result: number): number => {
    if (timeout === 0 || result <= 0) return result
    return writeTimespec(task.memory, timeout, Math.max(0, end - clock.monotonic())) === 0 ? result : -EFAULT
  }
  const attempt = (): number => {
    while (received < count) {
      const isLater = received > 0 && (flags & MSG_WAITFORONE) !== 0
      const result = receiveInto(task, file, at + received * MANY_BYTES, flags | (isLater ? MSG_DONTWAIT : 0))
      if (result === -EAGAIN && !isLater) return -EAGAIN
      if (result < 0) return finish(received > 0 ? received : result)
      task.memory.writeInt32(at + received * MANY_BYTES + HEADER_BYTES, result)
      received++
      if (clock.monotonic() >= end) break
    }
    return finish(received)
  }
  return orWait(task, file, 'read', flags, attempt, () => received)
}

export const receiving: ReturnType<typeof family> = family({
  recvfrom,
  recvmsg,
  recvmmsg,
})
