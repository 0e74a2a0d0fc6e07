/**
 * A tracee as the engine keeps it: one thread, from the first stop that was seen to its end. The
 * engine owns the table; handlers see a `StoppedTracee` instead.
 */
import type { Abi, Call } from '../decode/types.ts'
import type { EnteredCall } from '../trace/handlers.ts'

/** A call that was entered and has not been left. */
export interface OpenCall {
  readonly entered: EnteredCall
  /** Hidden from handlers: not among the calls that were asked for, or made for the tracer. */
  readonly hidden: boolean
  tampered: boolean
  /** What the register is to hold when it comes back, if a handler skipped the call. */
  forced: bigint | undefined
}

export class Task {
  readonly tid: number
  /** The process: changes never but for the thread of an execve, which is made anew. */
  readonly pid: number
  abi: Abi = 'x86_64'
  call: OpenCall | undefined
  /** The number and arguments of the call before: what a restart_syscall goes on with. */
  last: Call | undefined
  /** A command that is not yet itself: all that it does before its first execve is hidden. */
  launching: 'waits' | 'ready' | undefined
  /** Seized while it ran, and not stopped since. */
  attaching = false
  /** It, or the child that it is, may have to be given back what birth-guard.ts took. */
  guarded = false
  /** In a group-stop that was left to be one: it stands, though it was restarted. */
  listening = false
  /**
   * It, or a process that it comes from, ran before it was traced: it is to live on unharmed even
   * if the tracer is killed, and stays on the CPUs where it is.
   */
  isAttached = false
  /**
   * When it was restarted into user mode, ns; 0 if it is not there. Only kept where it may be
   * moved.
   */
  restartedNs = 0n

  constructor(tid: number, pid: number) {
    this.tid = tid
    this.pid = pid
  }

  /**
   * A thread executed a program and has the id of its leader from now on: everything else is as it
   * was.
   */
  becomes(former: Task): void {
    this.abi = former.abi
    this.call = former.call
    this.last = former.last
    this.isAttached = former.isAttached
  }
}
