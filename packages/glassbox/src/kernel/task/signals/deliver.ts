/**
 * Delivery: what pending signals do to a thread that is about to run guest code. Each is ignored,
 * stops or ends the process, or gets a handler. Several handlers nest: the last frame runs first.
 */
import { SA_NODEFER, SA_RESETHAND, SA_RESTART } from '../../../linux/constants.ts'
import { EINTR } from '../../../linux/errno-numbers.ts'
import { REGISTER } from '../../platform/registers.ts'
import type { Wait } from '../../wait/blocking.ts'
import { exitGroup } from '../exit.ts'
import { isOrphaned } from '../groups.ts'
import type { Task } from '../state.ts'
import type { Action } from './actions.ts'
import { pushFrame } from './frame.ts'
import type { SignalInfo } from './info.ts'
import { defaultAction, SIG_DFL, SIG_IGN, SIGNAL } from './numbers.ts'
import { forceFault, stopProcess } from './send.ts'
import { SignalSet } from './set.ts'

/** False if the task does not run now: it has ended, or its process is stopped. */
export function deliverSignals(task: Task): boolean {
  const { process } = task
  if (task.isBeingKilled) {
    exitGroup(process, SIGNAL.SIGKILL)
    return false
  }
  for (;;) {
    const taken = nextSignal(task)
    if (taken === undefined) return true
    const { observer } = task.world
    const info = observer === undefined ? taken : observer.signaled(task, taken)
    if (info === undefined) continue
    const action = process.actions.get(info.signal)
    if (action.handler === SIG_IGN) continue
    if (action.handler !== SIG_DFL) {
      if (!handle(task, info, action)) return false
      continue
    }
    switch (defaultAction(info.signal)) {
      case 'ignore':
      case 'continue':
        continue
      case 'stop':
        if (info.signal !== SIGNAL.SIGSTOP && isOrphaned(process)) continue
        stopProcess(process, info.signal)
        return false
      case 'core':
      case 'terminate':
        exitGroup(process, info.signal)
        return false
    }
  }
}

/** The thread's own signals come before those of its process. */
function nextSignal(task: Task): SignalInfo | undefined {
  const own = task.pending.next(task.mask)
  if (own !== 0) return task.pending.take(own)
  const shared = task.process.pending.next(task.mask)
  return shared === 0 ? undefined : task.process.pending.take(shared)
}

const restoredMask = new SignalSet()

function handle(task: Task, info: SignalInfo, action: Action): boolean {
  const wait = task.endWait()
  if (wait !== undefined) interruptCall(task, wait, action)
  restoredMask.copy(task.savedMask ?? task.mask)
  if (!pushFrame(task, info, action, restoredMask)) return refuseFrame(task, info.signal)
  task.savedMask = undefined
  task.mask.setMask(task.mask.lo | action.maskLo, task.mask.hi | action.maskHi)
  if (!(action.flags & SA_NODEFER)) task.mask.add(info.signal)
  if (action.flags & SA_RESETHAND) task.process.actions.set(info.signal, { ...action, handler: SIG_DFL })
  return true
}

/**
 * There is no room for the frame: that is a fault of its own, which may have a handler on another
 * stack. If the fault itself finds no room, the process ends.
 */
function refuseFrame(task: Task, signal: number): boolean {
  if (signal === SIGNAL.SIGSEGV) {
    exitGroup(task.process, SIGNAL.SIGSEGV)
    return false
  }
  forceFault(task)
  return true
}

/** The call that was waiting ends as its kind says: with a result, EINTR, or a new start. */
function interruptCall(task: Task, wait: Wait, action: Action): void {
  const registers = task.thread.registers()
  const result = wait.interrupted?.()
  if (result === undefined && wait.interruption === 'restart' && action.flags & SA_RESTART) {
    registers.set(REGISTER.rax, task.nr)
    registers.set(REGISTER.rip, registers.get(REGISTER.rip) - 2)
  } else registers.set(REGISTER.rax, result ?? -EINTR)
  registers.set(REGISTER.orig_rax, -1)
  task.thread.changed()
}
