/** With which options supervised programs are traced. Their children have the same options. */
import { PTRACE_O_TRACEVFORKDONE } from '../../linux/constants.ts'
import { optionBits } from '../../ptrace/start/seize.ts'

/** All but the stop at the end of a vfork, which says nothing that the supervisor needs. */
export const SEIZE_OPTIONS: number =
  optionBits({ follow: true, killOnExit: true, filtered: true }) - PTRACE_O_TRACEVFORKDONE
