/** Options of a trace, checked and completed: what the worker is given. Nothing is started here. */
import { pathToFileURL } from 'node:url'
import { InvalidOptionError } from '../errors.ts'
import { nearest } from '../suggest.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { type TraceFilter, traceFilter } from '../ptrace/filter.ts'
import { programPath } from '../launch/find-program.ts'
import type { SessionSpec } from '../ptrace/session.ts'
import type { TraceCommand, TraceEvent, TraceOptions } from './types.ts'
import type { WorkerData } from './wire.ts'

export type Target = TraceCommand | number | readonly number[] | { readonly adopt: number }

const EVENTS: readonly TraceEvent['type'][] = [
  ...(['syscall-enter', 'syscall-exit', 'signal', 'group-stop', 'new-child', 'exec'] as const),
  ...(['exit', 'killed'] as const),
]
const OPTIONS: readonly (keyof TraceOptions)[] = [
  ...(['follow', 'syscalls', 'seccomp', 'handlers', 'events', 'queue', 'slowReader', 'sameCpu'] as const),
  ...(['killOnExit', 'signal', 'bufferLimit', 'attach'] as const),
]
const DEFAULT_QUEUE = 10_000
const DEFAULT_BUFFER_LIMIT = 4096
const STDIO = [0, 1, 2] as const

export function workerData(target: Target, options: TraceOptions): Omit<WorkerData, 'shared'> {
  check(target, options)
  const { handlers, events = handlers ? 'none' : EVENTS, syscalls } = options
  return {
    session: session(target, options),
    events: events === 'none' ? [] : events,
    queue: options.queue ?? DEFAULT_QUEUE,
    slowReader: options.slowReader ?? 'pause',
    bufferLimit: options.bufferLimit ?? DEFAULT_BUFFER_LIMIT,
    ...(syscalls ? { syscalls } : {}),
    ...(handlers ? { handlers: { module: moduleUrl(handlers.module), data: handlers.data } } : {}),
  }
}

function session(target: Target, options: TraceOptions): SessionSpec {
  const common = {
    follow: options.follow ?? true,
    sameCpu: options.sameCpu ?? true,
    filtered: false,
    pids: options.attach ?? [],
  }
  if (typeof target === 'number') return { ...common, killOnExit: false, pids: [target, ...common.pids] }
  if ('adopt' in target) return { ...common, killOnExit: true, adopt: target.adopt }
  if (!('program' in target)) return { ...common, killOnExit: false, pids: [...target, ...common.pids] }
  const filter = filterFor(options, common)
  const started = launch(target)
  if (!filter)
    return { ...common, killOnExit: options.killOnExit ?? common.pids.length === 0, launch: started }
  return {
    ...common,
    sameCpu: filter.sameCpu,
    filtered: true,
    // What the filter stops fails with ENOSYS where no tracer is left: such a program must not outlive it.
    killOnExit: true,
    launch: { ...started, spec: { ...started.spec, filter } },
  }
}

/** A filter serves all tracees or none: children inherit it, and processes that ran before have none. */
function filterFor(
  { seccomp = true, syscalls }: TraceOptions,
  { follow, sameCpu, pids }: Pick<SessionSpec, 'follow' | 'sameCpu' | 'pids'>,
): TraceFilter | undefined {
  if (!seccomp || !syscalls || !follow || pids.length > 0) return undefined
  return traceFilter(syscalls, sameCpu)
}

function launch(command: TraceCommand): NonNullable<SessionSpec['launch']> {
  const { program, args = [], argv0 = program, cwd, user, stdio = STDIO } = command
  const env = command.env ?? (process.env as Record<string, string>)
  return {
    spec: {
      path: programPath(program, cwd ?? '.', env['PATH']),
      argv: [argv0, ...args],
      env: { ...env },
      ...(cwd === undefined ? {} : { cwd }),
      ...(user ? { user } : {}),
    },
    stdio: [...stdio],
  }
}

function check(target: Target, options: TraceOptions): void {
  for (const name of Object.keys(options)) {
    if ((OPTIONS as readonly string[]).includes(name)) continue
    const guess = nearest(name, OPTIONS)
    throw new InvalidOptionError(
      name,
      `trace() has no option ${JSON.stringify(name)}.`,
      guess === undefined ? `Its options are ${OPTIONS.join(', ')}.` : `Did you mean ${guess}?`,
    )
  }
  const { queue, bufferLimit, events = [], syscalls = [], slowReader = 'pause' } = options
  for (const [name, value] of Object.entries({ queue, bufferLimit })) {
    if (value === undefined || (Number.isSafeInteger(value) && value > 0)) continue
    throw new InvalidOptionError(name, `${name} must be a whole number above 0, not ${String(value)}.`)
  }
  if (slowReader !== 'pause' && slowReader !== 'drop')
    throw new InvalidOptionError(
      'slowReader',
      `slowReader is 'pause' or 'drop', not ${JSON.stringify(slowReader)}.`,
    )
  for (const event of events === 'none' ? [] : events) {
    if (EVENTS.includes(event)) continue
    throw new InvalidOptionError(
      'events',
      `There is no event ${JSON.stringify(event)}.`,
      `Events are ${EVENTS.join(', ')}.`,
    )
  }
  for (const name of syscalls) syscallNumber(name)
  const pids = typeof target === 'number' ? [target] : Array.isArray(target) ? (target as number[]) : []
  for (const pid of [...pids, ...(options.attach ?? [])]) {
    if (Number.isSafeInteger(pid) && pid > 0) continue
    throw new InvalidOptionError('pid', `A process id is a whole number above 0, not ${String(pid)}.`)
  }
}

const moduleUrl = (module: string | URL): string => {
  if (module instanceof URL) return module.href
  return module.includes('://') ? module : pathToFileURL(module).href
}
