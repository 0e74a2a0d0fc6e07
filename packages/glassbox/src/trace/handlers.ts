/**
 * What a trace tells its handlers. They run where the tracer runs, synchronously, one after
 * another, while the tracee that they are told of is stopped.
 */
import type { Abi, Call, Outcome } from '../decode/types.ts'
import type { Subject } from './subject.ts'
import type { Tracee, TraceeAtEntry, TraceeAtExec, TraceeAtExit } from './tracee.ts'

/** Which thread stopped, and when; `timeNs` is CLOCK_MONOTONIC read when the tracer saw it. */
interface Stop {
  readonly tid: number
  readonly pid: number
  readonly timeNs: bigint
}

export interface EnteredCall extends Stop, Call {
  readonly abi: Abi
  /**
   * Of restart_syscall: the call that it goes on with, if that is known. Of a call that began
   * before the attaching only the number is.
   */
  readonly resumes?: Call
}

export interface LeftCall extends EnteredCall, Outcome {
  /** `timeNs` of the entry; of the attaching for a call that was being restarted then. */
  readonly enteredNs: bigint
  /** What a handler did to this call: skipped, result or arguments changed, delayed. */
  readonly tampered: boolean
}

export interface SignalStop extends Stop {
  readonly signal: number
  /** 128 bytes of siginfo_t. */
  readonly siginfo: Uint8Array
}

/**
 * Called in the worker, one after another, in the order in which the stops were seen. Each is
 * optional; what is not handled costs nothing beyond its stop. An error thrown by a handler ends
 * the trace and becomes its rejection.
 */
export interface TraceHandlers {
  /**
   * Whether `enter` and `exit` need no more of a call of x86-64 than what they are given: they
   * look at nothing of the tracee, and change nothing. Then the program may have run on when they
   * are called, a few milliseconds at most, and several calls are reported at a time. Without this
   * handler none is deferred.
   */
  mayDefer?(nr: number): boolean
  enter?(call: EnteredCall, tracee: TraceeAtEntry): void
  exit?(call: LeftCall, tracee: TraceeAtExit): void
  /**
   * Before delivery; the return value is delivered instead: another signal, 0 for none, nothing
   * for itself.
   */
  signal?(stop: SignalStop, tracee: Tracee): number | void
  groupStop?(stop: Stop & { readonly signal: number }, tracee: Tracee): void
  /** The call that it enters, asked for or not, is of another abi than its last one. */
  abiChanged?(stop: Stop & { readonly abi: Abi }): void
  /** A new thread or process, at its first stop. */
  newChild?(
    stop: Stop & {
      readonly child: number
      /** The process of the child: for a new thread that of its maker, else `child`. */
      readonly childPid: number
      readonly kind: 'fork' | 'vfork' | 'clone'
    },
    child: Subject,
  ): void
  /**
   * A thread of command line or of pids that were attached to, when it becomes traced; `attached`:
   * it ran before.
   */
  attached?(stop: Stop & { readonly attached: boolean }, subject: Subject): void
  /**
   * A pid that could not be attached to. If none could be, the trace is rejected with the first
   * error.
   */
  notAttached?(failure: { readonly pid: number; readonly error: Error }): void
  /**
   * The new program is in place, its first instruction not run. `formerTid`: another thread that
   * made the call and now has the tid of its leader.
   */
  exec?(stop: Stop & { readonly formerTid: number }, tracee: TraceeAtExec): void
  /**
   * The thread is about to end (PTRACE_EVENT_EXIT): memory can be read for the last time.
   * `insideCall`: it does not come back from one.
   */
  exiting?(stop: Stop & { readonly insideCall: boolean }, tracee: Tracee): void
  exited?(stop: Stop & { readonly code: number }): void
  killed?(stop: Stop & { readonly signal: number; readonly coreDumped: boolean }): void
  /** It is traced no more, and lives on. */
  detached?(stop: Stop & { readonly insideCall: boolean }): void
  /**
   * No tracee is left, or the trace was ended; nothing is called after it. What it returns is the
   * `data` of the trace's end.
   */
  end?(): unknown
  /**
   * The tracer is about to wait with nothing to do: a good moment to write out what was gathered.
   */
  idle?(): void
}

/**
 * A module of handlers: `export default (data, post) => handlers`. `post` sends a value to the
 * main thread, as `message` of the trace.
 */
export type HandlersModule = (
  data: unknown,
  post: (message: unknown) => void,
) => TraceHandlers | Promise<TraceHandlers>
