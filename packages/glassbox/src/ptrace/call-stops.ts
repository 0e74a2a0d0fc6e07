/**
 * Entries and exits of calls. PTRACE_GET_SYSCALL_INFO says whether a stop is an entry or an exit,
 * and through which ABI the call was made. An exit has no call number, so the number of the entry
 * is kept until then.
 */
import { numbersOf, X32_BIT } from '../linux/abi.ts'
import { i386Number } from '../linux/i386.ts'
import { AUDIT_ARCH_I386 } from '../linux/constants.ts'
import { SYSCALL_INFO } from '../linux/ptrace.ts'
import type { Abi } from '../decode/types.ts'
import type { Loop } from './loop.ts'
import type { StopKind } from './stop.ts'
import type { Task } from './task.ts'
import { keepTraced, needsGuard } from './tracee/birth-guard.ts'
import { makesUserFaults } from './tracee/user-faults.ts'
import type { EnteredCall } from '../trace/handlers.ts'

const EXECVE = numbersOf('execve')
const EXECVEAT = numbersOf('execveat')
const RESTART_SYSCALL = numbersOf('restart_syscall')
const RT_SIGRETURNS = numbersOf('rt_sigreturn')
const SIGRETURN = i386Number('sigreturn')

const isExecute = (abi: Abi, nr: number): boolean => nr === EXECVE[abi] || nr === EXECVEAT[abi]

export class CallStops {
  readonly #loop: Loop

  constructor(loop: Loop) {
    this.#loop = loop
  }

  handle(task: Task, index: number, kind: StopKind): void {
    const op = this.#loop.records.op(index)
    if (op === SYSCALL_INFO.entry || op === SYSCALL_INFO.seccomp) this.#enter(task, index, kind)
    else if (op === SYSCALL_INFO.exit) this.#leave(task, index)
    else this.#loop.resume(task)
  }

  #enter(task: Task, index: number, kind: StopKind): void {
    const loop = this.#loop
    const { records, options, handlers } = loop
    // Either the filter's stop of a call whose entry was already seen, or a step of the launcher.
    if ((kind === 'seccomp' && task.call) || task.launching === 'waits') {
      loop.resume(task)
      return
    }
    const register = records.number(index)
    const abi = abiOf(records.arch(index), register)
    const nr = abi === 'x32' ? register & ~X32_BIT : register | 0
    const args = records.args(index)
    if (task.abi !== abi) handlers.abiChanged?.({ ...loop.stopOf(task, index), abi })
    task.abi = abi
    if (loop.isDeferred) {
      this.#enterDeferred(task, index, nr, args)
      return
    }
    if (abi === 'x86_64') loop.lanes.saw(nr)
    // The return to 64 bits must be seen too, and any call may be the first one there.
    if (abi !== 'x86_64') loop.deferNothing()
    const first = task.launching !== undefined
    if (first && !isExecute(abi, nr)) {
      loop.resume(task)
      return
    }
    if (first) {
      task.launching = undefined
      loop.firstCall = task
      const stop = { ...loop.stopOf(task, index), attached: false }
      handlers.attached?.(stop, loop.stopped.at(task, index))
    }
    const stopped = loop.stopped.at(task, index)
    if (makesUserFaults(abi, nr, args)) loop.pagesMayBeMissing()
    if (options.follow) keepTraced(abi, nr, args, stopped)
    const guards = options.follow && !task.isAttached && needsGuard(abi, nr)
    const observes = loop.affinity?.beforeCall(task, nr, args, stopped) ?? false
    const hidden = options.isWanted !== undefined && !options.isWanted(abi, nr)
    if (hidden && options.filtered && !first && !observes && !guards) {
      loop.resume(task)
      return
    }
    const { tid, pid } = task
    const call = { tid, pid, timeNs: records.timeNs(index), nr, args, abi }
    if (nr === RT_SIGRETURNS[abi] || (nr === SIGRETURN && abi === 'i386'))
      Object.assign(call, { stackPointer: records.stackPointer(index) })
    const entered: EnteredCall =
      nr === RESTART_SYSCALL[abi] && task.last ? { ...call, resumes: task.last } : call
    task.call = { entered, hidden, tampered: false, forced: undefined }
    if (!hidden) handlers.enter?.(entered, stopped)
    if (guards) loop.guard(task)
    loop.resumeAsAsked(task, entered.timeNs)
  }

  /** The plan of the call says that the tracer need not see it. */
  #enterDeferred(task: Task, index: number, nr: number, args: readonly bigint[]): void {
    const loop = this.#loop
    const { tid, pid } = task
    const call: EnteredCall = { tid, pid, timeNs: loop.records.timeNs(index), nr, args, abi: 'x86_64' }
    const entered = nr === RESTART_SYSCALL.x86_64 && task.last ? { ...call, resumes: task.last } : call
    task.call = { entered, hidden: false, tampered: false, forced: undefined }
    loop.handlers.enter?.(entered, loop.stopped.at(task, index))
    loop.resume(task)
  }

  #leave(task: Task, index: number): void {
    const loop = this.#loop
    const { call } = task
    task.call = undefined
    if (!call) {
      loop.resume(task)
      return
    }
    const { records, handlers } = loop
    const { entered, hidden, forced } = call
    const stopped = loop.stopped.at(task, index)
    if (forced !== undefined) stopped.force(forced)
    const value = forced ?? records.result(index)
    const failed = forced === undefined ? records.isError(index) : forced < 0n && forced >= -4095n
    if (entered.nr !== RESTART_SYSCALL[entered.abi]) task.last = entered
    if (!hidden && handlers.exit) {
      // Spelled out, because this runs for every call and a spread costs more than the rest of
      // it.
      const { nr, args, abi, timeNs: enteredNs, resumes } = entered
      // From the task: the leader exits an execve, whichever thread entered it.
      const { tid, pid } = task
      const { tampered } = call
      const timeNs = records.timeNs(index)
      const left = { tid, pid, timeNs, nr, args, abi, enteredNs, value, failed, tampered }
      handlers.exit(resumes ? { ...left, resumes } : left, stopped)
    }
    if (loop.firstCall === task) loop.firstCallLeft(failed ? Number(-value) : 0)
    loop.resumeAsAsked(task, records.timeNs(index))
  }
}

function abiOf(arch: number, number: number): Abi {
  if (arch === AUDIT_ARCH_I386) return 'i386'
  // −1 and similar numbers have the bit of x32 and all others set. They are not calls.
  return (number & X32_BIT) !== 0 && number < 0x80000000 ? 'x32' : 'x86_64'
}
