/**
 * The events of a trace, as its async iterable gives them: plain data, made from the same stops as
 * handlers see.
 */
import type { Abi, Value } from '../decode/types.ts'
import type { SignalName } from '../linux/signals.ts'

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
   * By the names of the man page and typed: `args.flags` (names), `args.buf` (bytes),
   * `args.statbuf` (a record). The path of a call that has one is `args.path`. What goes in is as
   * it was at the entry; what the kernel fills in is there at the exit only.
   */
  readonly args: Readonly<Record<string, Value>>
  readonly rawArgs: readonly bigint[]
}

export type TraceEvent =
  | (CallEvent & { readonly type: 'syscall-enter' })
  | (CallEvent & {
      readonly type: 'syscall-exit'
      readonly result: number | bigint
      /** ENOENT; undefined if the call did not fail. */
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
