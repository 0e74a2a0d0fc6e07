/**
 * Completes checked options of a trace (see check.ts) into the data that the worker gets. Nothing
 * is started here.
 */
import { EVENTS } from './check.ts'
import type { TraceOptions } from './options.ts'
import type { WorkerData } from './wire.ts'

const DEFAULT_QUEUE = 10_000
const DEFAULT_BUFFER_LIMIT = 4096

/** `session`: what the source of the trace made of its own part of the options. */
export function workerData<Spec>(session: Spec, options: TraceOptions): Omit<WorkerData<Spec>, 'shared'> {
  const { handlers, events = handlers ? 'none' : EVENTS, syscalls } = options
  return {
    session,
    events: events === 'none' ? [] : events,
    queue: options.queue ?? DEFAULT_QUEUE,
    slowReader: options.slowReader ?? 'pause',
    bufferLimit: options.bufferLimit ?? DEFAULT_BUFFER_LIMIT,
    ...(syscalls ? { syscalls } : {}),
    // The check made a URL of it.
    ...(handlers ? { handlers: { module: String(handlers.module), data: handlers.data } } : {}),
  }
}
