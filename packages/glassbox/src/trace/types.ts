/**
 * What a trace tells and what may be asked of a stopped thread. Words are those of ptrace(2): a tracee is one thread.
 *
 * A trace runs in a worker of its own. Handlers run there, synchronously, while the tracee that they are told about is stopped; the
 * events of the async iterable are made from the same stops, and arrive in the main thread in batches.
 */
import type { Abi, Call, Outcome, Value } from '../decode/types.ts'
import type { SignalName } from '../linux/signals.ts'

/** A stopped thread, as handlers see it. Valid only during the call of the handler that got it; memory may be gone at any step. */
export interface Tracee {
  readonly tid: number
  /** The process that it belongs to. */
  readonly pid: number
  readonly abi: Abi
  /** Up to `length` bytes at `address`; fewer, or none, where they cannot be read. The bytes are the caller's to keep only until the next read. */
  read(address: bigint, length: number): Uint8Array
  /** Writes all bytes, also over page protections (as a debugger does), or says how many could be written. */
  write(address: bigint, bytes: Uint8Array): number
  /** CPU time that the thread has used so far in the kernel and in user mode, from the wait status of this stop, in microseconds. */
  readonly systemTimeUs: number
  readonly userTimeUs: number
  /** The instruction pointer at this stop; -i. */
  readonly instructionPointer: bigint
  /** The words of struct user_regs_struct (sys/user.h) at this stop; `undefined` where the thread is gone. */
  registers(): BigUint64Array | undefined
  /** Lets it wait for so long before it goes on; others run meanwhile. */
  delay(microseconds: number): void
  /** A signal for this thread, delivered as it goes on. */
  signal(signal: number): void
  /** SIGKILL to its process. */
  kill(): void
}

/** At the entry of a call: what may be changed. */
export interface TraceeAtEntry extends Tracee {
  setArgument(index: number, value: bigint): void
  /** Another call instead, of the same arguments. */
  setNumber(nr: number): void
  /** The call is not made; its result will be `value`, or −errno. The exit handler sees it too. */
  skip(outcome: { readonly value: bigint } | { readonly errno: number }): void
}

/** At the first stop of a new program. */
export interface TraceeAtExec extends Tracee {
  /** Its process is traced no more, from here on; `detached` is called. Not with a filter, whose calls would fail. */
  detach(): void
}

export interface TraceeAtExit extends Tracee {
  setResult(outcome: { readonly value: bigint } | { readonly errno: number }): void
}

/** Where a stop happened; `timeNs` is CLOCK_MONOTONIC read when the tracer saw it. */
interface Stop {
  readonly tid: number
  readonly pid: number
  readonly timeNs: bigint
}

export interface EnteredCall extends Stop, Call {
  readonly abi: Abi
  /** restart_syscall: the call that it goes on with, where that is known; only its number where it began before the attaching. */
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
 * Called in the worker, one after another, in the order in which the stops were seen. Each is optional; what is not handled costs nothing
 * beyond its stop. An error thrown by a handler ends the trace and becomes its rejection.
 */
export interface TraceHandlers {
  /**
   * Do `enter` and `exit` take a call of x86-64 from what they are given alone: do they neither look at memory or anything else of the tracee, nor change
   * something? Then the program may have run on when they are called, a few milliseconds at most, and several calls are told at a time. Not, where left out.
   */
  mayRunOn?(nr: number): boolean
  enter?(call: EnteredCall, tracee: TraceeAtEntry): void
  exit?(call: LeftCall, tracee: TraceeAtExit): void
  /** Before delivery; the return value is delivered instead: another signal, 0 for none, nothing for itself. */
  signal?(stop: SignalStop, tracee: Tracee): number | void
  groupStop?(stop: Stop & { readonly signal: number }, tracee: Tracee): void
  /** The call that it enters, asked for or not, is of another abi than its last one. */
  abiChanged?(stop: Stop & { readonly abi: Abi }): void
  /** A new thread or process, at its first stop. */
  newChild?(stop: Stop & { readonly child: number; readonly kind: 'fork' | 'vfork' | 'clone' }): void
  /** A thread of command line or of pids that were attached to, when it becomes traced; `attached`: it ran before. */
  attached?(stop: Stop & { readonly attached: boolean }): void
  /** A pid that could not be attached to. Where none could, the trace is rejected with the first error. */
  notAttached?(failure: { readonly pid: number; readonly error: Error }): void
  /** The new program is in place, its first instruction not run. `formerTid`: another thread that made the call and now has the tid of its leader. */
  exec?(stop: Stop & { readonly formerTid: number }, tracee: TraceeAtExec): void
  /** The thread is about to end (PTRACE_EVENT_EXIT): memory can be read for the last time. `insideCall`: it does not come back from one. */
  exiting?(stop: Stop & { readonly insideCall: boolean }, tracee: Tracee): void
  exited?(stop: Stop & { readonly code: number }): void
  killed?(stop: Stop & { readonly signal: number; readonly coreDumped: boolean }): void
  /** It is traced no more, and lives on. */
  detached?(stop: Stop & { readonly insideCall: boolean }): void
  /** No tracee is left, or the trace was ended; nothing is called after it. What it returns is the `data` of the trace's end. */
  end?(): unknown
  /** The tracer is about to wait with nothing to do: a good moment to write out what was gathered. */
  idle?(): void
}

/** A module of handlers: `export default (data, post) => handlers`. `post` sends a value to the main thread, as `message` of the trace. */
export type HandlersModule = (
  data: unknown,
  post: (message: unknown) => void,
) => TraceHandlers | Promise<TraceHandlers>

/** A program to start under trace. */
export interface TraceCommand {
  readonly program: string
  readonly args?: readonly string[]
  /** argv[0], where it is not the program. */
  readonly argv0?: string
  /** The whole environment; variables that are undefined are left out. That of this process, if left out. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** -u: to run as; needs root. */
  readonly user?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }
  /** Descriptors of this process that become 0, 1 and 2. Ours, where left out. */
  readonly stdio?: readonly [number, number, number]
}

export interface TraceOptions {
  /** Threads and children too. true. */
  readonly follow?: boolean
  /** Only these calls stop (by name), where the command was started by us and seccomp can be had; else only these are told. All. */
  readonly syscalls?: readonly string[]
  /** A seccomp filter so that other calls never stop: needs `syscalls`. true where `follow` is. */
  readonly seccomp?: boolean
  readonly handlers?: { readonly module: string | URL; readonly data?: unknown }
  /** Which events the iterable gives. All, or none of them where only handlers work. */
  readonly events?: readonly TraceEvent['type'][] | 'none'
  /** Events that wait for the reader before the policy applies. 10 000. */
  readonly queue?: number
  /** A reader that does not keep up: the tracees wait for it, or events are dropped and counted in `dropped` of the next one. */
  readonly slowReader?: 'pause' | 'drop'
  /**
   * Keep tracer and tracee on one CPU while only one thread runs: 5–10 times as fast where a wake-up across CPUs is dear. The program does not see it.
   * With a filter only where `openat` is among the calls. Not for processes that were attached to. true.
   */
  readonly sameCpu?: boolean
  /** Tracees die with the tracer. true for a command, not possible for pids. */
  readonly killOnExit?: boolean
  /** Running processes to attach to beside the target. */
  readonly attach?: readonly number[]
  readonly signal?: AbortSignal
  /** Text and buffers of events are read up to so many bytes. 4096. */
  readonly bufferLimit?: number
}

interface EventBase {
  readonly pid: number
  readonly tid: number
  /** Counts the events of a trace from 0. */
  readonly seq: number
  /** CLOCK_REALTIME in nanoseconds. */
  readonly timeNs: bigint
  /** Events dropped since the one before, with `slowReader: 'drop'`. */
  readonly dropped?: number
}

interface CallEvent extends EventBase {
  readonly name: string
  readonly nr: number
  readonly abi: Abi
  /**
   * By the names of the man page and typed: `args.flags` (names), `args.buf` (bytes), `args.statbuf` (a record). The path of a call that has one is
   * `args.path`. What goes in is as it was at the entry; what the kernel fills in is there at the exit only.
   */
  readonly args: Readonly<Record<string, Value>>
  readonly rawArgs: readonly bigint[]
}

export type TraceEvent =
  | (CallEvent & { readonly type: 'syscall-enter' })
  | (CallEvent & {
      readonly type: 'syscall-exit'
      readonly result: number | bigint
      /** ENOENT; undefined where the call did not fail. */
      readonly errno?: string
      readonly durationNs: bigint
      readonly tampered: boolean
    })
  | (EventBase & { readonly type: 'signal'; readonly signal: SignalName; readonly senderPid?: number })
  | (EventBase & { readonly type: 'group-stop'; readonly signal: SignalName })
  | (EventBase & {
      readonly type: 'new-child'
      readonly child: number
      readonly kind: 'fork' | 'vfork' | 'clone'
    })
  | (EventBase & { readonly type: 'exec'; readonly formerTid: number; readonly path: string })
  | (EventBase & { readonly type: 'exit'; readonly code: number })
  | (EventBase & { readonly type: 'killed'; readonly signal: SignalName; readonly coreDumped: boolean })

/** How a trace ended. */
export interface TraceEnd {
  /** Of the command, or of the last pid that was attached to: one of the two, where it ended. */
  readonly exitCode?: number
  readonly signal?: SignalName
  /** What the `end` handler returned. */
  readonly data?: unknown
}

/**
 * A running trace: an async iterable of events (one reader) and a promise of its end. Where only the end is waited for, events are thrown away; where a
 * loop over them is left, the trace goes on unread.
 */
export interface Trace extends AsyncIterable<TraceEvent>, PromiseLike<TraceEnd>, AsyncDisposable {
  /** Of the command, or the first that was attached to; as soon as it is known. */
  readonly pid: Promise<number>
  /** What a handlers module posts. */
  onMessage(listener: (message: unknown) => void): void
  /** Lets all tracees go and ends the trace; a stopped process stays stopped. A command that we started gets SIGTERM and SIGCONT, as strace does it, unless `keep`. */
  detach(options?: { readonly keep?: boolean }): Promise<TraceEnd>
  /** SIGKILL to all tracees. */
  kill(): Promise<TraceEnd>
}
