/**
 * A tracee as the engine keeps it: one thread, from the first stop that was seen to its end. The
 * engine owns the table. Handlers see a `StoppedTracee` instead.
 */
import type { Abi, Call } from '../decode/types.ts'
import type { EnteredCall } from '../trace/handlers.ts'

/** A call that was entered and has not returned yet. */
export interface OpenCall {
  readonly entered: EnteredCall
  /** Hidden from handlers: the call was not asked for, or was made for the tracer. */
  readonly hidden: boolean
  tampered: boolean
  /** The value that the result register must have at the exit, if a handler skipped the call. */
  forced: bigint | undefined
}

export class Task {
  readonly tid: number
  /** The process. It never changes, except that the thread of an execve gets a new task. */
  readonly pid: number
  abi: Abi = 'x86_64'
  call: OpenCall | undefined
  /** The number and arguments of the previous call: the call that a restart_syscall resumes. */
  last: Call | undefined
  /**
   * A launcher that has not become the command yet: all that it does before its first execve is
   * hidden.
   */
  launching: 'waits' | 'ready' | undefined
  /** Seized while it ran, and not stopped since. */
  attaching = false
  /** This thread, or the child that it is, may have to get back what birth-guard.ts took. */
  guarded = false
  /** In a group-stop that was left in place: the thread is stopped, although it was restarted. */
  listening = false
  /**
   * The thread, or an ancestor of it, ran before it was traced. It must survive unharmed even if
   * the tracer is killed, and it stays on the CPUs on which it runs.
   */
  isAttached = false
  /**
   * When it was restarted into user mode, in ns; 0 if it is not there. Kept only if the thread
   * may be moved.
   */
  restartedNs = 0n

  constructor(tid: number, pid: number) {
    this.tid = tid
    this.pid = pid
  }

  /**
   * A thread executed a program and now has the id of its leader. Everything else stays as it
   * was.
   */
  becomes(former: Task): void {
    this.abi = former.abi
    this.call = former.call
    this.last = former.last
    this.isAttached = former.isAttached
  }
}
