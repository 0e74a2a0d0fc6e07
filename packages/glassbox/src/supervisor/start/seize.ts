/** Seizes the launcher of a program. Its children are traced from birth, with the same options. */
import { ptrace } from '../../gate/ptrace.ts'
import {
  PTRACE_O_EXITKILL,
  PTRACE_O_TRACECLONE,
  PTRACE_O_TRACEEXEC,
  PTRACE_O_TRACEEXIT,
  PTRACE_O_TRACEFORK,
  PTRACE_O_TRACESECCOMP,
  PTRACE_O_TRACESYSGOOD,
  PTRACE_O_TRACEVFORK,
  PTRACE_SEIZE,
} from '../../linux/constants.ts'
import { seizeError } from '../../ptrace/start/seize.ts'

const OPTIONS =
  PTRACE_O_EXITKILL +
  PTRACE_O_TRACESYSGOOD +
  PTRACE_O_TRACESECCOMP +
  PTRACE_O_TRACEEXEC +
  PTRACE_O_TRACEEXIT +
  PTRACE_O_TRACEFORK +
  PTRACE_O_TRACEVFORK +
  PTRACE_O_TRACECLONE

/** Throws MissingFeatureError('ptrace') if the kernel does not let this user trace. */
export function seizeLauncher(pid: number): void {
  const result = ptrace(PTRACE_SEIZE, pid, 0, OPTIONS)
  if (result < 0) throw seizeError(pid, -result)
}
