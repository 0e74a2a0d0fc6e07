/** Options of a trace, checked before (see options.ts) and completed here: what the worker is given. Nothing is started. */
import { type TraceFilter, traceFilter } from '../ptrace/filter.ts'
import { programPath } from '../launch/find-program.ts'
import type { SessionSpec } from '../ptrace/session.ts'
import { EVENTS } from './options.ts'
import type { TraceCommand, TraceOptions } from './types.ts'
import type { WorkerData } from './wire.ts'

export type Target = TraceCommand | number | readonly number[] | { readonly adopt: number }

const DEFAULT_QUEUE = 10_000
const DEFAULT_BUFFER_LIMIT = 4096
const STDIO = [0, 1, 2] as const

export function workerData(target: Target, options: TraceOptions): Omit<WorkerData, 'shared'> {
  const { handlers, events = handlers ? 'none' : EVENTS, syscalls } = options
  return {
    session: session(target, options),
    events: events === 'none' ? [] : events,
    queue: options.queue ?? DEFAULT_QUEUE,
    slowReader: options.slowReader ?? 'pause',
    bufferLimit: options.bufferLimit ?? DEFAULT_BUFFER_LIMIT,
    ...(syscalls ? { syscalls } : {}),
    // The check made a URL of it.
    ...(handlers ? { handlers: { module: String(handlers.module), data: handlers.data } } : {}),
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
  const env = { ...(command.env ?? process.env) } as Readonly<Record<string, string>>
  return {
    spec: {
      path: programPath(program, cwd ?? '.', env['PATH']),
      argv: [argv0, ...args],
      env,
      ...(cwd === undefined ? {} : { cwd }),
      ...(user ? { user } : {}),
    },
    stdio: [...stdio],
  }
}
