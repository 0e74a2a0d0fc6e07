/** RLIMIT_CPU: SIGXCPU at the soft limit and each second after it, SIGKILL at the hard one. */
import { RLIMIT_CPU } from '../../../linux/constants.ts'
import { SIGNAL } from '../signals/numbers.ts'
import { kernelSignal } from '../signals/send.ts'
import type { Process } from '../state.ts'
import { ClockTimer } from './clock-timer.ts'

const SECOND = 1e9
const COARSE_NS = 10_000_000

/** Watches the limit as it is now; called when it has changed, and for a new process. */
export function watchCpuLimit(process: Process): void {
  process.timers.cpuLimit?.cancel()
  process.timers.cpuLimit = undefined
  const limit = process.limits[RLIMIT_CPU]
  if (limit === undefined || (limit.soft === Infinity && limit.hard === Infinity)) return
  const clock = { now: () => process.cpuNs(), coarseNs: COARSE_NS }
  const timer = new ClockTimer(process.world, clock, () => {
    const isOver = process.cpuNs() >= limit.hard * SECOND
    kernelSignal(process, isOver ? SIGNAL.SIGKILL : SIGNAL.SIGXCPU)
  })
  // A limit of zero is one second, as in Linux.
  timer.arm(Math.max(limit.soft, 1) * SECOND, SECOND)
  process.timers.cpuLimit = timer
}
