/**
 * The trace of a job, as the main thread sees it. What carries it is the kernel thread, which gets
 * one end of a channel with the job.
 */
import type { MessagePort } from 'node:worker_threads'
import type { ProgramTrace } from '../../../job/options.ts'
import { workerData } from '../../../trace/prepare.ts'
import { RunningTrace, type TraceChannel } from '../../../trace/running-trace.ts'
import type { TraceSpec } from '../wire.ts'

export interface Tracing {
  /** For the kernel thread. */
  readonly spec: TraceSpec
  /** Rejects if the trace or its reader failed. */
  readonly ended: Promise<void>
  /** Aborted if the reader failed: the rest of the program would go unobserved. */
  readonly failed: AbortSignal
}

/** `wake`: makes the kernel thread look at the commands of the trace. */
export function startTracing({ reader, ...options }: ProgramTrace, wake: () => void): Tracing {
  // Loaded here because most programs do not trace.
  const { MessageChannel } = process.getBuiltinModule('node:worker_threads')
  const { port1, port2 } = new MessageChannel()
  let data: TraceSpec['data'] | undefined
  const trace = new RunningTrace({
    data: workerData({ follow: options.follow ?? true }, options),
    open: given => {
      data = given as TraceSpec['data']
      return channelOf(port1, wake)
    },
    signal: undefined,
    filtered: false,
    onClosed: () => {},
  })
  const failed = new AbortController()
  const read = Promise.resolve().then(() => reader?.(trace))
  read.catch(() => failed.abort()) // `ended` reports it
  const ended = Promise.all([trace, read]).then(() => {})
  ended.catch(() => {})
  return { spec: { data: data as TraceSpec['data'], port: port2 }, ended, failed: failed.signal }
}

/** A port ends when the other end is closed, also by the death of its thread. */
const channelOf = (port: MessagePort, wake: () => void): TraceChannel => ({
  on: (event: string, listener: (value: never) => void) =>
    port.on(event === 'exit' ? 'close' : event, listener as (value: unknown) => void),
  wake,
})
