/** A trace that runs in this thread, as the worker sees it. The source of the trace makes it. */
import type { Abi } from '../decode/types.ts'
import type { Control } from './control.ts'
import type { Ended } from './end.ts'
import type { TraceHandlers } from './handlers.ts'

export interface SessionHooks {
  readonly handlers: TraceHandlers
  readonly control: Control
  /** Which calls handlers are called for. Default: all. */
  readonly isWanted?: (abi: Abi, nr: number) => boolean
  readonly beforeWait?: () => void
  readonly onSignal?: (signal: number) => void
  /** Called with the first process of the trace. */
  readonly onPid: (pid: number) => void
  /** An adopted child is traced now and may continue. */
  readonly onSeized?: () => void
}

export interface TraceSession {
  /**
   * Runs to the end of the trace. Returns how its first process ended, if it did. A promise, if
   * the source of the trace needs turns of Node.
   */
  run(): Ended | undefined | Promise<Ended | undefined>
}

/** Makes a session from a description that is plain data, because it comes from another thread. */
export type OpenSession<Spec> = (spec: Spec, hooks: SessionHooks) => TraceSession
