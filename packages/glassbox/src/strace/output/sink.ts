/**
 * What each output of the command is: it hears of calls that were selected, and of everything that
 * happens to tracees. As the handlers of a trace, but with what the command knows of the tracee.
 */
import type { EnteredCall, LeftCall, SignalStop } from '../../trace/handlers.ts'
import type { Tracee, TraceeAtEntry, TraceeAtExit } from '../../trace/tracee.ts'
import type { Subject } from '../../trace/subject.ts'
import type { TraceeState } from '../tracee-state.ts'

export interface Sink {
  /** As in TraceHandlers, of its own `enter` and `exit`. */
  mayDefer?(nr: number): boolean
  enter?(state: TraceeState, call: EnteredCall, tracee: TraceeAtEntry): void
  exit?(state: TraceeState, call: LeftCall, tracee: TraceeAtExit): void
  signal?(state: TraceeState, stop: SignalStop, tracee: Tracee): void
  groupStop?(state: TraceeState, signal: number, timeNs: bigint, tracee: Tracee): void
  /** `parent`: it is a child that was followed. */
  started?(state: TraceeState, timeNs: bigint, parent: TraceeState | undefined, subject: Subject): void
  /**
   * `former`: the thread that made the call, if that was not the leader; `state` goes on under
   * the leader's tid.
   */
  exec?(state: TraceeState, timeNs: bigint, former: TraceeState | undefined, subject: Subject): void
  exiting?(state: TraceeState, timeNs: bigint, insideCall: boolean, tracee: Tracee): void
  /** `state.abi` is another than that of its last call. */
  abiChanged?(state: TraceeState, timeNs: bigint): void
  exited?(state: TraceeState, timeNs: bigint, code: number): void
  killed?(state: TraceeState, timeNs: bigint, signal: number, coreDumped: boolean): void
  detached?(state: TraceeState, timeNs: bigint): void
  end?(): void
  /** Nothing happens at the moment: what was gathered may be written. */
  idle?(): void
}
