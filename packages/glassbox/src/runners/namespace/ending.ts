/** Makes the ending of a job from init's report and the counters. */
import { CAUSE, type EndedReply } from '../../container/wire.ts'
import type { EndCause, Ending } from '../../job/ending.ts'
import { CLD_EXITED } from '../../linux/constants.ts'
import { signalNumber } from '../../linux/signals.ts'
import type { Account } from './accounting.ts'
import type { Limits } from '../../job/options.ts'

/** Why this process asks init to end a program. The protocol leaves these numbers to it. */
export const HOST_CAUSE: { readonly canceled: number; readonly output: number } = {
  canceled: CAUSE.host,
  output: CAUSE.host + 1,
}

const CAUSES: Readonly<Record<number, EndCause>> = {
  [CAUSE.none]: 'itself',
  [CAUSE.cpu]: 'cpu',
  [CAUSE.wall]: 'wall',
  [CAUSE.memory]: 'memory',
  [CAUSE.denied]: 'denied',
  [HOST_CAUSE.canceled]: 'canceled',
  [HOST_CAUSE.output]: 'output',
}

/** `how` of a report about a program that never started. */
const NOT_STARTED = 0

export const wasStarted = ({ how }: EndedReply): boolean => how !== NOT_STARTED

/** Whether a signal of that name ended the program itself. */
export const endedBySignal = ({ how, status }: EndedReply, name: 'SIGXFSZ'): boolean =>
  how !== NOT_STARTED && how !== CLD_EXITED && status === signalNumber(name)

/** Whether the program ended by itself, with a signal or a code other than 0. */
export const failedByItself = (report: EndedReply): boolean =>
  report.cause === CAUSE.none && wasStarted(report) && !(report.how === CLD_EXITED && report.status === 0)

function exitOf({ how, status }: EndedReply): Pick<Ending, 'exit'> {
  if (how === NOT_STARTED) return {}
  return { exit: how === CLD_EXITED ? { code: status } : { signal: status } }
}

const NOTHING_COUNTED = {
  usage: { cpuTimeMs: 0, userTimeMs: 0, systemTimeMs: 0, memoryBytes: 0 },
  oomKills: 0,
  refusedProcesses: 0,
}

/** Describing a denied call needs all of decode/, which is loaded when there is one. */
async function violationOf({ denied }: EndedReply['ended']): Promise<Pick<Ending, 'denied'>> {
  if (!denied) return {}
  return { denied: (await import('./denied-call.ts')).describeViolation(denied) }
}

export async function endingOf(
  report: EndedReply,
  account: Account,
  limits: Required<Limits>,
  found: Pick<Ending, 'fileAtLimit' | 'disk'>,
): Promise<Ending> {
  const { startedNs, endedNs } = report.ended
  const counted = wasStarted(report)
    ? account.count(report.ended, limits)
    : { ...NOTHING_COUNTED, measuredBy: account.measuredBy }
  return {
    cause: CAUSES[report.cause] ?? 'canceled',
    ...exitOf(report),
    startedNs,
    endedNs,
    ...counted,
    ...found,
    ...(await violationOf(report.ended)),
  }
}
