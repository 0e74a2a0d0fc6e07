/**
 * The loop of a trace as its parts see it: what they may ask and tell. `engine.ts` is the loop.
 */
import type { Abi } from '../decode/types.ts'
import type { Control } from '../trace/control.ts'
import type { CpuAffinity } from './cpu-affinity/cpu-affinity.ts'
import type { Records } from './record.ts'
import type { StopKind } from './stop.ts'
import type { StoppedTracee } from './tracee/stopped-tracee.ts'
import type { Task } from './task.ts'
import type { TraceHandlers } from '../trace/handlers.ts'

export interface LoopOptions {
  readonly handlers: TraceHandlers
  readonly control: Control
  readonly follow: boolean
  /**
   * Tracees carry a filter that stops only what is to be seen: between those stops they run
   * freely.
   */
  readonly filtered: boolean
  /** Tracer and tracee may share a CPU. */
  readonly sameCpu: boolean
  /** Which calls handlers are told of. All, if it is left out. */
  readonly isWanted?: (abi: Abi, nr: number) => boolean
  /** Called before each wait: a place for back-pressure. */
  readonly beforeWait?: () => void
  /**
   * For a loop that holds up the main thread: signals that came, for which a wake was installed.
   */
  readonly onSignal?: (signal: number) => void
}

/** Sees each stop before all others, and may keep it to itself: true. */
export type Interceptor = (
  task: Task | undefined,
  tid: number,
  kind: StopKind,
  status: number,
  index: number,
) => boolean

export interface Loop {
  readonly options: LoopOptions
  readonly handlers: TraceHandlers
  readonly records: Records
  readonly stopped: StoppedTracee
  /** None if tracees are left on the CPUs where they are. */
  readonly affinity: CpuAffinity | undefined
  /** By tid. */
  readonly tasks: Map<number, Task>
  /** A command whose first execve is under way. */
  firstCall: Task | undefined
  /** Set while the trace is being ended. */
  intercept: Interceptor | undefined

  add(task: Task): void
  /** A tracee is traced no more. */
  forget(tid: number): void
  /** From now on there is no tracee. */
  abandon(): void
  /** Restarts it in the way that fits its stop. `signal`: to be delivered. */
  resume(task: Task, signal?: number): void
  /** Restarts it as its handler asked. */
  resumeAsAsked(task: Task, timeNs: bigint): void
  /** Restarts what a handler delays, now. */
  releaseDelayed(): void
  /** It is about to make a child by clone3, and nothing looks at it any more before it does. */
  guard(task: Task): void
  /** Did any tracee make a child by clone3? */
  readonly hasGuarded: boolean
  /** Calls back at that time of CLOCK_MONOTONIC. */
  at(timeNs: bigint, callback: () => void): void
  /** Tracees that stand still and have no entry in the table yet. */
  held(): readonly number[]
  /** How the first execve of a command ended: 0, or the errno. */
  firstCallLeft(errno: number): void
  stopOf(task: Task, index: number): { tid: number; pid: number; timeNs: bigint }
  /** From now on every call comes to the tracer, whether or not it was asked for. */
  deferNothing(): void
}
