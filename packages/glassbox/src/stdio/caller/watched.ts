/**
 * Listens to streams of callers. A stream has one set of our listeners, however many runs use it
 * at a time, so Node does not warn of a leak. They are removed after the last run. A stream that
 * is being destroyed keeps them until it is closed: it may still emit an error, which would end
 * this process if there were no listener.
 */
import { setImmediate } from 'node:timers/promises'

type EventName = 'error' | 'close' | 'end' | 'finish' | 'drain'
const EVENTS: readonly EventName[] = ['error', 'close', 'end', 'finish', 'drain']

/**
 * The part of a stream that is used here. Old kinds of streams do not have the state properties.
 */
export interface Watchable {
  on(event: string, listener: (error?: Error) => void): unknown
  off(event: string, listener: (error?: Error) => void): unknown
  readonly destroyed?: boolean
  readonly closed?: boolean
}

/** Called for each event of a stream. `error` comes with the event `error` only. */
export type Watcher = (event: EventName, error?: Error) => void

/** How long to wait for a destroyed stream to close, in ms. */
const CLOSE_MS = 100

class Listening {
  readonly watchers = new Set<Watcher>()
  readonly #stream: Watchable
  readonly #listeners: readonly (readonly [EventName, (error?: Error) => void])[]
  #hasClosed = false
  #tellClosed: () => void = () => {}
  readonly #closed = new Promise<void>(resolve => (this.#tellClosed = resolve))

  constructor(stream: Watchable) {
    this.#stream = stream
    this.#listeners = EVENTS.map(event => [event, error => this.#tell(event, error)])
    for (const [event, listener] of this.#listeners) stream.on(event, listener)
  }

  #tell(event: EventName, error: Error | undefined): void {
    for (const watcher of this.watchers) watcher(event, error)
    if (event !== 'close') return
    this.#hasClosed = true
    this.#tellClosed()
    this.#stopIfUnwatched()
  }

  /** Removes the listeners, if no watcher is left and the stream can emit no further error. */
  async settle(): Promise<void> {
    const { destroyed, closed } = this.#stream
    if (destroyed === true && !this.#hasClosed) {
      // `closed` is true before the error is emitted.
      if (closed === true) await setImmediate()
      else await this.#closedSoon()
    }
    if (destroyed !== true || closed !== false || this.#hasClosed) this.#stopIfUnwatched()
  }

  async #closedSoon(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await Promise.race([this.#closed, new Promise(resolve => (timer = setTimeout(resolve, CLOSE_MS)))])
    clearTimeout(timer)
  }

  #stopIfUnwatched(): void {
    if (this.watchers.size > 0) return
    listening.delete(this.#stream)
    for (const [event, listener] of this.#listeners) this.#stream.off(event, listener)
  }
}

const listening = new WeakMap<Watchable, Listening>()

/** Calls `watcher` for each event of the stream from now on. */
export function watch(stream: Watchable, watcher: Watcher): void {
  let one = listening.get(stream)
  if (!one) listening.set(stream, (one = new Listening(stream)))
  one.watchers.add(watcher)
}

/** Stops calling `watcher`. Resolves once no listener is left for it. */
export async function unwatch(stream: Watchable, watcher: Watcher): Promise<void> {
  const one = listening.get(stream)
  if (one?.watchers.delete(watcher)) await one.settle()
}
