/** Descriptors of timers and signals: timerfd, signalfd. */
import {
  CLOCK_BOOTTIME,
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  O_CLOEXEC,
  O_NONBLOCK,
  O_RDWR,
  SFD_CLOEXEC,
  SFD_NONBLOCK,
  TFD_CLOEXEC,
  TFD_NONBLOCK,
  TFD_TIMER_ABSTIME,
  TFD_TIMER_CANCEL_ON_SET,
} from '../../../../linux/constants.ts'
import { EBADF, EINVAL } from '../../../../linux/errno-numbers.ts'
import { SignalFile } from '../../../task/files/signal-file.ts'
import { TimerFile } from '../../../task/files/timer-file.ts'
import { SignalSet } from '../../../task/signals/set.ts'
import { readMask } from '../../../task/signals/user.ts'
import type { Task } from '../../../task/state.ts'
import { clockSource } from '../../../task/timing/clocks.ts'
import { family } from '../family.ts'
import { readTimespec, writeTimespec } from '../structs.ts'

const TIMER_CLOCKS: readonly number[] = [CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME]

/** The flags of timerfd and signalfd are those of open(2). */
const fileFlags = (flags: number): number => O_RDWR | (flags & (O_CLOEXEC | O_NONBLOCK))

function timerfdCreate(task: Task, clockId: number, flags: number): number {
  if (flags & ~(TFD_CLOEXEC | TFD_NONBLOCK) || !TIMER_CLOCKS.includes(clockId)) return -EINVAL
  const source = clockSource(task, clockId)
  if (source === undefined) return -EINVAL
  return task.files.add(new TimerFile(task.world, source, fileFlags(flags)), (flags & TFD_CLOEXEC) !== 0)
}

const VALUE = 16

function timerFile(task: Task, fd: number): TimerFile | number {
  const file = task.files.get(fd)
  if (file === undefined) return -EBADF
  return file instanceof TimerFile ? file : -EINVAL
}

function store(task: Task, address: number, file: TimerFile): number {
  return (
    writeTimespec(task.memory, address, file.timer.intervalNs) ||
    writeTimespec(task.memory, address + VALUE, file.timer.leftNs)
  )
}

function timerfdSettime(
  task: Task,
  fd: number,
  flags: number,
  newAddress: number,
  oldAddress: number,
): number {
  if (flags & ~(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET)) return -EINVAL
  const interval = readTimespec(task.memory, newAddress)
  const value = readTimespec(task.memory, newAddress + VALUE)
  if (interval < 0) return interval
  if (value < 0) return value
  const file = timerFile(task, fd)
  if (typeof file === 'number') return file
  const error = oldAddress === 0 ? 0 : store(task, oldAddress, file)
  if (error !== 0) return error
  if (value === 0) file.set(Infinity, 0)
  else file.set(flags & TFD_TIMER_ABSTIME ? value : file.clock.now() + value, interval)
  return 0
}

function timerfdGettime(task: Task, fd: number, address: number): number {
  const file = timerFile(task, fd)
  return typeof file === 'number' ? file : store(task, address, file)
}

function signalfd4(task: Task, fd: number, address: number, size: number, flags: number): number {
  if (flags & ~(SFD_CLOEXEC | SFD_NONBLOCK)) return -EINVAL
  const mask = new SignalSet()
  const error = readMask(task.memory, address, size, mask)
  if (error !== 0) return error
  if (fd !== -1) {
    const known = task.files.get(fd)
    if (known === undefined) return -EBADF
    if (!(known instanceof SignalFile)) return -EINVAL
    known.setMask(mask)
    return fd
  }
  const file = new SignalFile(task.world, fileFlags(flags))
  file.setMask(mask)
  return task.files.add(file, (flags & SFD_CLOEXEC) !== 0)
}

export const DESCRIPTORS: ReturnType<typeof family> = family({
  timerfd_create: timerfdCreate,
  timerfd_settime: timerfdSettime,
  timerfd_gettime: timerfdGettime,
  signalfd: (task, fd, mask, size) => signalfd4(task, fd, mask, size, 0),
  signalfd4,
})
