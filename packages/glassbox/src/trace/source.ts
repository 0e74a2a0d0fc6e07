/**
 * A source of traces as the strace command sees it: it starts a program or finds a running one,
 * and calls handlers with what the program does. The command is given a source and does not know
 * any by name.
 */
import type { SignalName } from '../linux/signals.ts'
import type { TraceHandlers } from './handlers.ts'
import type { TraceCommand, TraceOptions } from './options.ts'
import type { TraceEnd } from './trace.ts'

/** What a signal to the tracer, or a handler, does to the trace. `tell` only calls `onSignal`. */
export type TraceEffect = 'tell' | 'detach' | 'keep' | 'kill'

/** A process that waits to become the command, and the socket to it. */
export interface WaitingProcess {
  readonly pid: number
  readonly socket: number
}

/**
 * How a tracer runs that is not the parent of the command: as a grandchild, in its own process
 * group or in its own session.
 */
export type Detachment = 'grandchild' | 'pgroup' | 'session'

/** What a command gets of the process that started the tracer, which the tracer itself lost. */
export interface Inherited {
  /** Open descriptors, which keep their numbers. Without 0, 1 or 2 that one is closed. */
  readonly descriptors: readonly number[]
  /** Masks of signals: bit 0 is signal 1. */
  readonly blocked: bigint
  readonly ignored: bigint
}

export type SyncOptions = Pick<
  TraceOptions,
  'follow' | 'syscalls' | 'seccomp' | 'sameCpu' | 'killOnExit' | 'attach'
> & {
  readonly handlers: TraceHandlers
  /** Whether calls without a name are reported beside `syscalls`. A filter lets them pass. */
  readonly nameless?: boolean
  /** The process that will become the command, if the trace must not start one. */
  readonly waiting?: WaitingProcess
  /** Default: only 0, 1 and 2 are open, no signal is blocked or ignored. */
  readonly inherited?: Inherited
  /** Called with the first process of the trace, before that does anything. */
  readonly onPid?: (pid: number) => void
  /** What a signal to this process does to the trace. Other signals have their normal effect. */
  readonly signals?: Readonly<Partial<Record<SignalName, TraceEffect>>>
  readonly onSignal?: (signal: SignalName) => void
  /** Passes a function by which a handler can cause the same effects. */
  readonly onCommands?: (send: (effect: TraceEffect) => void) => void
}

export interface TraceSource {
  /** Traces in the calling thread, which is blocked until the trace ends. */
  traceSync(target: TraceCommand | number | readonly number[], options: SyncOptions): TraceEnd
  readonly daemonizer: Daemonizer
}

/**
 * strace's -D: the process that the user started becomes the command, and another process traces
 * it.
 */
export interface Daemonizer {
  /**
   * Starts the tracer and becomes the traced process. Returns only if the tracer could not begin;
   * the tracer has then reported why.
   */
  daemonize(how: Detachment, inherited?: Inherited): void
  /** In the tracer: the process that it was started to trace. `undefined` in any other process. */
  tracedProcess(): WaitingProcess | undefined
  /** In the tracer: tells that process that it may continue, and waits until it can be traced. */
  handshake(waiting: WaitingProcess): void
}
