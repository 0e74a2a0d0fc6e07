/** The newer calls of futexes: futex_waitv, and futex_wait, futex_wake and futex_requeue. */
import { CLOCK_MONOTONIC, CLOCK_REALTIME, FUTEX_PRIVATE_FLAG } from '../../../linux/constants.ts'
import { EAGAIN, EFAULT, EINVAL, ETIMEDOUT } from '../../../linux/errno-numbers.ts'
import { futexKey } from '../../task/futex/key.ts'
import { Sleeper } from '../../task/futex/table.ts'
import type { Task } from '../../task/state.ts'
import { BLOCKED } from '../../wait/blocking.ts'
import { family } from './family.ts'
import { deadlineOf, requeue, sleep, wake } from './futex.ts'

/** struct futex_waitv. */
const WAITER = { size: 24, value: 0, address: 8, flags: 16, reserved: 20 } as const
const MOST_WAITERS = 128
/** FUTEX2_SIZE_U32: the only size that there is. */
const SIZE_32 = 2

const isPrivate = (flags: number): boolean => (flags & FUTEX_PRIVATE_FLAG) !== 0
const isKnown = (flags: number): boolean => (flags & ~FUTEX_PRIVATE_FLAG) === SIZE_32
const isClock = (id: number): boolean => id === CLOCK_REALTIME || id === CLOCK_MONOTONIC

interface Word {
  readonly expected: number
  readonly address: number
  readonly flags: number
}

/** One element of the array; −EFAULT or −EINVAL. */
function wordAt(task: Task, at: number): Word | number {
  const { memory } = task
  const expected = memory.readInt32(at + WAITER.value)
  const address = memory.readInt64(at + WAITER.address)
  const flags = memory.readUint32(at + WAITER.flags)
  const reserved = memory.readUint32(at + WAITER.reserved)
  if (Number.isNaN(expected + address + flags + reserved)) return -EFAULT
  return reserved !== 0 || !isKnown(flags) ? -EINVAL : { expected, address, flags }
}

/** Puts a sleeper on the word, if it still has its value. 0, or a negative errno. */
function addSleeper(task: Task, { expected, address, flags }: Word, sleepers: Sleeper[]): number {
  const key = futexKey(task, address, isPrivate(flags))
  if (typeof key === 'number') return key
  const found = task.memory.readInt32(address)
  if (Number.isNaN(found)) return -EFAULT
  if (found !== expected) return -EAGAIN
  const sleeper = new Sleeper(task, -1, sleepers.length)
  task.world.futexes.add(key, sleeper)
  sleepers.push(sleeper)
  return 0
}

/** Sleeps on several words. The result is the index of one that was woken. */
function futexWaitv(
  task: Task,
  waiters: number,
  count: number,
  flags: number,
  timeout: number,
  clock: number,
): number {
  if (flags !== 0 || count < 1 || count > MOST_WAITERS) return -EINVAL
  if (timeout !== 0 && !isClock(clock)) return -EINVAL
  const deadlineNs = deadlineOf(task, timeout, false, clock === CLOCK_REALTIME)
  if (deadlineNs < 0) return deadlineNs
  const sleepers: Sleeper[] = []
  const leave = (): void => {
    for (const sleeper of sleepers) sleeper.leave()
  }
  for (let index = 0; index < count; index++) {
    const word = wordAt(task, waiters + WAITER.size * index)
    const error = typeof word === 'number' ? word : addSleeper(task, word, sleepers)
    if (error === 0) continue
    leave()
    return error
  }
  const woken = (): Sleeper | undefined => sleepers.find(sleeper => sleeper.woken)
  return task.block({
    interruption: deadlineNs === Infinity ? 'restart' : 'continue',
    queues: [],
    retry: () => woken()?.index ?? BLOCKED,
    deadlineNs,
    timedOut: () => woken()?.index ?? -ETIMEDOUT,
    interrupted: () => woken()?.index,
    ended: leave,
  })
}

function futexWait(
  task: Task,
  address: number,
  value: number,
  mask: number,
  flags: number,
  timeout: number,
  clock: number,
): number {
  if (!isKnown(flags) || (timeout !== 0 && !isClock(clock))) return -EINVAL
  const deadlineNs = deadlineOf(task, timeout, false, clock === CLOCK_REALTIME)
  if (deadlineNs < 0) return deadlineNs
  return sleep(task, address, isPrivate(flags), value | 0, deadlineNs, mask | 0)
}

function futexWake(task: Task, address: number, mask: number, count: number, flags: number): number {
  return isKnown(flags) ? wake(task, address, isPrivate(flags), count, mask | 0) : -EINVAL
}

/** The array has two words: those who sleep on the first go on, or move to the second. */
function futexRequeue(task: Task, waiters: number, flags: number, wakes: number, moves: number): number {
  if (flags !== 0) return -EINVAL
  const from = wordAt(task, waiters)
  if (typeof from === 'number') return from
  const to = wordAt(task, waiters + WAITER.size)
  if (typeof to === 'number') return to
  return requeue(task, from.address, to.address, isPrivate(from.flags), wakes, moves, from.expected)
}

export const FUTEX2: ReturnType<typeof family> = family({
  futex_waitv: futexWaitv,
  futex_wait: futexWait,
  futex_wake: futexWake,
  futex_requeue: futexRequeue,
})
