/**
 * The supervisor runs programs under a tracer, without namespaces. This is its contract with the
 * ptrace runner.
 *
 * A supervisor is a worker thread. It starts programs as its own children, traces every process of
 * their trees (PTRACE_O_EXITKILL, so nothing outlives it), decides calls that the policy leaves to
 * it, and enforces limits. It serves any number of programs at a time, and waits for more. Main
 * thread and worker speak by messages that are plain data.
 *
 * Who owns what: the worker owns the processes. The main thread owns the standard streams, the
 * Landlock ruleset and the files of the sandbox; it keeps them open until `ended`.
 */
import type { Ending, Violation } from '../job/ending.ts'
import type { Limits } from '../job/options.ts'
import type { BegunRuleset, Ruleset } from '../landlock/types.ts'
import type { CallDecision, CallToDecide } from '../policy/policy.ts'
import type { PathRule } from '../policy/resolved.ts'

/** A program to start, with everything decided that can be decided before. Plain data. */
export interface ProgramSpec {
  readonly path: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly stdio: readonly [number, number, number]
  /** The ids that the program gets if this process is root. */
  readonly user?: { readonly uid: number; readonly gid: number }
  readonly limits: Required<Limits>
  /** A compiled seccomp filter (sock_filter array). Calls with RET_TRACE stop in the tracer. */
  readonly filter: Uint8Array
  /**
   * Made by the main thread (landlock/ruleset.ts); all threads share its descriptor. The program
   * enters it by `addLandlockSteps()`, after it has its user and directory, and before the limits,
   * the filter and execve. Undefined: no wall.
   */
  readonly ruleset: Ruleset | undefined
  /**
   * The cgroup that limits its memory and processes, made by the main thread. Left out: the
   * supervisor watches the memory, and the filter stops calls that make processes.
   */
  readonly group?: ProgramGroup
  /** What the tracer does at the calls that the filter stops. */
  readonly decisions: Decisions
}

/** Descriptors by which a program gets into its cgroup before it executes its file. */
export interface ProgramGroup {
  /** Join files (see cgroup/controls.ts). */
  readonly joins: readonly number[]
  /** A v2 directory in which the program is created. */
  readonly birth: number | undefined
  /** Whether the kernel records the peak of its memory. If not, the supervisor samples it. */
  readonly hasPeak: boolean
}

/** What to do at a stop of the filter, by the data of its RET_TRACE action. */
export interface Decisions {
  /** Index: SECCOMP_RET_DATA. */
  readonly actions: readonly StopAction[]
  /** Undefined if no call is judged by path. */
  readonly paths?: PathDecisions
}

/**
 * - `paths`: judge the paths of the call by the rules.
 * - `count`: take from a budget of calls of the program; when it is used up, do what `after` says.
 *   One rule has one budget (its index, from 0), though several actions may take from it.
 * - `ask`: ask the handler with that index in the main thread. If it allows the call, do what
 *   `within` says.
 * - `birth`: a new process or thread; refuse it at the limit of processes.
 * - `kill`: end the program and report the call.
 * - `errno`: the call is not made.
 * - `own-filter`: the program installs a filter of its own. From then on the data of a stop may be
 *   that filter's: if both filters stop a call, the kernel gives the data of the newer one. So the
 *   tracer finds out by itself what the filter of the spec says.
 */
export type StopAction =
  | { readonly kind: 'paths' | 'birth' | 'kill' | 'own-filter' | 'allow' }
  | { readonly kind: 'errno'; readonly errno: number }
  | { readonly kind: 'ask'; readonly handler: number; readonly within: StopAction }
  | {
      readonly kind: 'count'
      readonly budget: number
      readonly atMost: number
      readonly within: StopAction
      readonly after: StopAction
    }

export interface PathDecisions {
  /** `{work}` and `{program}` are replaced. */
  readonly rules: readonly PathRule[]
  /** The working directory, in which earlier programs may have made links. */
  readonly work: string
  readonly statAll: boolean
  /** In the tier `silent` only calls stop that the tracer makes itself. */
  readonly isSilent?: boolean
  readonly denied: { readonly kind: 'errno'; readonly errno: number } | { readonly kind: 'kill' }
}

/** A denied call that did not end the program. */
export interface Denial extends Violation {
  /** The rule that would have granted it, or why none could be looked for. */
  readonly rule?: string
}

/** A program that runs in the supervisor. */
export interface Supervised {
  /** Resolves when every process of the program is dead. Rejects for a fault of glassbox. */
  readonly ended: Promise<SupervisedEnding>
  /** Kills every process of the program. Has no effect after the end. */
  stop(reason: 'canceled' | 'output'): void
}

export interface SupervisedEnding extends Ending {
  /** The first denials that did not end the program; see MOST_DENIALS. */
  readonly denials: readonly Denial[]
  readonly moreDenials: number
}

export const MOST_DENIALS = 100

/**
 * Starts a program. Resolves once it executes its file. Rejects, with the step that failed, if it
 * cannot be started; nothing is left then. `ask` answers for the handlers of the policy.
 * `begun` takes the place of the ruleset of the spec: its rules are added while the supervisor
 * starts the program, which does not enter it before. The caller closes it.
 */
export type StartProgram = (
  spec: ProgramSpec,
  ask: (handler: number, call: CallToDecide) => CallDecision | Promise<CallDecision>,
  begun?: BegunRuleset,
) => Promise<Supervised>
