/** How a thread asks to be scheduled. The host decides; programs find what they have asked for. */
import { SCHED_OTHER } from '../../../linux/constants.ts'

export interface Scheduling {
  /** SCHED_*. */
  readonly policy: number
  /** SCHED_RESET_ON_FORK: it is not handed on, and cannot be taken back. */
  readonly resetsOnFork: boolean
}

export const ORDINARILY: Scheduling = { policy: SCHED_OTHER, resetsOnFork: false }

/** Of a new thread or process. */
export const inherited = (of: Scheduling): Scheduling =>
  of.resetsOnFork ? { ...of, resetsOnFork: false } : of
