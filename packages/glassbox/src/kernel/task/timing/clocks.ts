/** The clocks of clock_gettime(2). */
import {
  CLOCK_BOOTTIME,
  CLOCK_BOOTTIME_ALARM,
  CLOCK_MONOTONIC,
  CLOCK_MONOTONIC_COARSE,
  CLOCK_MONOTONIC_RAW,
  CLOCK_PROCESS_CPUTIME_ID,
  CLOCK_REALTIME,
  CLOCK_REALTIME_ALARM,
  CLOCK_REALTIME_COARSE,
  CLOCK_TAI,
  CLOCK_THREAD_CPUTIME_ID,
} from '../../../linux/constants.ts'
import type { Task } from '../state.ts'
import type { Clock } from '../types.ts'
import type { ClockSource } from './clock-timer.ts'

/** Clocks that show the time of day. */
const REAL: readonly number[] = [CLOCK_REALTIME, CLOCK_REALTIME_COARSE, CLOCK_REALTIME_ALARM, CLOCK_TAI]
const MONOTONIC: readonly number[] = [
  ...[CLOCK_MONOTONIC, CLOCK_MONOTONIC_COARSE, CLOCK_MONOTONIC_RAW],
  ...[CLOCK_BOOTTIME, CLOCK_BOOTTIME_ALARM],
]

export const isReal = (id: number): boolean => REAL.includes(id)

/** A jiffy: CPU time is not looked at more often. */
const JIFFY_NS = 4_000_000

/** Nanoseconds since 1970; exact to about 200 ns, which is enough to compare and to wait. */
export const realNs = (clock: Clock): number => clock.realSeconds() * 1e9 + clock.realNanoseconds()

/** The clock of this id, as the task sees it; undefined if there is none. */
export function clockSource(task: Task, id: number): ClockSource | undefined {
  const { clock } = task.world
  if (REAL.includes(id)) return { now: () => realNs(clock), coarseNs: 0 }
  if (MONOTONIC.includes(id)) return { now: () => clock.monotonic(), coarseNs: 0 }
  if (id === CLOCK_PROCESS_CPUTIME_ID) return { now: () => task.process.cpuNs(), coarseNs: JIFFY_NS }
  if (id === CLOCK_THREAD_CPUTIME_ID) return { now: () => task.cpuNs(), coarseNs: JIFFY_NS }
  return id < 0 ? cpuClock(task, id) : undefined
}

/**
 * clock_getcpuclockid(3): the complement of the pid above three bits; bit 2 says it is a thread.
 */
function cpuClock(task: Task, id: number): ClockSource | undefined {
  const THREAD = 4
  const CPU_SCHED = 2
  if ((id & 3) !== CPU_SCHED) return undefined
  const pid = ~(id >> 3)
  if (id & THREAD) {
    const thread = pid === 0 ? task : task.world.tasks.get(pid)
    return thread === undefined ? undefined : { now: () => thread.cpuNs(), coarseNs: JIFFY_NS }
  }
  const process = pid === 0 ? task.process : task.world.processes.get(pid)
  return process === undefined ? undefined : { now: () => process.cpuNs(), coarseNs: JIFFY_NS }
}
