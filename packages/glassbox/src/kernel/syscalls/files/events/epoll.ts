/** epoll_create(2), epoll_ctl(2), epoll_wait(2). */
import {
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
  S_IFDIR,
  S_IFREG,
} from '../../../../linux/constants.ts'
import { EBADF, EFAULT, EINVAL, EPERM } from '../../../../linux/errno-numbers.ts'
import { EpollFile, type ReadyEvent } from '../../../fs/event/epoll-file.ts'
import type { Task } from '../../../task/types.ts'
import { BLOCKED } from '../../../wait/blocking.ts'
import type { Family } from '../../family.ts'
import { addFile } from '../file.ts'
import { deadlineIn, hold } from '../support.ts'

/** struct epoll_event of x86-64 is packed. */
const EVENT_BYTES = 12
const MOST_EVENTS = Math.floor(0x7fff_ffff / EVENT_BYTES)

const event = new Uint8Array(EVENT_BYTES)
const view = new DataView(event.buffer)

function epollCreate1(task: Task, flags: number): number {
  if ((flags & ~EPOLL_CLOEXEC) !== 0) return -EINVAL
  return addFile(task, new EpollFile(0), flags)
}

function epollCtl(task: Task, epfd: number, operation: number, fd: number, address: number): number {
  if (operation !== EPOLL_CTL_DEL) {
    const error = task.memory.read(address, event, 0, EVENT_BYTES)
    if (error !== 0) return error
  }
  const epoll = task.files.get(epfd)
  const file = task.files.get(fd)
  if (epoll === undefined || file === undefined) return -EBADF
  // Files of a file system are always ready: epoll refuses them.
  if ((file.inode.type === S_IFREG && file.pollable !== true) || file.inode.type === S_IFDIR) return -EPERM
  if (!(epoll instanceof EpollFile) || epoll === file) return -EINVAL
  const [events, low, high] = [view.getUint32(0, true), view.getUint32(4, true), view.getUint32(8, true)]
  if (operation === EPOLL_CTL_ADD) return epoll.add(fd, file, events, low, high)
  if (operation === EPOLL_CTL_MOD) return epoll.change(fd, file, events, low, high)
  return operation === EPOLL_CTL_DEL ? epoll.delete(fd, file) : -EINVAL
}

function writeEvents(task: Task, address: number, events: readonly ReadyEvent[]): number {
  const bytes = new Uint8Array(events.length * EVENT_BYTES)
  const out = new DataView(bytes.buffer)
  for (const [index, { events: bits, low, high }] of events.entries()) {
    out.setUint32(index * EVENT_BYTES, bits, true)
    out.setUint32(index * EVENT_BYTES + 4, low, true)
    out.setUint32(index * EVENT_BYTES + 8, high, true)
  }
  return task.memory.write(address, bytes, 0, bytes.length) === 0 ? events.length : -EFAULT
}

/** `timeoutNs`: Infinity waits without end, 0 not at all. */
function wait(task: Task, epfd: number, address: number, most: number, timeoutNs: number): number {
  if (most <= 0 || most > MOST_EVENTS) return -EINVAL
  const epoll = task.files.get(epfd)
  if (epoll === undefined) return -EBADF
  if (!(epoll instanceof EpollFile)) return -EINVAL
  const attempt = (): number => {
    const events = epoll.take(most)
    return events.length === 0 ? BLOCKED : writeEvents(task, address, events)
  }
  const result = attempt()
  if (result !== BLOCKED) return result
  if (timeoutNs === 0) return 0
  return task.block({
    interruption: 'no-handler',
    queues: [epoll.queue],
    retry: attempt,
    deadlineNs: deadlineIn(task, timeoutNs),
    timedOut: () => 0,
    ended: hold([epoll]),
  })
}

const milliseconds = (timeout: number): number => (timeout < 0 ? Infinity : timeout * 1e6)

function epollPwait(
  task: Task,
  epfd: number,
  address: number,
  most: number,
  timeout: number,
  mask: number,
  size: number,
): number {
  const error = task.maskUntilReturn(mask, size)
  return error !== 0 ? error : wait(task, epfd, address, most, milliseconds(timeout))
}

function epollPwait2(
  task: Task,
  epfd: number,
  address: number,
  most: number,
  timeout: number,
  mask: number,
  size: number,
): number {
  const nanoseconds = timeout === 0 ? Infinity : readTimespec(task, timeout)
  if (nanoseconds < 0) return nanoseconds
  const error = task.maskUntilReturn(mask, size)
  return error !== 0 ? error : wait(task, epfd, address, most, nanoseconds)
}

/** A struct timespec as nanoseconds, or a negative errno. */
export function readTimespec(task: Task, address: number): number {
  const seconds = task.memory.readInt64(address)
  const nanoseconds = task.memory.readInt64(address + 8)
  if (Number.isNaN(seconds) || Number.isNaN(nanoseconds)) return -EFAULT
  if (seconds < 0 || nanoseconds < 0 || nanoseconds > 999_999_999) return -EINVAL
  return seconds * 1e9 + nanoseconds
}

export const epoll: Family = {
  epoll_create: (task, size) => (size <= 0 ? -EINVAL : epollCreate1(task, 0)),
  epoll_create1: epollCreate1,
  epoll_ctl: epollCtl,
  epoll_wait: (task, epfd, address, most, timeout) => wait(task, epfd, address, most, milliseconds(timeout)),
  epoll_pwait: epollPwait,
  epoll_pwait2: epollPwait2,
}
