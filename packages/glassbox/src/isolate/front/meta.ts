/**
 * The text of the meta file. Readers of it fail at a key that they do not know, and some depend on
 * the order: so both are exactly those of the original.
 */
import type { RunEnd, RunOutcome, RunStatistics } from '../types.ts'
import { oneLine, wasKilled, wordsOf } from './outcome.ts'
import { seconds } from './seconds.ts'

type Pair = readonly [key: string, value: string | number]

/** The text for a run. */
export function metaText({ end, statistics }: RunOutcome): string {
  const numbers = statistics === undefined ? [] : statisticsPairs(statistics)
  const killed: Pair[] = wasKilled(end) ? [['killed', 1]] : []
  const verdict: Pair[] = [...exitPairs(end), ...statusPairs(end), ...killed]
  // The keeper writes why it kills before it kills. Statistics exist only afterwards.
  return textOf(killed.length > 0 ? [...verdict, ...numbers] : [...numbers, ...verdict])
}

/** The text for a call that failed before anything ran. */
export const faultMetaText = (message: string): string =>
  textOf([
    ['status', 'XX'],
    ['message', oneLine(message)],
  ])

const textOf = (pairs: readonly Pair[]): string => pairs.map(([key, value]) => `${key}:${value}\n`).join('')

function statisticsPairs(statistics: RunStatistics): Pair[] {
  const { cpuMs, wallMs, maxRssKiB, voluntarySwitches, forcedSwitches, cgMemKiB, oomKilled } = statistics
  return [
    ['time', seconds(cpuMs)],
    ['time-wall', seconds(wallMs)],
    ['max-rss', maxRssKiB],
    ['csw-voluntary', voluntarySwitches],
    ['csw-forced', forcedSwitches],
    ...(cgMemKiB === undefined ? [] : ([['cg-mem', cgMemKiB]] as const)),
    ...(oomKilled ? ([['cg-oom-killed', 1]] as const) : []),
  ]
}

function exitPairs(end: RunEnd): Pair[] {
  if (end.cause === 'exit') return [['exitcode', end.code]]
  return end.cause === 'signal' || end.cause === 'interrupted' ? [['exitsig', end.signal]] : []
}

function statusPairs(end: RunEnd): Pair[] {
  const { status, message } = wordsOf(end)
  if (message === undefined) return []
  return [
    ['status', status],
    ['message', message],
  ]
}
