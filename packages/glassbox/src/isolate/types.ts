/**
 * The contract between the two halves of isolate: the front, which turns words, files and facts
 * into values and back (`front/`), and the keeper, which acts on the host (`Keeper`). A call is
 * made in the process of the command, or in the server for one of its clients: all that differs
 * between the two is in `CallIo`.
 *
 * Sizes are in KiB and times in milliseconds. Names, paths and variables are text in which bytes
 * that are not UTF-8 are escaped (linux/path-bytes.ts).
 */
import { GlassboxError } from '../errors.ts'

/**
 * The line of versions whose behaviour is wanted where 1.x and 2.x contradict each other: what
 * `--init` does to a box that exists, whether the modes of control groups must agree, whether a
 * program that cannot be executed is an internal error (1) or an exit with status 127 (2).
 */
export type Dialect = '1' | '2'

export type IsolateCommand = 'init' | 'run' | 'cleanup' | 'print-cg-root' | 'check-config' | 'version'

/** The command line, checked. A limit that is `undefined` was not asked for, or was given as 0. */
export interface IsolateCall {
  readonly command: IsolateCommand
  readonly dialect: Dialect
  /** `--plan`: print what would be done, and do nothing. */
  readonly plan: boolean
  /** `auto` only with `init`: any free box. */
  readonly boxId: number | 'auto'
  readonly cg: boolean
  /** False: CPU time is that of the program's processes, and not that of the group (1.x). */
  readonly cgTiming: boolean
  readonly wait: boolean
  /** Who owns the box, if not the caller. Only root may say. */
  readonly as: Ids | undefined
  /** Only `init` looks at it. `undefined` also if no blocks were asked for. */
  readonly quota: { readonly blocks: number; readonly inodes: number } | undefined
  readonly verbose: number
  readonly silent: boolean
  /** The file that gets the meta data, as given; `-` is the standard output. */
  readonly meta: string | undefined
  /** The file that gets the same as JSON (ours). */
  readonly json: string | undefined
  /** Only for `run`: all that the program is given. */
  readonly program: IsolateProgram
}

export interface Ids {
  readonly uid: number
  readonly gid: number
}

/** What `--run` runs, and with what. */
export interface IsolateProgram {
  /** The path as given, without a look in PATH, and its arguments. Empty unless `run`. */
  readonly argv: readonly string[]
  /** The whole environment, `NAME=value`. */
  readonly environment: readonly string[]
  /** Active rules in the order in which they are mounted. */
  readonly directories: readonly DirectoryRule[]
  /** Relative to `/box`. */
  readonly chdir: string | undefined
  readonly streams: IsolateStreams
  readonly inheritFds: boolean
  readonly shareNet: boolean
  readonly specialFiles: boolean
  readonly ttyHack: boolean
  readonly limits: IsolateLimits
  /** `undefined`: the `syscall_flags` of the config file. */
  readonly syscallFlags: number | undefined
}

/** Paths inside the box, relative to `/box`. A stream without one is the caller's. */
export interface IsolateStreams {
  readonly stdin: string | undefined
  readonly stdout: string | undefined
  /** `stdout`: the same open file as the standard output. */
  readonly stderr: { readonly path: string } | 'stdout' | undefined
}

export interface IsolateLimits {
  /** Never 0: a limit of less than a millisecond is one millisecond. */
  readonly cpuMs: number | undefined
  readonly extraCpuMs: number
  readonly wallMs: number | undefined
  readonly cgMemKiB: number | undefined
  readonly addressSpaceKiB: number | undefined
  readonly fileSizeKiB: number | undefined
  readonly stackKiB: number | undefined
  readonly coreKiB: number
  /** `undefined`: the inherited limit stays. */
  readonly openFiles: number | undefined
  /** `undefined`: no limit. */
  readonly processes: number | undefined
}

export type DirectoryRule = BindRule | FileSystemRule | TemporaryRule

interface AnyDirectoryRule {
  /** Relative to the root of the box, without a leading slash, as it was given. */
  readonly inside: string
  readonly writable: boolean
  readonly noexec: boolean
  readonly devices: boolean
  /** Skipped if the source is not a directory that the caller can reach. */
  readonly maybe: boolean
}

export interface BindRule extends AnyDirectoryRule {
  readonly kind: 'bind'
  /** Absolute, or `./…` relative to the directory of the box on the host. */
  readonly outside: string
  readonly recursive: boolean
}

export interface FileSystemRule extends AnyDirectoryRule {
  readonly kind: 'fs'
  readonly fileSystem: 'proc' | 'sysfs' | 'tmpfs' | 'devpts'
}

export interface TemporaryRule extends AnyDirectoryRule {
  readonly kind: 'tmp'
  /** The name of its backing directory below `tmp` of the box. */
  readonly store: string
}

/** The config file, checked, with the ranges of `subid_user` looked up. */
export interface IsolateConfig {
  readonly boxRoot: string
  readonly lockRoot: string
  /** A directory, or `auto:FILE`. */
  readonly cgRoot: string
  /** Of 1.x: a group below each controller that holds those of the boxes. */
  readonly cgParent: string | undefined
  /** The ids of box 0; those of box N are N higher. */
  readonly firstIds: Ids
  readonly numBoxes: number
  readonly restrictedInit: boolean
  readonly syscallFlags: number
  /** By id of the box. */
  readonly boxes: ReadonlyMap<number, BoxCpus>
}

/** Lists as cpuset(7) has them. */
export interface BoxCpus {
  readonly cpus?: string
  readonly mems?: string
}

/** Facts about a run once nothing of it is left. The texts are made of them (`front/meta.ts`). */
export interface RunOutcome {
  readonly end: RunEnd
  /** `undefined` if the set-up failed. */
  readonly statistics: RunStatistics | undefined
}

/** Why a run ended. `killed`: the keeper ended it. */
export type RunEnd =
  | { readonly cause: 'exit'; readonly code: number }
  | { readonly cause: 'signal'; readonly signal: number }
  /** Not killed: the limit was found exceeded after the program's end. */
  | { readonly cause: 'time' | 'wall'; readonly killed: boolean }
  /** HUP, INT, QUIT or TERM of the keeper. */
  | { readonly cause: 'interrupted'; readonly signal: number }
  /** The set-up or the keeper failed: status XX. */
  | { readonly cause: 'internal'; readonly message: string; readonly killed: boolean }

/** Of this run alone, whatever ran in the box before. */
export interface RunStatistics {
  readonly cpuMs: number
  readonly wallMs: number
  readonly maxRssKiB: number
  readonly voluntarySwitches: number
  readonly forcedSwitches: number
  /** Always there with `--cg`. */
  readonly cgMemKiB: number | undefined
  readonly oomKilled: boolean
}

/** All that a call has of its caller. */
export interface CallIo {
  /** `argv[0]`, with which complaints about options begin. */
  readonly programName: string
  /** Leads to the caller's working directory, without a slash at its end. */
  readonly cwd: string
  /** `NAME=value`, in the caller's order. */
  readonly environment: readonly string[]
  readonly ids: Ids
  readonly effectiveUid: number
  readonly umask: number
  /** The caller's descriptors 0, 1 and 2, under their numbers in this process. */
  readonly streams: readonly [number, number, number]
  /** Whether the caller's other descriptors are open here under their own numbers. */
  readonly hasOwnDescriptors: boolean
  /** Writes to the caller's standard output. A write that fails is remembered in `failed`. */
  out(text: string): void
  /** Writes to the caller's standard error output. */
  err(text: string): void
  /** Standard output could not be written. */
  readonly failed: boolean
  /**
   * Reports the signals that the keeper gets (SIGHUP, SIGINT, SIGQUIT, SIGTERM and the fatal
   * ones). SIGKILL: the caller is gone, and the box has to be ended. Returns the function that
   * stops it.
   */
  onSignal(listener: (signal: number) => void): () => void
  /** Meta data are about to be written there. The server gives the client a copy. */
  onMetaOpen?(descriptor: number): void
}

/** Acts on the host. Each method throws an `IsolateError` for all that makes a call fail. */
export interface Keeper {
  /** Resolves with the directory of the box, which `--init` prints. */
  init(call: IsolateCall, config: IsolateConfig, io: CallIo): Promise<string>
  /** Resolves once nothing of the run is left. Faults of the set-up are `internal` outcomes. */
  run(call: IsolateCall, config: IsolateConfig, io: CallIo): Promise<RunOutcome>
  cleanup(call: IsolateCall, config: IsolateConfig, io: CallIo): Promise<void>
  cgRoot(config: IsolateConfig): Promise<string>
  /** What `call` would do, as text. */
  plan(call: IsolateCall, config: IsolateConfig, io: CallIo): Promise<string>
  /** Prepares boxes ahead, for the server. Resolves once they wait. */
  prepare(count: number): Promise<void>
  /** Ends the prepared boxes, and all runs. */
  close(): Promise<void>
}

/**
 * A call that fails with exit code 2. `usage`: nothing was done, the meta file stays empty, and a
 * hint to the help follows the message. `internal`: the meta file says status XX.
 *
 * @example
 * throw new IsolateError('internal', 'This box is currently in use by another process')
 */
export class IsolateError extends GlassboxError {
  readonly kind: 'usage' | 'internal'

  constructor(kind: 'usage' | 'internal', message: string, cause?: unknown) {
    super('ERR_GLASSBOX_ISOLATE', message, cause === undefined ? {} : { cause })
    this.name = 'IsolateError'
    this.kind = kind
  }
}
