/**
 * The options of run(), of boxes and of pools. Units are in the names; `Infinity` means no limit.
 * An option that is left out, or undefined, has its default. Any other value or name that is not
 * described here rejects with an `InvalidOptionError` before anything is started.
 *
 * Options are copied at the call, so later changes to the objects have no effect. Bytes (`stdin`,
 * `files`) are not copied: do not change them until the run has ended.
 */
import type { Policy, PresetName } from '../policy/policy.ts'
import type { TraceOptions } from '../trace/options.ts'
import type { Trace } from '../trace/trace.ts'
import type { Collect, Files } from './files.ts'
import type { Mounts } from './mounts/mounts.ts'
import type { RunnerName } from './result.ts'
import type { ErrorOutput, Input, Output } from './streams.ts'

/**
 * Limits of a program. A limit that is left out has its value of `DEFAULT_LIMITS`. Zero is an
 * error; `Infinity` means no limit.
 *
 * @example
 * await run('./solution', [], { limits: { cpuTimeMs: 1000, memoryBytes: 256 * 2 ** 20, processes:
 * 1 } })
 */
export interface Limits {
  /** CPU time of all its processes together, user and system, in milliseconds. Default 10 000. */
  readonly cpuTimeMs?: number
  /**
   * Wall-clock time from execve, in milliseconds. Default three times `cpuTimeMs`, at least
   * 10 000.
   */
  readonly wallTimeMs?: number
  /**
   * Memory of all its processes together, including tmpfs files and swap, in bytes. Default
   * 512 MiB.
   */
  readonly memoryBytes?: number
  /**
   * Processes and threads at a time: at most 4 194 304, the most that Linux supports, or
   * `Infinity`. Default 128.
   */
  readonly processes?: number
  /**
   * Bytes written to stdout, and bytes written to stderr. Default 64 MiB. Text that is captured
   * cannot be longer than a JavaScript string, about 512 MiB. For more, use `encoding: 'buffer'`,
   * a stream or a file.
   */
  readonly outputBytes?: number
  /** Stack of the main thread, in bytes (RLIMIT_STACK). Default 64 MiB. */
  readonly stackBytes?: number
  /** Open descriptors of each process (RLIMIT_NOFILE). Default 256. */
  readonly openFiles?: number
  /** Size of each file that the program writes, in bytes (RLIMIT_FSIZE). Default 256 MiB. */
  readonly fileSizeBytes?: number
}

/**
 * A directory or file of the host that is visible in the box.
 *
 * @example
 * await run('make', [], { binds: [{ source: 'project', target: '/project' }], cwd: '/project' })
 */
export interface Bind {
  /** Path on the host, relative to the current directory. It has to exist. */
  readonly source: string
  /** Absolute path in the box, not `/` itself. Default: the absolute path of `source`. */
  readonly target?: string
  /**
   * Whether programs may write to it. Default false. `'copy'`: they may change everything in it,
   * and the host's files stay as they are; the changes are in memory, and end with the box. Only
   * the kernel runner has that.
   */
  readonly writable?: boolean | 'copy'
}

/** The profiles that come with glassbox; see docs/profiles.md. */
export type ProfileName = 'build' | 'judge' | 'agent'

/** A number, or text with a unit: `'64M'`, `'1.5s'`, `'unlimited'`. */
export type Amount = number | string

/**
 * A set of options under one name: those of a box and of a command that do not depend on the
 * program. An option that is given beside a profile takes precedence over it; see docs/profiles.md
 * for lists.
 *
 * @example
 * const tests: Profile = { extends: 'build', net: 'none', limits: { memoryBytes: '2G' } }
 * await run('npm', ['test'], { profile: tests })
 */
export interface Profile
  extends Pick<BoxOptions, 'runner' | 'binds' | 'here' | 'etc' | 'net' | 'hostname'>,
    Pick<CommandOptions, 'cwd' | 'policy'> {
  /** The profile that this one adds to, and takes precedence over. */
  readonly extends?: ProfileName | Profile
  readonly limits?: { readonly [Name in keyof Limits]: Amount }
  readonly diskBytes?: Amount
  readonly diskFiles?: Amount
  readonly collectBytes?: Amount
  /** Variables beside the default ones. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/**
 * Options that are fixed when a box is opened.
 *
 * @example
 * const box = await openBox({ net: 'host', binds: [{ source: '/srv/data' }] })
 */
export interface BoxOptions {
  /**
   * The runner. There is no fallback to another one. Default `namespace`. `ptrace` needs no
   * privilege, and has none of the options `binds`, `etc`, `hostname`, `diskBytes` and
   * `diskFiles`; see docs/ptrace-runner.md.
   */
  readonly runner?: RunnerName
  /** Options under one name. Those that are given beside it take precedence. Default: none. */
  readonly profile?: ProfileName | Profile
  /** Files and directories of the host to show, besides its system directories. Default: none. */
  readonly binds?: readonly Bind[]
  /**
   * File systems that are served by your own functions, by mount point. Only the kernel runner has
   * them. Default: none. See docs/kernel.md.
   *
   * @example
   * { '/world': { list: () => ['hello'], read: async path => `You read ${path}\n` } }
   */
  readonly mounts?: Mounts
  /**
   * Shows the current directory of this process under its own path, writable, and makes it the
   * default of `cwd`. The same as a bind, but refuses `/`, your home directory, and directories
   * that a box makes itself. Default false. See docs/folders.md.
   *
   * @example
   * await run('make', ['test'], { here: true })
   */
  readonly here?: boolean
  /**
   * Names of /etc to show, besides those of installed programs: `['myapp']` shows /etc/myapp, as
   * far as everyone may read it. Secrets are refused. Default: none.
   */
  readonly etc?: readonly string[]
  /** `none` (default): a separate network with loopback only. `host`: the host's network. */
  readonly net?: 'none' | 'host'
  /** Host name in the box: at most 64 letters, digits, dots and dashes. Default `glassbox`. */
  readonly hostname?: string
  /** Size in bytes of each of /box, /tmp and /dev/shm. Default 256 MiB. */
  readonly diskBytes?: number
  /** Number of files and directories in each of /box, /tmp and /dev/shm. Default 16384. */
  readonly diskFiles?: number
  /**
   * Files and directories put into the working directory before the program starts, by relative
   * path.
   *
   * @example
   * { 'main.c': 'int main(void) { return 0; }', 'data/in.csv': { file: '/srv/in.csv' } }
   */
  readonly files?: Files
  /** If aborted, the box is not opened. */
  readonly signal?: AbortSignal
}

/**
 * How to trace the program; see `trace()`. Either `reader` or `handlers` is required. Process ids
 * are those of the host. The time that tracing takes counts towards the limits.
 *
 * @example
 * await run('make', [], {
 *   trace: {
 *     events: ['exec'],
 *     reader: async trace => {
 *       for await (const event of trace) console.log(event)
 *     },
 *   },
 * })
 */
export interface ProgramTrace extends Omit<TraceOptions, 'attach' | 'killOnExit' | 'seccomp' | 'signal'> {
  /**
   * Called with the trace before the program runs, to loop over its events, or to receive the
   * messages that handlers post. run() waits until it resolves. If it rejects, the program is
   * ended and run() rejects with the same error.
   */
  readonly reader?: (trace: Trace) => Promise<void>
}

/** The form of captured output: text (`utf8`) or bytes (`buffer`). */
export type Encoding = 'utf8' | 'buffer'

/** The encoding that the options of a call ask for; with `undefined` if it may be left out. */
export type AskedEncoding = Encoding | undefined

/** The type of captured output for an encoding; a union if the encoding is not known. */
export type OutputOf<E extends AskedEncoding> = E extends 'buffer' ? Uint8Array : string

/**
 * What a call infers `E` from. If `encoding` may be left out, `E` has `undefined`, for which the
 * output is text. With `exactOptionalPropertyTypes` the compiler does not infer `undefined`. Then
 * options whose `encoding` is `buffer` or left out are refused: the output would not have the
 * inferred type.
 */
export type InferredEncoding<E extends AskedEncoding> = (
  | { readonly encoding: E & Encoding }
  | { readonly encoding?: Encoding }
) &
  ([E] extends ['buffer'] ? { readonly encoding: 'buffer' } : unknown)

/**
 * Options of one command in a box.
 *
 * @example
 * await box.run('sort', ['-n'], { stdin: '10\n9\n', limits: { wallTimeMs: 1000 } })
 */
export interface CommandOptions<E extends Encoding = Encoding> {
  /** Options under one name. Those that are given beside it take precedence. Default: none. */
  readonly profile?: ProfileName | Profile
  /** Limits of the program. Default `DEFAULT_LIMITS`. */
  readonly limits?: Limits
  /** Where stdin comes from. Default: it is empty. */
  readonly stdin?: Input
  /** Where stdout goes. Default `capture`. */
  readonly stdout?: Output
  /** Where stderr goes. Default `capture`; `stdout` for one pipe with stdout. */
  readonly stderr?: ErrorOutput
  /** The form of captured output. Default `utf8`. */
  readonly encoding?: E
  /**
   * Working directory in the box, absolute. Default `/box`, or the current directory if the box
   * shows it (`here`). With the ptrace runner, `/box` is a
   * private directory of the host.
   */
  readonly cwd?: string
  /**
   * The program's whole environment. Default: PATH, HOME=/box, LANG=C.UTF-8, USER=box,
   * LOGNAME=box, SHELL=/bin/sh and TERM=dumb; the host's variables are not inherited. Variables
   * that are undefined are left out, so `process.env` can be passed as it is.
   *
   * @example
   * { ...process.env, PATH: '/usr/bin:/bin' }
   */
  readonly env?: Readonly<Record<string, string | undefined>>
  /**
   * What the program may do, or the name of a preset (see docs/policies.md). Default: with the
   * namespace runner `DEFAULT_POLICY`, with the ptrace runner the preset `default`. With `null`,
   * only the guard applies: the few rules that every runner needs (see docs/security.md).
   */
  readonly policy?: Policy | PresetName | null
  /** Traces the program and everything that it starts. */
  readonly trace?: ProgramTrace
  /**
   * Files and directories of the working directory to copy out once every process in the box is
   * dead: into the result, or to the host (`{ 'out.txt': { file: 'out.txt' } }`). A directory may
   * have at most 16 384 entries.
   */
  readonly collect?: Collect
  /** The largest size of all collected files together, in bytes. Default 64 MiB. */
  readonly collectBytes?: number
  /** If aborted, the program is ended, and the result's status is `canceled`. */
  readonly signal?: AbortSignal
}

/** The options of run(): those of its box and those of its command. */
export interface RunOptions<E extends Encoding = Encoding> extends BoxOptions, CommandOptions<E> {
  /** If a pool is given, the options are `PooledOptions`. */
  readonly pool?: undefined
}
