/** What a run used, and why it ended, from init's report and the counters of the group. */
import type { Cgroup } from '../../cgroup/group.ts'
import { CAUSE, type EndedReply } from '../../container/wire.ts'
import { CLD_EXITED } from '../../linux/constants.ts'
import type { IsolateLimits, RunEnd, RunStatistics } from '../types.ts'

const NS_PER_MS = 1e6
const KIB = 1024

/**
 * Without a group: the time of all processes that init has seen, whichever process has reaped
 * them.
 */
const processMs = ({ ended }: EndedReply): number =>
  Math.max(Number(ended.userUs + ended.systemUs) / 1000, Number(ended.watchedCpuNs) / NS_PER_MS)

/** `cgroup`: that of the run, if it had one. `cgTiming`: CPU time is the group's. */
export function statisticsOf(
  reply: EndedReply,
  cgroup: Cgroup | undefined,
  cgTiming: boolean,
): RunStatistics {
  const { ended } = reply
  const counters = cgroup?.counters(ended.counters)
  const cpuMs = counters && cgTiming ? counters.cpuTime.totalNs / NS_PER_MS : processMs(reply)
  // Before Linux 5.19, v2 has no peak. The largest single process is the best estimate.
  const peak = counters && (counters.peakMemory || ended.maxRssBytes)
  return {
    cpuMs: Math.floor(cpuMs),
    wallMs: Math.floor(Number(ended.endedNs - ended.startedNs) / NS_PER_MS),
    maxRssKiB: Math.floor(ended.maxRssBytes / KIB),
    voluntarySwitches: ended.voluntarySwitches,
    forcedSwitches: ended.forcedSwitches,
    cgMemKiB: peak === undefined ? undefined : Math.floor(peak / KIB),
    oomKilled: (counters?.oomKills ?? 0) > 0,
  }
}

/** Of a run that was ended before its program began. */
export const nothingUsed = (cg: boolean, wallMs = 0): RunStatistics => ({
  ...{ cpuMs: 0, wallMs, maxRssKiB: 0, voluntarySwitches: 0, forcedSwitches: 0, oomKilled: false },
  cgMemKiB: cg ? 0 : undefined,
})

/** How a program ended that neither a signal to the keeper nor a fault of the keeper has ended. */
export function endOf(
  { cause, how, status }: EndedReply,
  used: RunStatistics,
  limits: IsolateLimits,
): RunEnd {
  if (cause === CAUSE.cpu) return { cause: 'time', killed: true }
  if (cause === CAUSE.wall) return { cause: 'wall', killed: true }
  if (limits.cpuMs !== undefined && used.cpuMs > limits.cpuMs) return { cause: 'time', killed: false }
  if (limits.wallMs !== undefined && used.wallMs > limits.wallMs) return { cause: 'wall', killed: false }
  return how === CLD_EXITED ? { cause: 'exit', code: status } : { cause: 'signal', signal: status }
}
