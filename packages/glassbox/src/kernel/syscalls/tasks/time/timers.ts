/** Timers that send signals: alarm, setitimer, timer_create. */
import {
  ITIMER_PROF,
  ITIMER_REAL,
  ITIMER_VIRTUAL,
  SIGEV_NONE,
  SIGEV_SIGNAL,
  SIGEV_THREAD,
  SIGEV_THREAD_ID,
  TIMER_ABSTIME,
} from '../../../../linux/constants.ts'
import { EAGAIN, EFAULT, EINVAL } from '../../../../linux/errno-numbers.ts'
import { accountOf, mostSignals } from '../../../task/signals/accounts.ts'
import { LAST_SIGNAL, SIGNAL } from '../../../task/signals/numbers.ts'
import { kernelSignal, sendToProcess, sendToTask } from '../../../task/signals/send.ts'
import type { Process, Task } from '../../../task/state.ts'
import { ClockTimer } from '../../../task/timing/clock-timer.ts'
import { clockSource, isReal } from '../../../task/timing/clocks.ts'
import { PosixTimer } from '../../../task/timing/posix-timer.ts'
import type { Notification } from '../../../task/timing/posix-timer.ts'
import { family } from '../family.ts'
import { readTimespec, readTimeval, writeTimespec, writeTimeval } from '../structs.ts'

const JIFFY_NS = 4_000_000
const SECOND = 1e9

const SIGNALS: Readonly<Record<number, number>> = {
  [ITIMER_REAL]: SIGNAL.SIGALRM,
  [ITIMER_VIRTUAL]: SIGNAL.SIGVTALRM,
  [ITIMER_PROF]: SIGNAL.SIGPROF,
}

/** The interval timer of a kind; made when it is first used. */
function intervalTimer(process: Process, which: number): ClockTimer | undefined {
  const signal = SIGNALS[which]
  if (signal === undefined) return undefined
  const known = process.timers.intervals.get(which)
  if (known !== undefined) return known
  const { clock } = process.world
  const source =
    which === ITIMER_REAL
      ? { now: () => clock.monotonic(), coarseNs: 0 }
      : { now: () => process.cpuNs(), coarseNs: JIFFY_NS }
  const timer = new ClockTimer(process.world, source, () => kernelSignal(process, signal))
  process.timers.intervals.set(which, timer)
  return timer
}

/** The seconds that were left of the last alarm, rounded up from half. */
function alarm(task: Task, seconds: number): number {
  const timer = intervalTimer(task.process, ITIMER_REAL) as ClockTimer
  const left = timer.leftNs
  if (seconds === 0) timer.cancel()
  else timer.armIn(seconds * SECOND, 0)
  return left === 0 ? 0 : Math.max(1, Math.round(left / SECOND))
}

const VALUE = 16

function storeInterval(task: Task, address: number, intervalNs: number, leftNs: number): number {
  return writeTimeval(task.memory, address, intervalNs) || writeTimeval(task.memory, address + VALUE, leftNs)
}

function getitimer(task: Task, which: number, address: number): number {
  const timer = intervalTimer(task.process, which)
  return timer === undefined ? -EINVAL : storeInterval(task, address, timer.intervalNs, timer.leftNs)
}

function setitimer(task: Task, which: number, newAddress: number, oldAddress: number): number {
  const timer = intervalTimer(task.process, which)
  if (timer === undefined) return -EINVAL
  const interval = newAddress === 0 ? 0 : readTimeval(task.memory, newAddress)
  const value = newAddress === 0 ? 0 : readTimeval(task.memory, newAddress + VALUE)
  if (interval < 0) return interval
  if (value < 0) return value
  const before = { interval: timer.intervalNs, left: timer.leftNs }
  if (value === 0) timer.cancel()
  else timer.armIn(value, interval)
  return oldAddress === 0 ? 0 : storeInterval(task, oldAddress, before.interval, before.left)
}

const EVENT = { signal: 8, notify: 12, tid: 16 } as const

/** struct sigevent; without one, SIGALRM with the timer's id as its value. */
function notificationOf(task: Task, address: number, id: number): (Notification & { tid: number }) | number {
  if (address === 0) return { signal: SIGNAL.SIGALRM, valueLo: id, valueHi: 0, tid: 0 }
  const { memory } = task
  const notify = memory.readInt32(address + EVENT.notify)
  const signal = memory.readInt32(address + EVENT.signal)
  const [valueLo, valueHi] = [memory.readInt32(address), memory.readInt32(address + 4)]
  const tid = memory.readInt32(address + EVENT.tid)
  if (Number.isNaN(notify + signal + valueLo + valueHi + tid)) return -EFAULT
  if (notify === SIGEV_NONE) return { signal: 0, valueLo, valueHi, tid: 0 }
  if (signal < 1 || signal > LAST_SIGNAL) return -EINVAL
  if (notify === SIGEV_SIGNAL || notify === SIGEV_THREAD) return { signal, valueLo, valueHi, tid: 0 }
  if (notify !== (SIGEV_SIGNAL | SIGEV_THREAD_ID)) return -EINVAL
  return task.world.tasks.get(tid)?.process === task.process ? { signal, valueLo, valueHi, tid } : -EINVAL
}

function timerCreate(task: Task, clockId: number, event: number, idAddress: number): number {
  const source = clockSource(task, clockId)
  if (source === undefined) return -EINVAL
  const { process, world } = task
  const { timers } = process
  const account = accountOf(process)
  if (account.queued >= mostSignals(process)) return -EAGAIN
  const id = timers.newId()
  const notification = notificationOf(task, event, id)
  if (typeof notification === 'number') return notification
  const timer = new PosixTimer(world, id, source, isReal(clockId), notification, account, info => {
    const target = notification.tid === 0 ? undefined : world.tasks.get(notification.tid)
    if (notification.tid === 0) sendToProcess(process, info)
    else if (target !== undefined) sendToTask(target, info)
  })
  timers.posix.set(id, timer)
  if (task.memory.writeInt32(idAddress, id) === 0) return 0
  timerDelete(task, id)
  return -EFAULT
}

function storeSpec(task: Task, address: number, timer: ClockTimer): number {
  return (
    writeTimespec(task.memory, address, timer.intervalNs) ||
    writeTimespec(task.memory, address + VALUE, timer.leftNs)
  )
}

function timerSettime(task: Task, id: number, flags: number, newAddress: number, oldAddress: number): number {
  const posix = task.process.timers.posix.get(id)
  if (posix === undefined || newAddress === 0) return -EINVAL
  const interval = readTimespec(task.memory, newAddress)
  const value = readTimespec(task.memory, newAddress + VALUE)
  if (interval < 0) return interval
  if (value < 0) return value
  const error = oldAddress === 0 ? 0 : storeSpec(task, oldAddress, posix.timer)
  if (value === 0) posix.cancel()
  else posix.timer.arm(flags & TIMER_ABSTIME ? value : posix.clock.now() + value, interval)
  posix.overrun = 0
  return error
}

function timerGettime(task: Task, id: number, address: number): number {
  const posix = task.process.timers.posix.get(id)
  return posix === undefined ? -EINVAL : storeSpec(task, address, posix.timer)
}

function timerGetoverrun(task: Task, id: number): number {
  return task.process.timers.posix.get(id)?.overrun ?? -EINVAL
}

function timerDelete(task: Task, id: number): number {
  const posix = task.process.timers.posix.get(id)
  if (posix === undefined) return -EINVAL
  posix.end()
  task.process.timers.posix.delete(id)
  return 0
}

export const TIMERS: ReturnType<typeof family> = family({
  alarm,
  getitimer,
  setitimer,
  timer_create: timerCreate,
  timer_settime: timerSettime,
  timer_gettime: timerGettime,
  timer_getoverrun: timerGetoverrun,
  timer_delete: timerDelete,
})
