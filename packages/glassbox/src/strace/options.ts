/**
 * The options of one run of the command, as a value. The command line makes it; the worker gets
 * the part that is its concern. Plain data.
 */
import type { Detachment } from '../trace/source.ts'
import type { CallSet } from './select/call-set.ts'
import type { Injection } from './inject/inject.ts'

/** Decimals of a time: 0, 3, 6 or 9. */
export type Precision = 0 | 3 | 6 | 9

export interface Prefix {
  /**
   * `shared`: tids of five columns, in one file; `brackets`: `[pid N]` while there is more than
   * one tracee.
   */
  readonly pid: 'never' | 'shared' | 'brackets' | 'brackets-always'
  /** -t, -tt, -ttt, --timestamps */
  readonly time?: { readonly format: 'time' | 'unix'; readonly precision: Precision }
  /** -r */
  readonly relative?: Precision
  /** -n */
  readonly number: boolean
  /** -i */
  readonly instructionPointer: boolean
}

export const STATUSES = ['successful', 'failed', 'unfinished', 'unavailable', 'detached'] as const
export type Status = (typeof STATUSES)[number]

export const QUIET = ['attach', 'exit', 'path-resolution', 'personality', 'thread-execve'] as const
export type Quiet = (typeof QUIET)[number]

export const DESCRIPTOR_DETAILS = ['path', 'socket', 'dev', 'pidfd'] as const
export type DescriptorDetail = (typeof DESCRIPTOR_DETAILS)[number]

/** Members of a set of small numbers: signals, descriptors. `inverted`: all but these. */
export interface NumberSet {
  readonly numbers: readonly number[]
  readonly inverted: boolean
}

export const has = ({ numbers, inverted }: NumberSet, number: number): boolean =>
  numbers.includes(number) !== inverted

export interface SummaryOptions {
  /** -C: besides the text. */
  readonly withText: boolean
  /** -w */
  readonly wallClock: boolean
  /** -O, microseconds. */
  readonly overheadUs: number
  /** -S */
  readonly sortBy: string
  /** -U */
  readonly columns: readonly string[]
}

/** -k */
export interface StackOptions {
  /** --stack-trace-frame-limit */
  readonly frameLimit: number
}

/** What decides which calls are seen at all. */
export interface Selection {
  readonly trace: CallSet
  readonly signals: NumberSet
  /** -P: as given, and what they resolve to. None: all. */
  readonly paths: readonly string[]
  readonly status: readonly Status[]
}

/** What is asked of a decoder. */
export interface Spelling {
  /** -v, -e abbrev */
  readonly abbrev: CallSet
  readonly verbose: CallSet
  readonly raw: CallSet
  readonly stringLimit: number
  readonly stringsInHex: 'none' | 'non-ascii-chars' | 'non-ascii' | 'all'
  readonly constants: 'abbrev' | 'raw' | 'verbose'
  /** -N */
  readonly names: boolean
  readonly descriptors: readonly DescriptorDetail[]
  /** -Y */
  readonly comm: boolean
  /** --decode-pids=pidns */
  readonly pidns: boolean
  /** -e read, -e write */
  readonly dumpRead: NumberSet
  readonly dumpWrite: NumberSet
}

/** What the handlers of the trace are given. */
export interface TraceSettings {
  readonly selection: Selection
  readonly spelling: Spelling
  readonly prefix: Prefix
  readonly injections: readonly Injection[]
  readonly quiet: readonly Quiet[]
  /** -a */
  readonly columns: number
  /** -T */
  readonly callTimes?: Precision
  readonly summary?: SummaryOptions
  readonly stacks?: StackOptions
  /** --syscall-limit */
  readonly callLimit?: number
  /** -b execve */
  readonly detachOnExecve: boolean
  readonly follow: boolean
  /** Text, as strace has it; not with --json, -c, or if only other outputs were asked for. */
  readonly text: boolean
  readonly json: boolean
  readonly tree: boolean
  readonly stats: boolean
  /** Opened by the main thread. */
  readonly perfetto?: { readonly fd: number; readonly name: string }
  readonly output: OutputTarget
}

/** Where the trace goes: one descriptor, or one file a thread. `name`: for errors. `limit`: bytes, after which it is cut. */
export type OutputTarget =
  | {
      readonly kind: 'shared'
      readonly fd: number
      readonly name: string
      readonly isStderr: boolean
      readonly limit?: number
    }
  | { readonly kind: 'separate'; readonly name: string; readonly append: boolean }

/** What the command line says, before anything is opened. */
export interface StraceOptions {
  readonly trace: Omit<TraceSettings, 'output' | 'perfetto'>
  /** -o FILE, '|CMD', '!CMD' */
  readonly output?: string
  readonly append: boolean
  readonly separate: boolean
  readonly perfetto?: string
  readonly command: readonly string[]
  readonly argv0?: string
  readonly pids: readonly number[]
  /** -E, in their order: a value, or to be removed. */
  readonly env: readonly (readonly [name: string, value: string | undefined])[]
  readonly user?: string
  readonly seccomp: boolean
  readonly killOnExit: boolean
  /** -D */
  readonly daemonize?: Detachment
  /** -I */
  readonly interruptible: 1 | 2 | 3 | 4
  /** What has no effect, to be said before the start. */
  readonly warnings: readonly string[]
}
