/** poll(2) and select(2). */
import {
  POLLERR,
  POLLHUP,
  POLLIN,
  POLLNVAL,
  POLLOUT,
  POLLPRI,
  POLLRDBAND,
  POLLRDNORM,
  POLLWRBAND,
  POLLWRNORM,
} from '../../../linux/constants.ts'
import { EBADF, EFAULT, EINVAL } from '../../../linux/errno-numbers.ts'
import type { OpenFile } from '../../fs/vfs.ts'
import type { Task } from '../../task/types.ts'
import { BLOCKED } from '../../wait/blocking.ts'
import type { WaitQueue } from '../../wait/queue.ts'
import type { Family } from '../family.ts'
import { readTimespec } from './events/epoll.ts'
import { deadlineIn, hold } from './support.ts'

/** struct pollfd: descriptor, events, what happened. */
const POLLFD_BYTES = 8
const ALWAYS = POLLERR | POLLHUP | POLLNVAL

/** What a wait looks at. */
interface Watched {
  readonly file: OpenFile
  readonly events: number
  /** Its place in the caller's table. */
  readonly index: number
}

/**
 * Waits until `attempt` has an answer other than 0; 0 at the deadline. `left`: stores the time
 * that is left, however the call ends.
 */
function waitFor(
  task: Task,
  watched: readonly Watched[],
  timeoutNs: number,
  attempt: () => number,
  left: (nanoseconds: number) => void,
): number {
  const result = attempt()
  const deadlineNs = deadlineIn(task, timeoutNs)
  const storeLeft = (): void => left(Math.max(0, deadlineNs - task.world.clock.monotonic()))
  if (result !== 0 || timeoutNs === 0) {
    left(timeoutNs)
    return result
  }
  const release = hold(watched.map(({ file }) => file))
  const queues = new Set<WaitQueue>(watched.map(({ file }) => file.queue))
  return task.block({
    interruption: 'no-handler',
    queues: [...queues],
    retry: () => {
      const again = attempt()
      return again === 0 ? BLOCKED : again
    },
    deadlineNs,
    timedOut: () => attempt(),
    ended: () => {
      if (timeoutNs !== Infinity) storeLeft()
      release()
    },
  })
}

function poll(
  task: Task,
  address: number,
  count: number,
  timeoutNs: number,
  left: (nanoseconds: number) => void,
): number {
  if (count > task.files.limit) return -EINVAL
  const table = new Uint8Array(count * POLLFD_BYTES)
  const error = count === 0 ? 0 : task.memory.read(address, table, 0, table.length)
  if (error !== 0) return error
  const view = new DataView(table.buffer)
  const watched: Watched[] = []
  let invalid = 0
  for (let index = 0; index < count; index++) {
    const fd = view.getInt32(index * POLLFD_BYTES, true)
    view.setInt16(index * POLLFD_BYTES + 6, 0, true)
    if (fd < 0) continue
    const file = task.files.get(fd)
    if (file !== undefined) {
      watched.push({ file, events: view.getUint16(index * POLLFD_BYTES + 4, true) | ALWAYS, index })
      continue
    }
    invalid++
    view.setInt16(index * POLLFD_BYTES + 6, POLLNVAL, true)
  }
  const attempt = (): number => {
    let ready = invalid
    for (const { file, events, index } of watched) {
      const found = file.poll() & events
      view.setInt16(index * POLLFD_BYTES + 6, found, true)
      if (found !== 0) ready++
    }
    return ready
  }
  // The answers are stored also where nothing happened.
  const stored = (): number => {
    const ready = attempt()
    if (count === 0) return ready
    return task.memory.write(address, table, 0, table.length) === 0 ? ready : -EFAULT
  }
  return waitFor(task, watched, timeoutNs, stored, left)
}

const nothing = (): void => {}

function ppoll(
  task: Task,
  address: number,
  count: number,
  timeout: number,
  mask: number,
  size: number,
): number {
  const timeoutNs = timeout === 0 ? Infinity : readTimespec(task, timeout)
  if (timeoutNs < 0) return timeoutNs
  const error = task.maskUntilReturn(mask, size)
  return error !== 0 ? error : poll(task, address, count, timeoutNs, leftTimespec(task, timeout))
}

const leftTimespec =
  (task: Task, address: number): ((nanoseconds: number) => void) =>
  nanoseconds => {
    if (address === 0) return
    task.memory.writeInt64(address, Math.floor(nanoseconds / 1e9))
    task.memory.writeInt64(address + 8, Math.floor(nanoseconds % 1e9))
  }

const leftTimeval =
  (task: Task, address: number): ((nanoseconds: number) => void) =>
  nanoseconds => {
    if (address === 0) return
    task.memory.writeInt64(address, Math.floor(nanoseconds / 1e9))
    task.memory.writeInt64(address + 8, Math.floor((nanoseconds % 1e9) / 1000))
  }

/** The three sets of select(2), in the order of its arguments, and the events that they mean. */
const SETS = [
  POLLIN | POLLRDNORM | POLLRDBAND | POLLHUP | POLLERR,
  POLLOUT | POLLWRNORM | POLLWRBAND | POLLERR,
  POLLPRI,
] as const

function select(
  task: Task,
  count: number,
  addresses: readonly [number, number, number],
  timeoutNs: number,
  left: (nanoseconds: number) => void,
): number {
  if (count < 0) return -EINVAL
  // As in Linux, what is beyond the room for descriptors is no error: it is not looked at.
  const bits = Math.min(count, task.files.size)
  const length = Math.ceil(bits / 64) * 8
  const wanted = addresses.map(() => new Uint8Array(length))
  for (const [index, address] of addresses.entries()) {
    const set = wanted[index]
    if (address === 0 || set === undefined || length === 0) continue
    const error = task.memory.read(address, set, 0, length)
    if (error !== 0) return error
  }
  const watched: Watched[] = []
  for (let fd = 0; fd < bits; fd++) {
    let events = 0
    for (const [index, set] of wanted.entries()) if (has(set, fd)) events |= SETS[index] ?? 0
    if (events === 0) continue
    const file = task.files.get(fd)
    if (file === undefined) return -EBADF
    watched.push({ file, events, index: fd })
  }
  const attempt = (isLast: boolean): number => {
    const found = wanted.map(() => new Uint8Array(length))
    let ready = 0
    for (const { file, events, index: fd } of watched) {
      const now = file.poll() & events
      for (const [index, set] of wanted.entries()) {
        const target = found[index]
        if (target === undefined || !has(set, fd) || (now & (SETS[index] ?? 0)) === 0) continue
        target[fd >> 3] = (target[fd >> 3] ?? 0) | (1 << (fd & 7))
        ready++
      }
    }
    return ready === 0 && !isLast ? 0 : store(task, addresses, found, ready)
  }
  const timedOut = (): number => attempt(true)
  return waitToSelect(task, watched, timeoutNs, attempt, timedOut, left)
}

function waitToSelect(
  task: Task,
  watched: readonly Watched[],
  timeoutNs: number,
  attempt: (isLast: boolean) => number,
  timedOut: () => number,
  left: (nanoseconds: number) => void,
): number {
  const deadlineNs = deadlineIn(task, timeoutNs)
  let isOver = false
  return waitFor(
    task,
    watched,
    timeoutNs,
    () => {
      isOver ||= timeoutNs === 0 || task.world.clock.monotonic() >= deadlineNs
      return isOver ? timedOut() : attempt(false)
    },
    left,
  )
}

const has = (set: Uint8Array, fd: number): boolean => (((set[fd >> 3] ?? 0) >> (fd & 7)) & 1) === 1

function store(
  task: Task,
  addresses: readonly number[],
  found: readonly Uint8Array[],
  ready: number,
): number {
  for (const [index, address] of addresses.entries()) {
    const set = found[index]
    if (address === 0 || set === undefined || set.length === 0) continue
    if (task.memory.write(address, set, 0, set.length) !== 0) return -EFAULT
  }
  return ready
}

function selectCall(
  task: Task,
  count: number,
  read: number,
  write: number,
  except: number,
  timeout: number,
): number {
  const timeoutNs = timeout === 0 ? Infinity : readTimeval(task, timeout)
  if (timeoutNs < 0) return timeoutNs
  return select(task, count, [read, write, except], timeoutNs, leftTimeval(task, timeout))
}

function readTimeval(task: Task, address: number): number {
  const seconds = task.memory.readInt64(address)
  const micros = task.memory.readInt64(address + 8)
  if (Number.isNaN(seconds) || Number.isNaN(micros)) return -EFAULT
  return seconds < 0 || micros < 0 ? -EINVAL : seconds * 1e9 + micros * 1000
}

function pselect6(
  task: Task,
  count: number,
  read: number,
  write: number,
  except: number,
  timeout: number,
  masked: number,
): number {
  const timeoutNs = timeout === 0 ? Infinity : readTimespec(task, timeout)
  if (timeoutNs < 0) return timeoutNs
  if (masked !== 0) {
    const [mask, size] = [task.memory.readInt64(masked), task.memory.readInt64(masked + 8)]
    if (Number.isNaN(mask) || Number.isNaN(size)) return -EFAULT
    const error = task.maskUntilReturn(mask, size)
    if (error !== 0) return error
  }
  return select(task, count, [read, write, except], timeoutNs, leftTimespec(task, timeout))
}

export const poller: Family = {
  poll: (task, address, count, timeout) =>
    poll(task, address, count, timeout < 0 ? Infinity : timeout * 1e6, nothing),
  ppoll,
  select: selectCall,
  pselect6,
}
