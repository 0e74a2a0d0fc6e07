/**
 * A trace that runs in this thread, as the worker that carries it sees it. The source of the trace
 * makes it.
 */
import type { Abi } from '../decode/types.ts'
import type { Control } from './control.ts'
import type { Ended } from './end.ts'
import type { TraceHandlers } from './handlers.ts'

export interface SessionHooks {
  readonly handlers: TraceHandlers
  readonly control: Control
  /** Which calls handlers are told of. All, if it is left out. */
  readonly isWanted?: (abi: Abi, nr: number) => boolean
  readonly beforeWait?: () => void
  readonly onSignal?: (signal: number) => void
  /** The first process of the trace. */
  readonly onPid: (pid: number) => void
  /** An adopted child is traced: it may go on. */
  readonly onSeized?: () => void
}

export interface TraceSession {
  /** Runs to the end of the trace; how its first process ended, if it did. */
  run(): Ended | undefined
}

/** Makes a session by a description that is plain data: it comes from another thread. */
export type OpenSession<Spec> = (spec: Spec, hooks: SessionHooks) => TraceSession
