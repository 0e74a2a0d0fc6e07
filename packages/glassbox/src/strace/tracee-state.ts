/**
 * What the command remembers about a tracee. It is made when the tracee becomes traced and
 * dropped when tracing it ends. The outputs keep their own part in it.
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
  /** Whether its call in progress is to be shown. */
  shown = false
  /** What was done to that call. */
  tampering: Tampering | undefined
  /** How often it made each call that is tampered with. */
  readonly counters: Counters = new Map()

  /** -k: the stack of its call, if that had to be taken at the entry. */
  stack: Stack | undefined

  // For the text output.
  entry: EntryText | undefined
  number = 0
  /** The length of its open line; 0 if there is none. */
  column = 0
  /** A line that is shown only when the outcome of its call is known. */
  staged = ''
  /**
   * The exit of its call needs a line of its own, although the last line of its file is the
   * entry.
   */
  reprint = false
  writer: Writer | undefined
  /** Whether it was already running when it was attached to. */
  attached = false
  comm = ''

  // For the JSON output.
  entered: { readonly call: EnteredCall; readonly args: Readonly<Record<string, Value>> } | undefined

  // For the summary: CPU time at the entry of its call, in microseconds.
  systemTimeUs = 0

  constructor(tid: number, pid: number) {
    this.tid = tid
    this.pid = pid
  }
}
