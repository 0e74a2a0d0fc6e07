/**
 * A trace in the main thread: it starts the worker, passes on what the worker posts, and sends it
 * commands. Owns the worker. When the process exits, the worker is woken, because a thread in
 * wait4 would block the exit forever.
 */
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { COMMAND, Control } from './control.ts'
import { endOf } from './end.ts'
import { EventQueue } from './event-queue.ts'
import type { TraceEvent } from './events.ts'
import type { Trace, TraceEnd } from './trace.ts'
import { type FromWorker, unpackError, type WorkerData } from './wire.ts'
import { workerStartError } from '../gate/worker-error.ts'

/** One exit listener serves all traces. */
const running = new Set<Control>()
process.on('exit', () => {
  for (const control of running) control.command(COMMAND.quit)
})

/** The other end of a trace: a worker, or a port to one. */
export interface TraceChannel {
  on(event: 'message', listener: (message: FromWorker) => void): unknown
  on(event: 'error', listener: (error: unknown) => void): unknown
  /** Nothing comes after this. */
  on(event: 'exit', listener: () => void): unknown
  /** Makes it look at commands, if the words of `Control` alone do not. */
  wake?(): void
}

/** A worker of its own for a trace. `url`: its entry, which calls `carry`. */
export function traceWorker(url: URL, data: WorkerData): TraceChannel {
  // Loaded here because most programs that import trace() do not use it, and the module takes a
  // part of the command's start-up time.
  const threads = process.getBuiltinModule('node:worker_threads')
  return new threads.Worker(url, {
    workerData: data,
    name: 'glassbox-tracer',
    // This command-line option is for the main script only: Node would not start a worker with
    // it.
    ...(process.execArgv.some(word => word.startsWith('--input-type')) ? { execArgv: [] } : {}),
  })
}

/** What a source of traces says about one trace. */
export interface Carried {
  /** Starts what carries the trace. */
  readonly open: (data: WorkerData) => TraceChannel
  readonly data: Omit<WorkerData, 'shared'>
  readonly signal: AbortSignal | undefined
  /** Tracees have a filter, so they cannot outlive their tracer. */
  readonly filtered: boolean
  /** An adopted child is traced now and may continue. */
  readonly onSeized?: () => void
  /** The worker has ended. `root`: the first process of the trace. */
  readonly onClosed: (root: number | undefined) => void
}

export class RunningTrace implements Trace {
  readonly pid: Promise<number>
  readonly #control = new Control()
  readonly #channel: TraceChannel
  readonly #queue: EventQueue = new EventQueue(count => this.#control.consume(count))
  readonly #listeners: ((message: unknown) => void)[] = []
  readonly #end: Promise<TraceEnd>
  readonly #carried: Carried
  #posted: unknown[] = []
  #isAwaited = false
  #isRead = false
  #gotPid!: { readonly resolve: (pid: number) => void; readonly reject: (error: unknown) => void }
  #settle!: { readonly resolve: (end: TraceEnd) => void; readonly reject: (error: unknown) => void }
  #result: (() => void) | undefined
  #root: number | undefined

  constructor(carried: Carried) {
    const { open, data, signal } = carried
    this.#carried = carried
    this.pid = new Promise((resolve, reject) => {
      this.#gotPid = { resolve, reject }
    })
    this.#end = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // A caller may wait for only one of the two promises; a rejection of the other must not count
    // as unhandled.
    this.pid.catch(() => {})
    this.#end.catch(() => {})
    this.#channel = open({ ...data, shared: this.#control.shared })
    this.#channel.on('message', message => this.#receive(message))
    this.#channel.on('error', error => this.#fail(workerStartError(error, 'the thread of a tracer') ?? error))
    this.#channel.on('exit', () => this.#close())
    running.add(this.#control)
    signal?.addEventListener('abort', this.#onAbort)
    if (signal?.aborted) this.#onAbort()
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a trace is a promise of its end
  then<A = TraceEnd, B = never>(
    onEnd?: ((end: TraceEnd) => A | PromiseLike<A>) | null,
    onError?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.#isAwaited = true
    return this.#end.then(onEnd, onError)
  }

  [Symbol.asyncIterator](): AsyncIterator<TraceEvent, undefined> {
    this.#isRead = true
    return this.#queue
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill().catch(() => {})
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#listeners.push(listener)
    for (const message of this.#posted.splice(0)) listener(message)
  }

  async detach({ keep = false }: { readonly keep?: boolean } = {}): Promise<TraceEnd> {
    if (keep && this.#carried.filtered) {
      throw new InvalidOptionError(
        'keep',
        'A program with a filter cannot outlive its tracer: the calls that the filter stops would fail with ENOSYS.',
        'Start it with seccomp: false.',
      )
    }
    this.#command(COMMAND.detach | (keep ? COMMAND.keep : 0))
    return this.#end
  }

  kill(): Promise<TraceEnd> {
    this.#command(COMMAND.kill)
    return this.#end
  }

  readonly #onAbort = (): void => {
    const reason: unknown = this.#carried.signal?.reason
    this.#queue.end({ reason })
    this.#settleWith(() => this.#settle.reject(reason))
    this.#command(COMMAND.kill)
  }

  #command(bits: number): void {
    this.#control.command(bits)
    this.#channel.wake?.()
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'pid':
        this.#root ??= message.pid
        this.#gotPid.resolve(message.pid)
        break
      case 'seized':
        this.#carried.onSeized?.()
        break
      case 'message':
        if (this.#listeners.length === 0) this.#posted.push(message.message)
        for (const listener of this.#listeners) listener(message.message)
        break
      case 'events':
        // If the caller waits for the end without reading events, it would wait forever.
        if (this.#isAwaited && !this.#isRead) this.#queue.discard()
        this.#queue.push(message.events)
        break
      case 'end':
        this.#settleWith(() => this.#settle.resolve(endOf(message.ended, message.data)))
        break
      case 'failed':
        this.#fail(unpackError(message.error))
        break
    }
  }

  /** The first outcome counts. The promise settles when the worker has ended. */
  #settleWith(result: () => void): void {
    this.#result ??= result
  }

  #fail(error: unknown): void {
    this.#gotPid.reject(error)
    this.#queue.end({ reason: error })
    this.#settleWith(() => this.#settle.reject(error))
  }

  #close(): void {
    running.delete(this.#control)
    this.#carried.signal?.removeEventListener('abort', this.#onAbort)
    this.#queue.end()
    this.#carried.onClosed(this.#root)
    this.#result?.()
    const error = new GlassboxError('ERR_GLASSBOX_INTERNAL', 'The worker of the trace ended unexpectedly.')
    this.#gotPid.reject(error)
    this.#settle.reject(error)
  }
}
