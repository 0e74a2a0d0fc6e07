/** With which options supervised programs are traced. Their children have the same options. */
import { PTRACE_O_TRACEEXIT, PTRACE_O_TRACEVFORKDONE } from '../../linux/constants.ts'
import { optionBits } from '../../ptrace/start/seize.ts'

/** All but the stop at the end of a vfork, which says nothing that the supervisor needs. */
const OPTIONS: number =
  optionBits({ follow: true, killOnExit: true, filtered: true }) - PTRACE_O_TRACEVFORKDONE

/**
 * `measuresMemory`: a process stops before its end, while it still has its memory. If a cgroup
 * measures the memory, that stop would only take time.
 */
export const seizeOptions = (measuresMemory: boolean): number =>
  measuresMemory ? OPTIONS : OPTIONS - PTRACE_O_TRACEEXIT
