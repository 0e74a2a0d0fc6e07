/** The document of `--json`: what the meta file says, with types, units and causes. */
import type { RunEnd, RunOutcome } from '../types.ts'
import { wasKilled, wordsOf } from './outcome.ts'

/** One line of JSON. `boxId`: the box, if it is known. */
export function jsonText(boxId: number | 'auto' | undefined, { end, statistics }: RunOutcome): string {
  const { status, message } = wordsOf(end)
  const document = {
    ...{ boxId, status, cause: causeOf(end) },
    ...(message === undefined ? {} : { message }),
    ...(end.cause === 'exit' ? { exitCode: end.code } : {}),
    ...(end.cause === 'signal' || end.cause === 'interrupted' ? { signal: end.signal } : {}),
    killed: wasKilled(end),
    ...statistics,
  }
  return `${JSON.stringify(document)}\n`
}

const CAUSES = {
  exit: 'exited',
  signal: 'signaled',
  time: 'cpu-time-limit',
  wall: 'wall-time-limit',
  interrupted: 'interrupted',
  internal: 'internal',
} as const satisfies Record<RunEnd['cause'], string>

const causeOf = (end: RunEnd): string => CAUSES[end.cause]
