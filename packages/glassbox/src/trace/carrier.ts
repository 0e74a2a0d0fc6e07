/**
 * Runs a trace in its worker, for any source: loads the handlers and runs the session, which may
 * block this thread until the trace ends. Messages that it posts reach the main thread all the
 * same. Commands come back through shared words.
 */
import type { MessagePort } from 'node:worker_threads'
import { GlassboxError } from '../errors.ts'
import { combine } from './combine.ts'
import { Control } from './control.ts'
import { EventSink } from './event-sink.ts'
import { selection } from './selection.ts'
import type { HandlersModule, TraceHandlers } from './handlers.ts'
import type { OpenSession } from './session.ts'
import { type FromWorker, packError, type WorkerData } from './wire.ts'

async function loadHandlers(
  { handlers }: WorkerData,
  post: (message: unknown) => void,
): Promise<TraceHandlers | undefined> {
  if (!handlers) return undefined
  const loaded = await importModule(handlers.module)
  if (typeof loaded.default !== 'function') {
    throw new GlassboxError('ERR_GLASSBOX_INVALID_OPTION', `${handlers.module} has no default export`, {
      hint: 'A module of handlers has: export default (data, post) => ({ enter(call, tracee) { … } }).',
    })
  }
  return await loaded.default(handlers.data, post)
}

async function importModule(module: string): Promise<{ readonly default?: HandlersModule }> {
  try {
    return (await import(module)) as { readonly default?: HandlersModule }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new GlassboxError(
      'ERR_GLASSBOX_INVALID_OPTION',
      `The module of handlers cannot be loaded: ${why}`,
      {
        hint: 'Name it by a file URL or an absolute path; it must be JavaScript that this Node can import.',
        cause: error,
      },
    )
  }
}

/** Carries one trace. `port` leads to its RunningTrace; `open` makes the session. */
export async function carry<Spec>(
  port: MessagePort,
  data: WorkerData<Spec>,
  open: OpenSession<Spec>,
): Promise<void> {
  const post = (message: FromWorker): void => {
    port.postMessage(message)
  }
  const control = new Control(data.shared)
  try {
    const own = await loadHandlers(data, message => post({ type: 'message', message }))
    const sink = new EventSink(data, control, events => post({ type: 'events', events }))
    const handlers = combine(own, sink.handlers)
    const session = open(data.session, {
      handlers,
      control,
      ...(data.syscalls ? { isWanted: selection(data.syscalls) } : {}),
      beforeWait: () => sink.hold(),
      onPid: pid => post({ type: 'pid', pid }),
      onSeized: () => post({ type: 'seized' }),
    })
    try {
      const ended = await session.run()
      const result = handlers.end?.()
      sink.flush()
      post({ type: 'end', ended, data: result })
    } finally {
      // Events from before a failure are sent before the failure.
      sink.flush()
    }
  } catch (error) {
    post({ type: 'failed', error: packError(error) })
  }
}
