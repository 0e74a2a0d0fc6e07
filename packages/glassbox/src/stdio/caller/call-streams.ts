/**
 * The streams of one call of run(), until it settles: the streams that the caller gave, and those
 * of the handle. A stream is claimed at the call. glassbox listens to it from then on, even while
 * the run waits for a sandbox, and removes its listeners after the run. The first failure is
 * reported once, and the run rejects with it.
 *
 * `Channels` makes the descriptors of a program from these streams, anew for each attempt to start
 * the program.
 */
import type { Writable } from 'node:stream'
import { GlassboxError, InvalidOptionError } from '../../errors.ts'
import { type Source, sourceOf, type StreamOptions, type Target, targetOf } from '../../job/streams.ts'
import type { OutputEvents } from '../events.ts'
import { OutputReader } from '../output-reader.ts'
import { claimSink, type OutputName, type Sink } from './sink.ts'
import { ClaimedSource, isStreamSource } from './source.ts'

/** Why a run rejects because of a stream. */
export interface StreamFailure {
  readonly error: GlassboxError
  /** Whether the input failed. If the program has ended by itself, it did not need the rest. */
  readonly ofInput: boolean
}

const isStreamTarget = (target: Target): target is Extract<Target, { kind: 'writable' | 'web' }> =>
  target.kind === 'writable' || target.kind === 'web'

export class CallStreams {
  readonly events: OutputEvents
  readonly stdin: Source = { kind: 'ignore' }
  readonly targets: Readonly<Record<OutputName, Target>> = {
    stdout: { kind: 'capture' },
    stderr: { kind: 'capture' },
  }
  readonly readers: Readonly<Record<OutputName, OutputReader>>
  readonly source: ClaimedSource | undefined
  readonly sinks: { stdout?: Sink; stderr?: Sink } = {}
  #failure: StreamFailure | undefined
  readonly #onFailure: (error: GlassboxError) => boolean
  #finished: Promise<void> | undefined

  /**
   * Never throws: an error becomes the failure. `onFailure` returns false if the call has already
   * been stopped for another reason.
   */
  constructor(options: StreamOptions, events: OutputEvents, onFailure: (error: GlassboxError) => boolean) {
    this.events = events
    this.#onFailure = onFailure
    try {
      this.stdin = sourceOf(options.stdin)
      this.targets = {
        stdout: targetOf('stdout', options.stdout),
        stderr: targetOf('stderr', options.stderr),
      }
      if (isStreamSource(this.stdin)) this.source = new ClaimedSource(this.stdin, this.#inputFailed)
      this.#claimSinks()
    } catch (error) {
      if (!(error instanceof GlassboxError)) throw error
      this.outputFailed(error)
    }
    const { stdout, stderr } = this.targets
    this.readers = { stdout: new OutputReader(stdout.kind), stderr: new OutputReader(stderr.kind) }
  }

  #claimSinks(): void {
    const { stdout, stderr } = this.targets
    if (isStreamTarget(stdout)) this.sinks.stdout = claimSink('stdout', stdout, this.#untilStart('stdout'))
    if (!isStreamTarget(stderr)) return
    const isShared = isStreamTarget(stdout) && stdout.stream === stderr.stream
    if (!isShared) this.sinks.stderr = claimSink('stderr', stderr, this.#untilStart('stderr'))
  }

  #untilStart(name: OutputName): Sink['events'] {
    return {
      failed: error => this.outputFailed(error),
      gone: () => this.outputFailed(goneBeforeStart(name)),
      drained: () => {},
    }
  }

  readonly #inputFailed = (error: GlassboxError): void => this.#fail({ error, ofInput: true })

  outputFailed(error: GlassboxError): void {
    this.#fail({ error, ofInput: false })
  }

  #fail(failure: StreamFailure): void {
    if (this.#failure === undefined && this.#onFailure(failure.error)) this.#failure = failure
  }

  get failure(): StreamFailure | undefined {
    return this.#failure
  }

  /** Whether the input can be given again, if the program has to be started anew. */
  get repeatable(): boolean {
    return this.source === undefined
  }

  /** Whether output should be read as soon as it is written. */
  get awaited(): boolean {
    return this.events.awaited || this.readers.stdout.awaited || this.readers.stderr.awaited
  }

  /** The stream that the caller writes to. Throws InvalidOptionError unless stdin is `pipe`. */
  get writable(): Writable {
    if (this.source?.writable) return this.source.writable
    throw new InvalidOptionError(
      'stdin',
      `handle.stdin can be written to only with stdin: 'pipe'.`,
      "Run the program with { stdin: 'pipe' }.",
    )
  }

  /**
   * Call it when the program is dead. Stops reading the input and ends the outputs. Rejects if an
   * output has failed.
   */
  finish(): Promise<void> {
    this.#finished ??= this.#finish()
    return this.#finished
  }

  async #finish(): Promise<void> {
    const { stdout, stderr } = this.sinks
    await Promise.all([this.source?.release(), stdout?.finish(), stderr?.finish()])
    if (this.#failure && !this.#failure.ofInput) throw this.#failure.error
  }

  /** Call it when the run resolves: ends the handle's streams. */
  settle(): void {
    for (const reader of Object.values(this.readers)) reader.settle()
  }

  /** Call it when the run rejects: the handle's streams fail, the caller's are destroyed. */
  async abandon(reason: unknown): Promise<void> {
    const failure = reason instanceof Error ? reason : new Error(String(reason))
    for (const reader of Object.values(this.readers)) reader.settle(failure)
    const { stdout, stderr } = this.sinks
    await Promise.all([this.source?.release(), stdout?.abandon(), stderr?.abandon()])
  }
}

const goneBeforeStart = (name: OutputName): GlassboxError =>
  new GlassboxError(
    'ERR_GLASSBOX_STREAM',
    `The stream that was given as ${name} was closed before the program started.`,
    { hint: 'Nothing was started. Give each run a stream that can still be written to.' },
  )
