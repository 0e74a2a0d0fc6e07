/**
 * What the command remembers of a tracee: made when it becomes traced, dropped when it is no more.
 * The outputs keep their part in it.
 */
import type { Abi, EntryText, Value } from '../decode/types.ts'
import type { EnteredCall } from '../trace/handlers.ts'
import type { Stack } from '../unwind/unwind.ts'
import type { Counters, Tampering } from './inject/inject.ts'
import type { Writer } from './output/writer.ts'

export class TraceeState {
  tid: number
  readonly pid: number
  abi: Abi = 'x86_64'
  /** Its call that was entered and not left is one that is to be seen. */
  shown = false
  /** What was done to that call. */
  tampering: Tampering | undefined
  /** How often it made each call that is tampered with. */
  readonly counters: Counters = new Map()

  /** -k: of its call, if that had to be looked at in its beginning. */
  stack: Stack | undefined

  // Of the text.
  entry: EntryText | undefined
  number = 0
  /** Letters of its open line; 0: it has none. */
  column = 0
  /** A line that is shown only when its end is known. */
  staged = ''
  /** The end of its call needs a line of its own, though its file ends with the beginning. */
  reprint = false
  writer: Writer | undefined
  /** Runs before it was attached to. */
  attached = false
  comm = ''

  // Of JSON.
  entered: { readonly call: EnteredCall; readonly args: Readonly<Record<string, Value>> } | undefined

  // Of the summary: CPU time at the entry of its call, microseconds.
  systemTimeUs = 0

  constructor(tid: number, pid: number) {
    this.tid = tid
    this.pid = pid
  }
}
