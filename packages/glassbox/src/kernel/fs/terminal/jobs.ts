/**
 * What terminals ask of the processes of their world. The layer above fulfils it; a root without
 * a world has `NO_JOBS`.
 */
import { SIGNALS } from '../../../linux/generated/signals.ts'

type Name = (typeof SIGNALS)[number][0]

export const SIGNAL: Readonly<Record<Name, number>> = Object.fromEntries(SIGNALS) as Record<Name, number>

/** The process whose call is being served. */
export interface Caller {
  readonly pid: number
  readonly group: number
  readonly session: number
  readonly privileged: boolean
}

export interface Jobs {
  readonly caller: Caller
  /** Whether the caller's task blocks or ignores the signal. */
  ignores(signal: number): boolean
  /** Whether the caller's group is orphaned: no process would continue it after a stop. */
  readonly orphaned: boolean
  /** The session of a group; undefined: there is no such group. */
  sessionOf(group: number): number | undefined
  signalGroup(group: number, signal: number): void
  signalProcess(pid: number, signal: number): void
}

const NOBODY: Caller = { pid: 0, group: 0, session: 0, privileged: false }

export const NO_JOBS: Jobs = {
  caller: NOBODY,
  ignores: () => false,
  orphaned: true,
  sessionOf: () => undefined,
  signalGroup: () => {},
  signalProcess: () => {},
}
