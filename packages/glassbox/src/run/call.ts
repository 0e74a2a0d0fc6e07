/**
 * The state of one call of run(), from the call until it settles: its start time, streams and
 * events. The call is stopped for any of three reasons: the handle's kill(), the
 * caller's signal, or a stream that fails.
 */
import type { CommandOptions } from '../job/options.ts'
import { CallStreams } from '../stdio/caller/call-streams.ts'
import { OutputEvents } from '../stdio/events.ts'
import { Cancel } from './cancel.ts'

export class Call {
  readonly events: OutputEvents = new OutputEvents()
  /** When run() was called: CLOCK_MONOTONIC in ns. */
  readonly calledAt: bigint = process.hrtime.bigint()
  /** Aborted by the handle's kill(), by the caller's signal, and by a stream that fails. */
  readonly cancel: Cancel = new Cancel()
  #streams: CallStreams | undefined
  #signal: AbortSignal | undefined

  /** Claims the streams of the checked options, and listens to their signal. */
  begin(options: CommandOptions): CallStreams {
    this.#listenTo(options)
    this.#streams ??= new CallStreams(options, this.events, error => {
      if (this.cancel.aborted) return false
      this.cancel.abort(error)
      return true
    })
    return this.#streams
  }

  /** The streams of the call. If the call has not begun, it begins with empty streams. */
  streams(): CallStreams {
    return this.#streams ?? this.begin({})
  }

  /** Listens to the caller's signal until `release`. */
  #listenTo({ signal }: CommandOptions): void {
    if (typeof signal?.addEventListener !== 'function' || this.#signal) return
    this.#signal = signal
    if (signal.aborted) this.#stop()
    else signal.addEventListener('abort', this.#stop)
  }

  readonly #stop = (): void => this.cancel.abort(this.#signal?.reason)

  /** Throws the failure of a stream, if the call was stopped for one. */
  throwIfFailed(): void {
    const { failure } = this.streams()
    if (failure) throw failure.error
  }

  release(): void {
    this.#signal?.removeEventListener('abort', this.#stop)
  }
}

/** Makes a call that starts now. */
export const beginCall = (): Call => new Call()
