/** Sleeping: nanosleep, clock_nanosleep. */
import {
  CLOCK_MONOTONIC,
  CLOCK_PROCESS_CPUTIME_ID,
  CLOCK_THREAD_CPUTIME_ID,
  TIMER_ABSTIME,
} from '../../../../linux/constants.ts'
import { EINTR, EINVAL, EOPNOTSUPP } from '../../../../linux/errno-numbers.ts'
import type { Task } from '../../../task/state.ts'
import { ClockTimer } from '../../../task/timing/clock-timer.ts'
import { clockSource } from '../../../task/timing/clocks.ts'
import { BLOCKED } from '../../../wait/blocking.ts'
import { WaitQueue } from '../../../wait/queue.ts'
import { family } from '../family.ts'
import { readTimespec, writeTimespec } from '../structs.ts'

/**
 * Sleeps until a moment of the monotonic clock. The time that is left goes to `rest` at a signal.
 */
function sleepUntil(task: Task, deadlineNs: number, rest: number): number {
  return task.block({
    interruption: 'continue',
    queues: [],
    retry: () => BLOCKED,
    deadlineNs,
    timedOut: () => 0,
    interrupted: () => {
      if (rest === 0) return undefined
      const left = Math.max(0, deadlineNs - task.world.clock.monotonic())
      const error = writeTimespec(task.memory, rest, left)
      return error === 0 ? undefined : error
    },
  })
}

function nanosleep(task: Task, request: number, rest: number): number {
  return clockNanosleep(task, CLOCK_MONOTONIC, 0, request, rest)
}

function clockNanosleep(task: Task, id: number, flags: number, request: number, rest: number): number {
  const source = clockSource(task, id)
  if (source === undefined || id === CLOCK_THREAD_CPUTIME_ID) return -EINVAL
  const ns = readTimespec(task.memory, request)
  if (ns < 0) return ns
  const isAbsolute = (flags & TIMER_ABSTIME) !== 0
  const duration = isAbsolute ? Math.max(0, ns - source.now()) : ns
  if (id === CLOCK_PROCESS_CPUTIME_ID) return sleepOnCpuTime(task, source.now() + duration)
  if (id < 0) return -EOPNOTSUPP
  return sleepUntil(task, task.world.clock.monotonic() + duration, isAbsolute ? 0 : rest)
}

/** Until the process has used so much CPU time: other threads have to use it. */
function sleepOnCpuTime(task: Task, dueNs: number): number {
  const queue = new WaitQueue()
  let isOver = false
  const timer = new ClockTimer(task.world, { now: () => task.process.cpuNs(), coarseNs: 4_000_000 }, () => {
    isOver = true
    queue.wake()
  })
  timer.arm(dueNs, 0)
  return task.block({
    interruption: 'no-handler',
    queues: [queue],
    retry: () => (isOver ? 0 : BLOCKED),
    ended: () => timer.cancel(),
  })
}

export const SLEEP: ReturnType<typeof family> = family({
  nanosleep,
  clock_nanosleep: clockNanosleep,
  // Waits go on by themselves after a stop, so no guest is ever led here.
  restart_syscall: () => -EINTR,
})
