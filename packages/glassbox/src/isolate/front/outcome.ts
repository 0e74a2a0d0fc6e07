/**
 * The words for how a run ended: its status, its message, the line that the caller sees, and the
 * exit code.
 */
import type { RunEnd, RunOutcome } from '../types.ts'
import { seconds } from './seconds.ts'

export type StatusWord = 'OK' | 'RE' | 'SG' | 'TO' | 'XX'

interface Words {
  readonly status: StatusWord
  /** `undefined` only for OK. */
  readonly message: string | undefined
  readonly exitCode: 0 | 1 | 2
}

export function wordsOf(end: RunEnd): Words {
  switch (end.cause) {
    case 'exit':
      if (end.code === 0) return { status: 'OK', message: undefined, exitCode: 0 }
      return { status: 'RE', message: `Exited with error status ${end.code}`, exitCode: 1 }
    case 'signal':
      return { status: 'SG', message: `Caught fatal signal ${end.signal}`, exitCode: 1 }
    case 'time':
      return { status: 'TO', message: 'Time limit exceeded', exitCode: 1 }
    case 'wall':
      return { status: 'TO', message: 'Time limit exceeded (wall clock)', exitCode: 1 }
    case 'interrupted':
      return { status: 'SG', message: 'Interrupted', exitCode: 1 }
    default:
      return { status: 'XX', message: oneLine(end.message), exitCode: 2 }
  }
}

/** The keeper ended the program. */
export function wasKilled(end: RunEnd): boolean {
  if (end.cause === 'time' || end.cause === 'wall' || end.cause === 'internal') return end.killed
  return end.cause === 'interrupted'
}

/** What a message may contain: a reader of the meta file takes it line by line. */
export const oneLine = (text: string): string => text.replaceAll(/[\n\r]+/g, ' ')

/** The line on the standard error output. */
export function statusLine({ end, statistics }: RunOutcome): string {
  const { message } = wordsOf(end)
  if (message !== undefined) return message
  const { cpuMs = 0, wallMs = 0 } = statistics ?? {}
  return `OK (${seconds(cpuMs)} sec real, ${seconds(wallMs)} sec wall)`
}
