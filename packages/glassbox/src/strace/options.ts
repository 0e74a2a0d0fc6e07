/**
 * The options of one run of the command, as a value. The command line produces it; the worker
 * gets the part that concerns it. Plain data.
 */
import type { Bind } from '../job/options.ts'
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

/** A set of small numbers: signals, descriptors. `inverted`: all except these. */
export interface NumberSet {
  readonly numbers: readonly number[]
  readonly inverted: boolean
}

export const has = ({ numbers, inverted }: NumberSet, number: number): boolean =>
  numbers.includes(number) !== inverted

export interface SummaryOptions {
  /** -C: print the table in addition to the text. */
  readonly withText: boolean
  /** -w */
  readonly wallClock: boolean
  /** -O, in microseconds. */
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

/** Which calls are seen at all. */
export interface Selection {
  readonly trace: CallSet
  readonly signals: NumberSet
  /** -P: the paths as given, and what they resolve to. Empty: all calls. */
  readonly paths: readonly string[]
  /** --trace-fds. Absent: calls are not selected by their descriptors. */
  readonly fds?: NumberSet
  readonly status: readonly Status[]
}

/** How arguments are printed. */
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

/** What the handlers of the trace receive. */
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
  /**
   * Print text, as strace does. False with --json or -c, or if only other outputs were asked for.
   */
  readonly text: boolean
  readonly json: boolean
  readonly tree: boolean
  readonly stats: boolean
  /** Opened by the main thread. */
  readonly perfetto?: { readonly fd: number; readonly name: string }
  readonly output: OutputTarget
}

/**
 * Where the trace goes: one descriptor, or one file per thread. `name`: for errors. `limit`:
 * bytes after which the output is truncated.
 */
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
  /** -E, in order: the value of a variable, or undefined to remove it. */
  readonly env: readonly (readonly [name: string, value: string | undefined])[]
  readonly user?: string
  /** --runner kernel, and what the box of the program shows. Absent: it runs on the host. */
  readonly box?: { readonly here: boolean; readonly binds: readonly Bind[] }
  readonly seccomp: boolean
  readonly killOnExit: boolean
  /** -D */
  readonly daemonize?: Detachment
  /** -I */
  readonly interruptible: 1 | 2 | 3 | 4
  /** Warnings about options without effect, to be printed before the start. */
  readonly warnings: readonly string[]
}
