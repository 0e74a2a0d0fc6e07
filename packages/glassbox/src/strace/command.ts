/**
 * `strace`, from its options to its exit status. The trace runs in this thread and blocks it, so
 * the tracer takes the signals to the command.
 */
import { type Stats, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { GlassboxError } from '../errors.ts'
import { call, cString } from '../gate/gate.ts'
import { findInPath } from '../launch/find-program.ts'
import { PR_SET_NAME } from '../linux/constants.ts'
import { ENAMETOOLONG, ENOENT } from '../linux/errno-numbers.ts'
import { errnoMessage } from '../linux/errno.ts'
import { type SignalName, signalNumber } from '../linux/signals.ts'
import { syscallByNumber } from '../linux/syscalls.ts'
import type { TraceSource, WaitingProcess } from '../trace/source.ts'
import type { TraceCommand } from '../trace/options.ts'
import type { TraceEnd } from '../trace/trace.ts'
import { environmentOf } from './environment.ts'
import { fault } from './fault.ts'
import { makeHandlers } from './handlers.ts'
import { inheritedFrom, releaseStreams } from './inherited.ts'
import { say } from './text/messages.ts'
import type { StraceOptions } from './options.ts'
import { isPathCall } from './select/path-filter.ts'
import { openFile, openTarget } from './targets.ts'
import { type User, userOf } from './user.ts'

/** Signals with which a person or a service ends the command. -I says whether they do. */
const ENDING: readonly SignalName[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGPIPE', 'SIGTERM']
const NEVER = 3
/** The bytes of the longest path, without the NUL. */
const MOST_PATH = 4095
const NEVER_STOPPED = 4

export interface Result {
  /** The exit code of the command, unless it is to end by a signal. */
  readonly code: number
  readonly signal?: number
}

/** `source`: starts or attaches to the program, and reports what it does. */
export async function strace(options: StraceOptions, source: TraceSource): Promise<Result> {
  const waiting = options.daemonize === undefined ? undefined : source.daemonizer.tracedProcess()
  // Warnings are printed once: by the process that the user started.
  if (!waiting) for (const warning of options.warnings) say(warning)
  const user = options.user === undefined ? undefined : userOf(options.user)
  if (options.daemonize !== undefined && !waiting) {
    // A command that cannot run is reported here, because the caller waits for the exit status of
    // this process.
    commandOf(options, user)
    source.daemonizer.daemonize(options.daemonize, inheritedFrom(process.env))
    return { code: 1 }
  }
  // -Y shows the name of the tracer, for example as the parent of the program.
  call('prctl', [PR_SET_NAME, cString('strace'), 0, 0, 0])
  const { target, close } = await openTarget(options)
  let perfetto: { fd: number; name: string } | undefined
  try {
    if (options.perfetto !== undefined)
      perfetto = { fd: openFile(options.perfetto, 'w'), name: options.perfetto }
    const command = options.command.length > 0 ? commandOf(options, user) : undefined
    const settings = { ...options.trace, output: target, ...(perfetto && { perfetto }) }
    if (waiting) {
      source.daemonizer.handshake(waiting)
      if (!options.trace.quiet.includes('attach')) say(`Process ${waiting.pid} attached`)
    }
    return await run(options, source, command, settings, waiting)
  } finally {
    await close()
  }
}

async function run(
  options: StraceOptions,
  source: TraceSource,
  command: TraceCommand | undefined,
  settings: Parameters<typeof makeHandlers>[0],
  waiting: WaitingProcess | undefined,
): Promise<Result> {
  const { follow } = options.trace
  const syscalls = await callsThatStop(options)
  const filtered = syscalls !== undefined && canFilter(options)
  let end: (effect: 'keep') => void = () => {}
  let failed = false
  const { handlers, notExecuted } = await makeHandlers(settings, {
    outputFailed(message) {
      failed = true
      say(message)
      // With a filter, the program could not live on untraced.
      if (!filtered) end('keep')
    },
    limitReached: () => end('keep'),
  })
  let signaled: SignalName | undefined
  const given = inheritedFrom(process.env)
  try {
    const ended = source.traceSync(command ?? options.pids, {
      handlers,
      follow,
      ...(syscalls && { syscalls }),
      // As in strace, a set selects by name, and what has no name is shown whatever the set is.
      nameless: options.trace.selection.paths.length === 0,
      seccomp: filtered,
      killOnExit: options.killOnExit,
      ...(waiting && { waiting }),
      ...(command && options.pids.length > 0 && { attach: options.pids }),
      ...(command && given && { inherited: given }),
      onPid: pid => {
        // Called for the processes that are attached to, and then for the program.
        if (command && !options.pids.includes(pid)) releaseStreams()
      },
      signals: signalsOf(options),
      onSignal: signal => void (signaled = signal),
      onCommands: send => void (end = send),
    })
    if (failed) return { code: 1 }
    return resultOf(ended, command !== undefined, options.interruptible < NEVER ? signaled : undefined)
  } catch (error) {
    const result = explain(error, notExecuted)
    handlers.end?.()
    return result
  }
}

function resultOf(
  { exitCode, signal }: TraceEnd,
  isCommand: boolean,
  signaled: SignalName | undefined,
): Result {
  const by = signaled ?? (isCommand ? signal : undefined)
  const number = by === undefined ? undefined : signalNumber(by)
  return { code: isCommand ? (exitCode ?? 0) : 0, ...(number !== undefined && { signal: number }) }
}

/**
 * Why the trace could not run. Each process that could not be attached to has already been
 * reported, and so has an execve that was seen.
 */
function explain(error: unknown, notExecuted: (errno: number) => void): Result {
  if (!(error instanceof GlassboxError) || error.code === 'ERR_GLASSBOX_INTERNAL') throw error
  if (error.syscall === 'execve' && error.errno !== undefined) notExecuted(error.errno)
  else if (!error.message.startsWith('attach: ')) say(error.message)
  return { code: 1 }
}

function commandOf(options: StraceOptions, user: User | undefined): TraceCommand {
  const [program = '', ...args] = options.command
  const env = environmentOf(process.env)
  for (const [name, value] of options.env) {
    if (value === undefined) delete env[name]
    else env[name] = value
  }
  return {
    program: find(program),
    args,
    argv0: options.argv0 ?? program,
    env,
    ...(user && { user }),
  }
}

/** Searches as execvp does, with strace's own environment. The errors are in strace's words. */
function find(program: string): string {
  const path = process.env['PATH'] ?? ''
  const directories = program.includes('/') ? [''] : path.split(':').map(directory => `${directory}/`)
  if (directories.some(directory => Buffer.byteLength(directory + program) > MOST_PATH))
    throw fault(`exec: ${errnoMessage(ENAMETOOLONG)}`)
  const error = (errno: number): GlassboxError => fault(`Can't stat '${program}': ${errnoMessage(errno)}`)
  if (program.includes('/')) {
    const found = statOf(resolve(program))
    if (typeof found === 'number') throw error(found)
    return program
  }
  const found = findInPath(program, { path, cwd: '.', accept: isRunnable })
  if (found === undefined) throw error(ENOENT)
  return found
}

/**
 * What is known of a file, or the number of the error. The PATH of a session is not always meant
 * for the user that runs the command, so some of its files may not be examined.
 */
function statOf(path: string): Stats | number {
  try {
    return statSync(path)
  } catch (error) {
    return -((error as NodeJS.ErrnoException).errno ?? -ENOENT)
  }
}

function isRunnable(path: string): boolean {
  const found = statOf(path)
  return typeof found !== 'number' && found.isFile() && (found.mode & 0o111) !== 0
}

/**
 * The calls that handlers must be told of; `undefined`: all. Stacks need those that map memory.
 */
export async function callsThatStop(options: StraceOptions): Promise<readonly string[] | undefined> {
  const mapping = options.trace.stacks ? (await import('../unwind/mapping-calls.ts')).MAPPING_CALLS : []
  return namesOf(options, mapping)
}

/**
 * The calls that must stop; `undefined` if all must. A set that contains numbers without a name
 * cannot be given by name. `besides`: calls that must stop although they are not shown.
 */
function namesOf(
  { trace, seccomp }: StraceOptions,
  besides: readonly string[],
): readonly string[] | undefined {
  const { trace: set, paths, fds } = trace.selection
  const isFiltered = paths.length > 0 || fds !== undefined
  // -n shows the number of the last call, even if that is not selected.
  if (((set.others && !isFiltered) || trace.prefix.number) && !seccomp) return undefined
  const names: string[] = []
  for (let nr = 0; nr < set.members.x86_64.length; nr++) {
    if (set.members.x86_64[nr] !== 1 && set.members.x32[nr] !== 1) continue
    const name = syscallByNumber(nr)?.name
    if (name !== undefined && (!isFiltered || isPathCall(nr))) names.push(name)
  }
  if (trace.spelling.comm) names.push('prctl')
  return [...new Set([...names, ...besides])]
}

/**
 * Whether a filter can be used without the user noticing. It cannot if tracees are to outlive the
 * tracer.
 */
function canFilter({ trace, seccomp, command, pids, killOnExit }: StraceOptions): boolean {
  const { follow, callLimit, detachOnExecve } = trace
  if (command.length === 0 || pids.length > 0 || !follow || callLimit !== undefined || detachOnExecve)
    return false
  return seccomp || (killOnExit && process.getuid?.() === 0)
}

function signalsOf({
  interruptible,
  command,
  killOnExit,
}: StraceOptions): Readonly<Partial<Record<SignalName, 'detach' | 'kill' | 'tell'>>> {
  const effect = interruptible < NEVER ? (killOnExit ? 'kill' : 'detach') : 'tell'
  const stops = interruptible === NEVER_STOPPED && command.length > 0 ? ['SIGTSTP' as const] : []
  return {
    ...Object.fromEntries(ENDING.map(name => [name, effect] as const)),
    ...Object.fromEntries(stops.map(name => [name, 'tell'] as const)),
  }
}
