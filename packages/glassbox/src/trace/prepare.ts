/** Options of a trace, checked and completed: what the worker is given. Nothing is started here. */
import { pathToFileURL } from 'node:url'
import { InvalidOptionError } from '../errors.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { nearest } from '../suggest.ts'
import type { TraceEvent } from './events.ts'
import type { TraceOptions } from './options.ts'
import type { WorkerData } from './wire.ts'

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

/** `session`: what the source of the trace makes of its own part of the options. */
export function workerData<Spec>(session: Spec, options: TraceOptions): Omit<WorkerData<Spec>, 'shared'> {
  const { handlers, events = handlers ? 'none' : EVENTS, syscalls } = options
  return {
    session,
    events: events === 'none' ? [] : events,
    queue: options.queue ?? DEFAULT_QUEUE,
    slowReader: options.slowReader ?? 'pause',
    bufferLimit: options.bufferLimit ?? DEFAULT_BUFFER_LIMIT,
    ...(syscalls ? { syscalls } : {}),
    ...(handlers ? { handlers: { module: moduleUrl(handlers.module), data: handlers.data } } : {}),
  }
}

/**
 * Throws InvalidOptionError for an option that is unknown or makes no sense. `pids`: that are to
 * be attached to.
 */
export function checkOptions(options: TraceOptions, pids: readonly number[]): void {
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
  for (const pid of [...pids, ...(options.attach ?? [])]) {
    if (Number.isSafeInteger(pid) && pid > 0) continue
    throw new InvalidOptionError('pid', `A process id is a whole number above 0, not ${String(pid)}.`)
  }
}

const moduleUrl = (module: string | URL): string => {
  if (module instanceof URL) return module.href
  return module.includes('://') ? module : pathToFileURL(module).href
}
