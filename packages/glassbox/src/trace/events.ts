/**
 * The events of a trace, as its async iterable yields them: plain data, made from the same stops
 * that handlers see.
 */
import type { Abi, Value } from '../decode/types.ts'
import type { SignalName } from '../linux/signals.ts'

interface EventBase {
  /** Process id, in the PID namespace of the tracer. */
  readonly pid: number
  /** Thread id, in the PID namespace of the tracer. */
  readonly tid: number
  /** Numbers the events of a trace from 0. */
  readonly seq: number
  /** CLOCK_REALTIME, in nanoseconds. */
  readonly timeNs: bigint
  /** How many events were dropped since the previous one, with `slowReader: 'drop'`. */
  readonly dropped?: number
}

interface CallEvent extends EventBase {
  /** The name of the call, for example `openat`. */
  readonly name: string
  /** The number of the call, in the table of `abi`. */
  readonly nr: number
  readonly abi: Abi
  /**
   * Arguments by the names of the man page, with types: `args.flags` (names), `args.buf` (bytes),
   * `args.statbuf` (an object with a member per field). If a call has exactly one path, it is
   * `args.path`. Inputs are captured on syscall entry; values written by the kernel are available
   * on exit only.
   */
  readonly args: Readonly<Record<string, Value>>
  /** The six argument registers at the entry, unsigned. */
  readonly rawArgs: readonly bigint[]
}

/**
 * One event of a trace. `type` says which members it has. In `exec`, `path` is the new program and
 * `formerTid` the id that the calling thread had before; it differs from `tid` if a thread other
 * than the leader made the call.
 *
 * @example
 *     if (event.type === 'syscall-exit') console.log(event.name, event.result, event.errno)
 */
export type TraceEvent =
  | (CallEvent & { readonly type: 'syscall-enter' })
  | (CallEvent & {
      readonly type: 'syscall-exit'
      /** The result; −errno if the call failed. */
      readonly result: number | bigint
      /** For example `ENOENT`; undefined if the call did not fail. */
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
