/**
 * The interface of each output of the command. A sink is called for the selected calls and for
 * everything that happens to tracees. It resembles the handlers of a trace, but also gets what
 * the command knows about the tracee.
 */
import type { Planned } from '../../decode/lanes/plan.ts'
import type { EnteredCall, LeftCall, LineTaker, SignalStop } from '../../trace/handlers.ts'
import type { Tracee, TraceeAtEntry, TraceeAtExit } from '../../trace/tracee.ts'
import type { Subject } from '../../trace/subject.ts'
import type { TraceeState } from '../tracee-state.ts'

export interface Sink {
  /** As in TraceHandlers, for the sink's own `enter` and `exit`. */
  mayDefer?(nr: number): boolean
  /** As in TraceHandlers: what `enter` and `exit` read. */
  plan?(nr: number): Planned | undefined
  /** As in TraceHandlers, if this is the only output that shows calls. */
  lines?(state: (tid: number) => TraceeState | undefined): LineTaker | undefined
  enter?(state: TraceeState, call: EnteredCall, tracee: TraceeAtEntry): void
  exit?(state: TraceeState, call: LeftCall, tracee: TraceeAtExit): void
  signal?(state: TraceeState, stop: SignalStop, tracee: Tracee): void
  groupStop?(state: TraceeState, signal: number, timeNs: bigint, tracee: Tracee): void
  /** `parent`: the tracee is a child of it that was followed. */
  started?(state: TraceeState, timeNs: bigint, parent: TraceeState | undefined, subject: Subject): void
  /**
   * `former`: the thread that made the call, if that was not the leader. `state` goes on under
   * the leader's tid.
   */
  exec?(state: TraceeState, timeNs: bigint, former: TraceeState | undefined, subject: Subject): void
  exiting?(state: TraceeState, timeNs: bigint, insideCall: boolean, tracee: Tracee): void
  /** `state.abi` differs from that of the previous call. */
  abiChanged?(state: TraceeState, timeNs: bigint): void
  exited?(state: TraceeState, timeNs: bigint, code: number): void
  killed?(state: TraceeState, timeNs: bigint, signal: number, coreDumped: boolean): void
  detached?(state: TraceeState, timeNs: bigint): void
  end?(): void
  /** Nothing happens at the moment, so gathered text may be written. */
  idle?(): void
}
