/**
 * The state of one call of run(), from the call until it settles: its start time, streams and
 * events. One abort signal stops the call, for any of three reasons: the handle's kill(), the
 * caller's signal, or a stream that fails.
 */
import type { CommandOptions } from '../job/options.ts'
import { CallStreams } from '../stdio/caller/call-streams.ts'
import { OutputEvents } from '../stdio/events.ts'

export class Call {
  readonly events: OutputEvents = new OutputEvents()
  /** When run() was called: CLOCK_MONOTONIC in ns. */
  readonly calledAt: bigint = process.hrtime.bigint()
  /** Aborted by the handle's kill(), by the caller's signal, and by a stream that fails. */
  readonly cancel: AbortController = new AbortController()
  #streams: CallStreams | undefined
  #signal: AbortSignal | undefined

  /** Claims the streams of the checked options, and listens to their signal. */
  begin(options: CommandOptions): CallStreams {
    this.stopSignal(options)
    this.#streams ??= new CallStreams(options, this.events, error => {
      if (this.cancel.signal.aborted) return false
      this.cancel.abort(error)
      return true
    })
    return this.#streams
  }

  /** The streams of the call. If the call has not begun, it begins with empty streams. */
  streams(): CallStreams {
    return this.#streams ?? this.begin({})
  }

  /**
   * Aborted when the call is to be stopped. The caller's signal is listened to until `release`.
   */
  stopSignal({ signal }: CommandOptions): AbortSignal {
    if (typeof signal?.addEventListener === 'function' && !this.#signal) {
      this.#signal = signal
      if (signal.aborted) this.#stop()
      else signal.addEventListener('abort', this.#stop)
    }
    return this.cancel.signal
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

/** Aborted by the handle's kill(), the caller's signal, or a stream that fails. */
export const stopSignal = (call: Call, options: CommandOptions): AbortSignal => call.stopSignal(options)
