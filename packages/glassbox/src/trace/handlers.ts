/**
 * The handlers of a trace. They run in the tracer's thread, synchronously, one after another,
 * while the tracee in question is stopped.
 */
import type { NameTable } from '../decode/lanes/name-table.ts'
import type { Planned } from '../decode/lanes/plan.ts'
import type { Abi, Call, Outcome } from '../decode/types.ts'
import type { Subject } from './subject.ts'
import type { Tracee, TraceeAtEntry, TraceeAtExec, TraceeAtExit } from './tracee.ts'

/**
 * Which thread stopped, and when. `timeNs` is CLOCK_MONOTONIC, in nanoseconds, read when the
 * tracer saw the stop.
 */
interface Stop {
  readonly tid: number
  readonly pid: number
  readonly timeNs: bigint
}

/** A call at its entry. */
export interface EnteredCall extends Stop, Call {
  readonly abi: Abi
  /**
   * For restart_syscall: the call that it resumes, if that is known. If that call began before
   * the trace attached, only its number is known.
   */
  readonly resumes?: Call
}

/** A call at its exit. */
export interface LeftCall extends EnteredCall, Outcome {
  /**
   * `timeNs` of the entry. For a call that was being restarted when the trace attached: the time
   * of the attach.
   */
  readonly enteredNs: bigint
  /**
   * Whether a handler changed this call: skipped it, changed its result or arguments, or delayed
   * it.
   */
  readonly tampered: boolean
}

/** A signal that is about to be delivered. */
export interface SignalStop extends Stop {
  readonly signal: number
  /** The 128 bytes of siginfo_t. */
  readonly siginfo: Uint8Array
}

/** What a line begins with: nothing, `123   `, or `[pid   123] `. */
export type LinePrefix = 'none' | 'tid' | 'brackets'

/** What an event as JSON has beside its call. */
export interface EventNumbers {
  /** The number of the next event. */
  readonly sequence: number
  /** When the first event was, in ns of CLOCK_MONOTONIC. */
  readonly firstNs: bigint
  /** What makes such a time the time of day. */
  readonly offsetNs: bigint
}

/** What lines have besides the text of their call. */
export interface LineForm {
  /** The column of `= result`. */
  readonly columns: number
  /** They begin with the time: of day, or since the epoch. `offsetNs`: as in EventNumbers. */
  readonly clock?: { readonly format: 'day' | 'unix'; readonly digits: number; readonly offsetNs: bigint }
  /** They begin with the time since the line before, with so many digits of a second. */
  readonly relative?: number
  /** They begin with the number of the call. */
  readonly numbered?: boolean
  /** They begin with the instruction pointer. */
  readonly pointed?: boolean
  /** They end with the time that the call took, with so many digits of a second. */
  readonly timed?: number
  /** Calls that end like this are not shown. */
  readonly hidden?: readonly ('successful' | 'failed')[]
  /** Each thread has a file of its own, so no line interrupts that of another thread. */
  readonly separate?: boolean
}

/** How the lines of the next stops begin. */
export interface NextLines {
  readonly prefix: LinePrefix
  /** Seconds that local time is ahead of UTC. */
  readonly zone?: number
  /** When the last line began; 0 if there was none. */
  readonly lastNs?: bigint
}

/** Lines of one thread (of any, if they go to one file and have no times). */
export interface ToldLines {
  /** Whole lines, and first and last parts of lines. The bytes are valid during the call. */
  readonly text: Uint8Array
  /** How many calls have ended in them, and are shown. */
  readonly count: number
  readonly tid: number
  /** When the last one began. */
  readonly lastNs: bigint
}

/** Takes lines that the tracer made of calls, by the programs of their plans. */
export interface LineTaker {
  readonly form: LineForm
  /** Called once, before the first line. Names that the table lacks are to be taught. */
  useTable(table: NameTable): void
  next(): NextLines
  /**
   * The entry of this call was told by lines; the rest will not be. `column`: the length of its
   * open line, or 0 if it ended as `<unfinished ...>`.
   */
  entered(call: EnteredCall, column: number): void
  /**
   * For lines that are events as JSON: how the next ones are numbered; `undefined` until there
   * was a first one.
   */
  numbers?(): EventNumbers | undefined
  /** Lines are told in the order of the stops. */
  lines(told: ToldLines): void
}

/**
 * Handlers are called in the worker, one after another, in the order in which the stops were
 * seen. Each is optional; one that is absent costs nothing beyond its stop. An error that a
 * handler throws ends the trace and rejects it.
 *
 * @example
 *     export default () => ({ exit: call => console.error(call.nr, call.value) })
 */
export interface TraceHandlers {
  /**
   * Declares that `enter` and `exit` need only their argument `call` for this call of x86-64:
   * they do not look at the tracee and change nothing. The program may then have run on when they
   * are called, a few milliseconds later at most, for several calls at a time. Without this
   * handler no call is deferred.
   */
  mayDefer?(nr: number): boolean
  /**
   * Like `mayDefer`, for a call of which the handlers also read memory: says which. What they read
   * then is what the memory held at the stop. `undefined`: the thread waits for its handlers.
   */
  plan?(nr: number): Planned | undefined
  /** Takes lines of whole calls, which are then not told otherwise. */
  readonly lines?: LineTaker
  /** A thread enters a call. */
  enter?(call: EnteredCall, tracee: TraceeAtEntry): void
  /** A call returned. */
  exit?(call: LeftCall, tracee: TraceeAtExit): void
  /**
   * Called before a signal is delivered. The returned signal is delivered instead; 0 delivers
   * none, and undefined delivers the original.
   */
  signal?(stop: SignalStop, tracee: Tracee): number | void
  /** A process was stopped by a signal. */
  groupStop?(stop: Stop & { readonly signal: number }, tracee: Tracee): void
  /**
   * The call that the thread enters (even one that was not asked for) has another ABI than its
   * previous one.
   */
  abiChanged?(stop: Stop & { readonly abi: Abi }): void
  /** A new thread or process, at its first stop. */
  newChild?(
    stop: Stop & {
      readonly child: number
      /** The process of the child: for a new thread, the process of its creator; else `child`. */
      readonly childPid: number
      readonly kind: 'fork' | 'vfork' | 'clone'
    },
    child: Subject,
  ): void
  /**
   * A thread of the command, or of a process that was attached to, becomes traced. `attached`: it
   * was already running.
   */
  attached?(stop: Stop & { readonly attached: boolean }, subject: Subject): void
  /**
   * A process that could not be attached to. If no process could be, the trace is rejected with
   * the first error.
   */
  notAttached?(failure: { readonly pid: number; readonly error: Error }): void
  /**
   * The new program is loaded and has not run its first instruction. `formerTid`: the id that the
   * calling thread had before; it differs from `tid` if the caller was not the leader.
   */
  exec?(stop: Stop & { readonly formerTid: number }, tracee: TraceeAtExec): void
  /**
   * The thread is about to end (PTRACE_EVENT_EXIT): its memory can be read for the last time.
   * `insideCall`: it ends inside a call that does not return.
   */
  exiting?(stop: Stop & { readonly insideCall: boolean }, tracee: Tracee): void
  /** A thread ended with this exit code. */
  exited?(stop: Stop & { readonly code: number }): void
  /** A thread was killed by this signal. */
  killed?(stop: Stop & { readonly signal: number; readonly coreDumped: boolean }): void
  /** The thread is no longer traced, and lives on. */
  detached?(stop: Stop & { readonly insideCall: boolean }): void
  /**
   * No tracee is left, or the trace was ended. No handler is called after this. The return value
   * becomes the `data` of the trace's end.
   */
  end?(): unknown
  /** The tracer is idle and about to wait: a good moment to write out gathered data. */
  idle?(): void
}

/**
 * A module of handlers: `export default (data, post) => handlers`. `post` sends a value to the
 * main thread, where the listeners of `onMessage` receive it.
 */
export type HandlersModule = (
  data: unknown,
  post: (message: unknown) => void,
) => TraceHandlers | Promise<TraceHandlers>
