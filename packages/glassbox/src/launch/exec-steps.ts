/**
 * The steps before and at the execve of a program, for boxes and for traced commands alike. They
 * undo what a new child inherits from Node or init, and set what the program needs instead.
 */
import {
  AT_FDCWD,
  O_CLOEXEC,
  O_DIRECTORY,
  O_PATH,
  RESOLVE_NO_MAGICLINKS,
  SIG_SETMASK,
} from '../linux/constants.ts'
import { signalNumber } from '../linux/signals.ts'
import { OPEN_HOW_BYTES } from '../linux/open-how.ts'
import { type PlanBuilder, stringArray, text, words } from '../plan/builder.ts'
import type { OnError } from '../plan/types.ts'

/** The highest number that a descriptor can have. */
export const LAST_DESCRIPTOR = 0xffffffff
const RLIM_INFINITY = 2n ** 64n - 1n
/** sizeof(sigset_t), and of struct sigaction, as the kernel has them. */
const SIGSET_BYTES = 8
const SIGACTION_BYTES = 32
const SIG_IGN = 1
const SIGNALS = 64
const UMASK = 0o022
/**
 * Node ignores the first two, and the command the third. An ignored signal stays ignored over
 * execve.
 */
const IGNORED = ['SIGPIPE', 'SIGXFSZ', 'SIGUSR1'] as const

/** A resource limit. The hard limit equals `value` unless `hard` is given. */
export interface ResourceLimit {
  /** RLIMIT_*. */
  readonly resource: number
  /** `Infinity` for none. */
  readonly value: number
  readonly hard?: number
  readonly label: string
}

export interface Execution {
  /** The path that execve gets. */
  readonly path: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

export function addLimitStep(builder: PlanBuilder, { resource, value, hard, label }: ResourceLimit): void {
  const number = (limit: number): bigint => (limit === Infinity ? RLIM_INFINITY : BigInt(limit))
  builder.call(
    'prlimit64',
    [0, resource, words(8, [number(value), number(hard ?? value)]), 0],
    `limit ${label}`,
  )
}

/**
 * Enters the working directory, without following the links of /proc. The child of a box still has
 * init's descriptors, and some are host directories. An earlier program may have left a link to
 * /proc/self/fd/N in the box.
 */
export function addDirectorySteps(builder: PlanBuilder, path: string): void {
  const directory = builder.slot('working directory')
  const how = words(8, [O_PATH | O_DIRECTORY | O_CLOEXEC, 0, RESOLVE_NO_MAGICLINKS])
  builder
    .call('openat2', [AT_FDCWD, text(path), how, OPEN_HOW_BYTES], `open the working directory ${path}`, {
      result: directory,
    })
    .call('fchdir', [directory], `go to ${path}`)
    .call('close', [directory], `close ${path}`)
}

/** Files that programs make have ordinary modes, whatever the caller's mask is. */
export function addUmaskStep(builder: PlanBuilder): void {
  builder.call('umask', [UMASK], 'ignore the caller’s file mode mask')
}

/** Signals that Node or the command ignores get their default action back. */
export function addSignalResetSteps(builder: PlanBuilder): void {
  for (const name of IGNORED) {
    const action = { bytes: new Uint8Array(SIGACTION_BYTES) }
    builder.call('rt_sigaction', [signalNumber(name) ?? 0, action, 0, SIGSET_BYTES], `reset ${name}`)
  }
}

/** `signals`: a mask, in which bit 0 is signal 1. */
export function addIgnoreSteps(builder: PlanBuilder, signals: bigint): void {
  const action = new Uint8Array(SIGACTION_BYTES)
  action[0] = SIG_IGN
  for (let signal = 1; signal <= SIGNALS; signal++)
    if ((signals >> BigInt(signal - 1)) & 1n)
      builder.call('rt_sigaction', [signal, { bytes: action }, 0, SIGSET_BYTES], `ignore signal ${signal}`)
}

/** Sets the mask of blocked signals, because it is inherited. */
export function addUnblockStep(builder: PlanBuilder, blocked = 0n): void {
  const label = blocked === 0n ? 'block no signal' : 'block the signals that the caller blocks'
  builder.call('rt_sigprocmask', [SIG_SETMASK, words(8, [blocked]), 0, SIGSET_BYTES], label)
}

/**
 * The last steps before execve of a child that a tracer has seized. The child sends itself
 * SIGCONT, which has no other effect, and stops for it once. So the tracer knows that execve comes
 * next. Signals are unblocked only here, but for those in `blocked`. SIGCONT is never blocked.
 */
export function addReadySteps(builder: PlanBuilder, blocked = 0n): void {
  const self = builder.slot('own pid')
  builder.call('getpid', [], 'get the own pid', { result: self })
  const SIGCONT = signalNumber('SIGCONT') ?? 0
  addUnblockStep(builder, blocked & ~(1n << BigInt(SIGCONT - 1)))
  builder.call('kill', [self, SIGCONT], 'tell the tracer')
}

/**
 * Adds the execve itself. With `onError`, a child continues after a failed execve, to report it in
 * another way.
 */
export function addExecuteStep(
  builder: PlanBuilder,
  { path, argv, env }: Execution,
  onError: OnError = 'fail',
): void {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  builder.call('execve', [text(path), stringArray(argv), stringArray(variables)], `execute ${path}`, {
    onError,
  })
}
