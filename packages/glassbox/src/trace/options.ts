/** What is traced, and how. */
import type { TraceEvent } from './events.ts'

/** A program to start under trace. */
export interface TraceCommand {
  readonly program: string
  readonly args?: readonly string[]
  /** argv[0], if it is not the program. */
  readonly argv0?: string
  /**
   * The whole environment; variables that are undefined are left out. That of this process, if it
   * is left out.
   */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
  /** -u: to run as; needs root. */
  readonly user?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }
  /** Descriptors of this process that become 0, 1 and 2. By default 0, 1 and 2. */
  readonly stdio?: readonly [number, number, number]
}

export interface TraceOptions {
  /** Threads and children too. true. */
  readonly follow?: boolean
  /**
   * Only these calls are reported, by name. With a filter (`seccomp`) only these stop. Default:
   * all.
   */
  readonly syscalls?: readonly string[]
  /**
   * A seccomp filter so that other calls never stop: needs `syscalls`, and a command that is
   * started for the trace. Default: true if `follow` is.
   */
  readonly seccomp?: boolean
  readonly handlers?: { readonly module: string | URL; readonly data?: unknown }
  /** Which events the iterable gives. Default: all; none if there are handlers. */
  readonly events?: readonly TraceEvent['type'][] | 'none'
  /** Events that wait for the reader before the policy applies. 10 000. */
  readonly queue?: number
  /**
   * A reader that does not keep up: the tracees wait for it, or events are dropped and counted in
   * `dropped` of the next one.
   */
  readonly slowReader?: 'pause' | 'drop'
  /**
   * Keep tracer and tracee on one CPU while only one thread runs: 5–10 times as fast if a wake-up
   * across CPUs is expensive. The program does not see it. With a filter only if `openat` is among
   * the calls. Not for processes that were attached to. true.
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
