/** Sleeping on a word of memory: futex in all its operations, robust lists. */
import {
  FUTEX_CMP_REQUEUE,
  FUTEX_LOCK_PI,
  FUTEX_LOCK_PI2,
  FUTEX_PRIVATE_FLAG,
  FUTEX_REQUEUE,
  FUTEX_TRYLOCK_PI,
  FUTEX_UNLOCK_PI,
  FUTEX_WAIT,
  FUTEX_WAIT_BITSET,
  FUTEX_WAKE,
  FUTEX_WAKE_BITSET,
  FUTEX_WAKE_OP,
} from '../../../linux/constants.ts'
import { EAGAIN, EFAULT, EINVAL, ENOSYS, EPERM, ESRCH, ETIMEDOUT } from '../../../linux/errno-numbers.ts'
import { futexKey } from '../../task/futex/key.ts'
import { lockPriority, unlockPriority } from '../../task/futex/priority.ts'
import { Sleeper } from '../../task/futex/table.ts'
import type { FutexKey } from '../../task/futex/table.ts'
import type { Task } from '../../task/state.ts'
import { realNs } from '../../task/timing/clocks.ts'
import { BLOCKED } from '../../wait/blocking.ts'
import { family } from './family.ts'
import { readTimespec } from './structs.ts'

const COMMAND = 0x7f
const REALTIME_FLAG = 0x100
const ANY_BITS = -1
/** What the operations that take no time take instead of it: a count. */
const asCount = (value: number): number => value | 0

function futex(
  task: Task,
  address: number,
  operation: number,
  value: number,
  timeout: number,
  second: number,
  third: number,
): number {
  const isPrivate = (operation & FUTEX_PRIVATE_FLAG) !== 0
  const command = operation & COMMAND
  const isReal = (operation & REALTIME_FLAG) !== 0
  switch (command) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET: {
      const bitset = command === FUTEX_WAIT ? ANY_BITS : third | 0
      const deadline = deadlineOf(task, timeout, command === FUTEX_WAIT, isReal)
      return deadline < 0 ? deadline : sleep(task, address, isPrivate, value | 0, deadline, bitset)
    }
    case FUTEX_WAKE:
    case FUTEX_WAKE_BITSET:
      return wake(task, address, isPrivate, asCount(value), command === FUTEX_WAKE ? ANY_BITS : third | 0)
    case FUTEX_REQUEUE:
    case FUTEX_CMP_REQUEUE: {
      const expected = command === FUTEX_CMP_REQUEUE ? third | 0 : undefined
      return requeue(task, address, second, isPrivate, asCount(value), asCount(timeout), expected)
    }
    case FUTEX_WAKE_OP:
      return wakeOp(task, address, second, isPrivate, asCount(value), asCount(timeout), third | 0)
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2: {
      // FUTEX_LOCK_PI always means the time of day, and always an absolute one.
      const deadline = deadlineOf(task, timeout, false, command === FUTEX_LOCK_PI || isReal)
      return deadline < 0 ? deadline : lockPriority(task, address, isPrivate, deadline)
    }
    case FUTEX_TRYLOCK_PI:
      return lockPriority(task, address, isPrivate, undefined)
    case FUTEX_UNLOCK_PI:
      return unlockPriority(task, address, isPrivate)
    default:
      return -ENOSYS
  }
}

/** On the monotonic clock; Infinity without a time; −EFAULT or −EINVAL. */
export function deadlineOf(task: Task, address: number, isRelative: boolean, isReal: boolean): number {
  if (address === 0) return Infinity
  const ns = readTimespec(task.memory, address)
  if (ns < 0) return ns
  const { clock } = task.world
  const now = clock.monotonic()
  if (isRelative) return now + ns
  return isReal ? Math.max(0, now + (ns - realNs(clock))) : ns
}

export function sleep(
  task: Task,
  address: number,
  isPrivate: boolean,
  expected: number,
  deadlineNs: number,
  bitset: number,
): number {
  if (bitset === 0) return -EINVAL
  const key = futexKey(task, address, isPrivate)
  if (typeof key === 'number') return key
  const found = task.memory.readInt32(address)
  if (Number.isNaN(found)) return -EFAULT
  if (found !== expected) return -EAGAIN
  if (deadlineNs !== Infinity && deadlineNs <= task.world.clock.monotonic()) return -ETIMEDOUT
  const sleeper = new Sleeper(task, bitset)
  task.world.futexes.add(key, sleeper)
  return task.block({
    interruption: deadlineNs === Infinity ? 'restart' : 'continue',
    queues: [],
    retry: () => (sleeper.woken ? 0 : BLOCKED),
    deadlineNs,
    timedOut: () => (sleeper.woken ? 0 : -ETIMEDOUT),
    interrupted: () => (sleeper.woken ? 0 : undefined),
    ended: () => sleeper.leave(),
  })
}

export function wake(task: Task, address: number, isPrivate: boolean, count: number, bitset: number): number {
  if (bitset === 0) return -EINVAL
  const key = futexKey(task, address, isPrivate)
  // At least one is woken, as in Linux.
  return typeof key === 'number' ? key : task.world.futexes.wake(key, Math.max(count, 1), bitset)
}

export function requeue(
  task: Task,
  from: number,
  to: number,
  isPrivate: boolean,
  wakes: number,
  moves: number,
  expected: number | undefined,
): number {
  if (wakes < 0 || moves < 0) return -EINVAL
  const keys = keysOf(task, from, to, isPrivate)
  if (typeof keys === 'number') return keys
  if (expected !== undefined) {
    const found = task.memory.readInt32(from)
    if (Number.isNaN(found)) return -EFAULT
    if (found !== expected) return -EAGAIN
  }
  const { futexes } = task.world
  const woken = futexes.wake(keys[0], wakes)
  return woken + futexes.requeue(keys[0], keys[1], moves)
}

function keysOf(
  task: Task,
  one: number,
  two: number,
  isPrivate: boolean,
): readonly [FutexKey, FutexKey] | number {
  const first = futexKey(task, one, isPrivate)
  if (typeof first === 'number') return first
  const second = futexKey(task, two, isPrivate)
  return typeof second === 'number' ? second : [first, second]
}

const signed12 = (bits: number): number => (bits << 20) >> 20

/** What FUTEX_WAKE_OP does to the second word: bits 28–30 say it. */
const CHANGES: readonly ((old: number, argument: number) => number)[] = [
  (_old, argument) => argument,
  (old, argument) => (old + argument) | 0,
  (old, argument) => old | argument,
  (old, argument) => old & ~argument,
  (old, argument) => old ^ argument,
]
/** What its old value is compared by: bits 24–27. */
const COMPARISONS: readonly ((old: number, argument: number) => boolean)[] = [
  (old, argument) => old === argument,
  (old, argument) => old !== argument,
  (old, argument) => old < argument,
  (old, argument) => old <= argument,
  (old, argument) => old > argument,
  (old, argument) => old >= argument,
]
const ARGUMENT_SHIFT = 8

function wakeOp(
  task: Task,
  one: number,
  two: number,
  isPrivate: boolean,
  wakes: number,
  otherWakes: number,
  encoded: number,
): number {
  const keys = keysOf(task, one, two, isPrivate)
  if (typeof keys === 'number') return keys
  const bits = encoded >>> 28
  const change = CHANGES[bits & 7]
  const compare = COMPARISONS[(encoded >>> 24) & 15]
  if (change === undefined || compare === undefined) return -ENOSYS
  const given = signed12(encoded >>> 12)
  const argument = bits & ARGUMENT_SHIFT ? 1 << (given & 31) : given
  const old = task.memory.readInt32(two)
  if (Number.isNaN(old)) return -EFAULT
  if (task.memory.writeInt32(two, change(old, argument)) !== 0) return -EFAULT
  const { futexes } = task.world
  const woken = futexes.wake(keys[0], Math.max(wakes, 1))
  return compare(old, signed12(encoded)) ? woken + futexes.wake(keys[1], Math.max(otherWakes, 1)) : woken
}

const LIST_HEAD_SIZE = 24

function setRobustList(task: Task, head: number, size: number): number {
  if (size !== LIST_HEAD_SIZE) return -EINVAL
  task.robustList = head
  return 0
}

function getRobustList(task: Task, tid: number, headAddress: number, sizeAddress: number): number {
  const target = tid === 0 ? task : task.world.tasks.get(tid)
  if (target === undefined) return -ESRCH
  if (target.process !== task.process && !task.credentials.privileged) return -EPERM
  const error = task.memory.writeInt64(headAddress, target.robustList)
  return error === 0 ? task.memory.writeInt64(sizeAddress, LIST_HEAD_SIZE) : error
}

export const FUTEX: ReturnType<typeof family> = family({
  futex: { handler: futex, partly: 'no FUTEX_FD, no requeueing to a lock with priority inheritance' },
  set_robust_list: setRobustList,
  get_robust_list: getRobustList,
})
