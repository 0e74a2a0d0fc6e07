/**
 * `trace()`: the main thread's side. It starts the worker, hands on what it posts, and passes commands to it. Owns the worker; when the
 * process exits, the worker is woken, since a thread in wait4 would hold the exit up for ever.
 */
import type { Worker } from 'node:worker_threads'
import { GlassboxError, InvalidOptionError } from '../errors.ts'
import { COMMAND, Control } from './control.ts'
import { endOf } from './end.ts'
import { EventQueue } from './event-queue.ts'
import { workerData } from './prepare.ts'
import { reap } from '../launch/reap.ts'
import { traceOptions, traceTarget } from './options.ts'
import type { Trace, TraceCommand, TraceEnd, TraceEvent, TraceOptions } from './types.ts'
import { type FromWorker, unpackError, type WorkerData } from './wire.ts'

/** One listener for all traces, whatever their number. */
const running = new Set<Control>()
process.on('exit', () => {
  for (const control of running) control.command(COMMAND.quit)
})

class RunningTrace implements Trace {
  readonly pid: Promise<number>
  readonly #control = new Control()
  readonly #worker: Worker
  readonly #queue: EventQueue = new EventQueue(count => this.#control.consume(count))
  readonly #listeners: ((message: unknown) => void)[] = []
  readonly #end: Promise<TraceEnd>
  readonly #options: TraceOptions
  readonly #filtered: boolean
  #posted: unknown[] = []
  #isAwaited = false
  #isRead = false
  #gotPid!: { readonly resolve: (pid: number) => void; readonly reject: (error: unknown) => void }
  #settle!: { readonly resolve: (end: TraceEnd) => void; readonly reject: (error: unknown) => void }
  #result: (() => void) | undefined
  #root: number | undefined
  readonly #onSeized: (() => void) | undefined

  constructor(data: Omit<WorkerData, 'shared'>, options: TraceOptions, onSeized?: () => void) {
    this.#options = options
    this.#filtered = data.session.filtered
    this.#onSeized = onSeized
    this.pid = new Promise((resolve, reject) => {
      this.#gotPid = { resolve, reject }
    })
    this.#end = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject }
    })
    // Whoever is interested asks; nobody has to ask for both.
    this.pid.catch(() => {})
    this.#end.catch(() => {})
    // Loaded here: most who can trace do not, and it takes a part of the start of a command.
    const threads = process.getBuiltinModule('node:worker_threads')
    this.#worker = new threads.Worker(new URL('../trace/worker.js', import.meta.url), {
      workerData: { ...data, shared: this.#control.shared } satisfies WorkerData,
      name: 'glassbox-tracer',
      // It is about what is read from the command line, and would have the worker refused.
      ...(process.execArgv.some(word => word.startsWith('--input-type')) ? { execArgv: [] } : {}),
    })
    this.#worker.on('message', (message: FromWorker) => this.#receive(message))
    this.#worker.on('error', error => this.#fail(error))
    this.#worker.on('exit', () => this.#close())
    running.add(this.#control)
    options.signal?.addEventListener('abort', this.#onAbort)
    if (options.signal?.aborted) this.#onAbort()
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
    if (keep && this.#filtered) {
      throw new InvalidOptionError(
        'keep',
        'A program with a filter cannot outlive its tracer: the calls that stop there would fail with ENOSYS.',
        'Start it with seccomp: false.',
      )
    }
    this.#control.command(COMMAND.detach | (keep ? COMMAND.keep : 0))
    return this.#end
  }

  kill(): Promise<TraceEnd> {
    this.#control.command(COMMAND.kill)
    return this.#end
  }

  readonly #onAbort = (): void => {
    const reason: unknown = this.#options.signal?.reason
    this.#queue.end({ reason })
    this.#settleWith(() => this.#settle.reject(reason))
    this.#control.command(COMMAND.kill)
  }

  #receive(message: FromWorker): void {
    switch (message.type) {
      case 'pid':
        this.#root ??= message.pid
        this.#gotPid.resolve(message.pid)
        break
      case 'seized':
        this.#onSeized?.()
        break
      case 'message':
        if (this.#listeners.length === 0) this.#posted.push(message.message)
        for (const listener of this.#listeners) listener(message.message)
        break
      case 'events':
        // Whoever waits for the end and does not read would wait for ever.
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

  /** The first that happens counts; it is told when the worker is gone. */
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
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#queue.end()
    // A command that was let go is a child of this process still.
    if (this.#root !== undefined) reap(this.#root)
    this.#result?.()
    const error = new GlassboxError('ERR_GLASSBOX_INTERNAL', 'The worker of the trace ended without a word.')
    this.#gotPid.reject(error)
    this.#settle.reject(error)
  }
}

/**
 * Traces a command that it starts, or processes that run. The first thing that is told of a command is its execve. Any number of traces
 * may run at a time; other children of this process are not touched.
 *
 * Throws InvalidOptionError, and ERR_GLASSBOX_PROGRAM_NOT_FOUND for a program that is not there. Rejects with …_NOT_EXECUTABLE (or _NOT_FOUND, for its
 * interpreter), with …_STEP_FAILED where it cannot be started, with MissingFeatureError('ptrace') where the kernel refuses, and with
 * whatever a handler throws. Needs Linux 5.3.
 *
 * @example
 * for await (const event of trace({ program: 'ls' })) if (event.type === 'syscall-exit') console.log(event.name)
 */
export function trace(target: TraceCommand | number | readonly number[], options?: TraceOptions): Trace {
  const [checked, checkedOptions] = [traceTarget(target), traceOptions(options)]
  return new RunningTrace(workerData(checked, checkedOptions), checkedOptions)
}

/**
 * Traces a child of somebody else's that waits, as if it were a command of ours. `onSeized`: it is traced now and may be let on. It must tell
 * by SIGCONT to itself that its execve comes next (see launch-plan.ts). Its options were checked before there was a child.
 */
export function traceAdopted(pid: number, options: TraceOptions, onSeized: () => void): Trace {
  return new RunningTrace(workerData({ adopt: pid }, options), options, onSeized)
}
