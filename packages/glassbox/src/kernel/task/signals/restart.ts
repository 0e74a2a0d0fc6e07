/**
 * Calls that are made again: after a stop by the terminal, or because what they wait for is ready
 * only now.
 */
import { SA_RESTART } from '../../../linux/constants.ts'
import { EINTR } from '../../../linux/errno-numbers.ts'
import type { GuestThread } from '../../platform/platform.ts'
import { REGISTER } from '../../platform/registers.ts'
import { SIG_DFL, SIGNAL } from './numbers.ts'
import type { SignalActions } from './actions.ts'
import type { PendingSignals } from './pending.ts'

/** What is asked of a task. */
interface Caller {
  readonly thread: GuestThread
  readonly nr: number
  readonly pending: PendingSignals
  readonly process: { readonly pending: PendingSignals; readonly actions: SignalActions }
}

/** The call that the task has just made is made again, by its own instruction. */
function repeatCall(task: Caller): void {
  const registers = task.thread.registers()
  registers.set(REGISTER.rax, task.nr)
  registers.set(REGISTER.rip, registers.get(REGISTER.rip) - 2)
  registers.set(REGISTER.orig_rax, -1)
  task.thread.changed()
}

/**
 * The answer −ERESTARTSYS: the terminal has sent SIGTTIN or SIGTTOU to the caller's group. The
 * call is made again after the stop, but ends with EINTR after a handler without SA_RESTART.
 */
export function restart(task: Caller): void {
  const isCaught = [SIGNAL.SIGTTIN, SIGNAL.SIGTTOU].some(signal => {
    const isPending = task.pending.set.has(signal) || task.process.pending.set.has(signal)
    const { handler, flags } = task.process.actions.get(signal)
    return isPending && handler !== SIG_DFL && (flags & SA_RESTART) === 0
  })
  if (isCaught) task.thread.result(-EINTR)
  else repeatCall(task)
}
