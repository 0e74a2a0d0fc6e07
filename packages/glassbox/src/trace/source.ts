/**
 * A source of traces as the strace command sees it: whatever can run a program, or find one that
 * runs, and tell handlers of it. The command is given one; it knows none by name.
 */
import type { SignalName } from '../linux/signals.ts'
import type { TraceHandlers } from './handlers.ts'
import type { TraceCommand, TraceOptions } from './options.ts'
import type { TraceEnd } from './trace.ts'

/**
 * What a signal to the tracer, or a handler, does to the trace. `tell`: nothing but `onSignal`.
 */
export type TraceEffect = 'tell' | 'detach' | 'keep' | 'kill'

/** A process that waits to become the command, and the socket to it. */
export interface WaitingProcess {
  readonly pid: number
  readonly socket: number
}

/**
 * Where a tracer stands that is no parent of the command: beside it, in a process group or a
 * session of its own.
 */
export type Detachment = 'grandchild' | 'pgroup' | 'session'

export type SyncOptions = Pick<
  TraceOptions,
  'follow' | 'syscalls' | 'seccomp' | 'sameCpu' | 'killOnExit' | 'attach'
> & {
  readonly handlers: TraceHandlers
  /** The process that is to become the command, if none is to be started for it. */
  readonly waiting?: WaitingProcess
  /** The first process of the trace, before it does anything. */
  readonly onPid?: (pid: number) => void
  /** What a signal to this process does to the trace. Others have their effect on this process. */
  readonly signals?: Readonly<Partial<Record<SignalName, TraceEffect>>>
  readonly onSignal?: (signal: SignalName) => void
  /** Gives a way to have the same effects from within a handler. */
  readonly onCommands?: (send: (effect: TraceEffect) => void) => void
}

export interface TraceSource {
  /** Traces in the calling thread, which is blocked to the end of the trace. */
  traceSync(target: TraceCommand | number | readonly number[], options: SyncOptions): TraceEnd
  readonly daemonize: Daemonizer
}

/**
 * strace's -D: the process that the user started becomes the command, and another one traces it.
 */
export interface Daemonizer {
  /**
   * Starts the tracer and becomes what it traces. Returns only if the tracer could not begin,
   * which has said why.
   */
  becomeTraced(how: Detachment): void
  /** In the tracer: what it was started to trace. `undefined` in any other process. */
  tracedProcess(): WaitingProcess | undefined
  /** In the tracer: tells that process that it may go on, and waits until it can be traced. */
  handshake(waiting: WaitingProcess): void
}
