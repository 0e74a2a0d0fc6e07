/**
 * Changes a call that is stopped before it is made. A thread that is gone needs no change: its
 * call never happens. If a change fails for another reason, the process is killed, because its
 * call would be made as the program wanted it.
 */
import { ptrace } from '../../gate/ptrace.ts'
import { PTRACE_POKEUSER } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { USER_REGS } from '../../linux/user-regs.ts'
import { killProcess } from './kill.ts'

const WORD = 8
const NO_CALL = -1

/**
 * The call is not made. It returns `result`: a value, or -errno. False: the thread is gone,
 * because another thread of its process executes a program, or because it was killed.
 */
export function skipCall(tid: number, result: number): boolean {
  const skipped = ptrace(PTRACE_POKEUSER, tid, USER_REGS.orig_rax * WORD, NO_CALL)
  const answered = ptrace(PTRACE_POKEUSER, tid, USER_REGS.rax * WORD, result)
  if (isFailure(skipped) || isFailure(answered)) killProcess(tid)
  return skipped !== -ERRNO.ESRCH
}

const isFailure = (result: number): boolean => result < 0 && result !== -ERRNO.ESRCH
