/**
 * Listens to streams of callers. However many runs have a stream at a time, it has one set of
 * listeners of ours, so Node sees no reason to warn of a leak. The listeners go with the last run.
 * Only a stream that is just being destroyed keeps them until it is closed: it may still tell its
 * error, which would end this process if nothing listened.
 */
import { setImmediate } from 'node:timers/promises'

type EventName = 'error' | 'close' | 'end' | 'finish' | 'drain'
const EVENTS: readonly EventName[] = ['error', 'close', 'end', 'finish', 'drain']

/** What is used of a stream here. Streams of old kinds have no state. */
export interface Watchable {
  on(event: string, listener: (error?: Error) => void): unknown
  off(event: string, listener: (error?: Error) => void): unknown
  readonly destroyed?: boolean
  readonly closed?: boolean
}

/** Told what happens to a stream; `error` comes with the event of that name alone. */
export type Watcher = (event: EventName, error?: Error) => void

/** How long a destroyed stream is waited for. */
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

  /** Called when the last watcher may be gone. */
  async settle(): Promise<void> {
    const { destroyed, closed } = this.#stream
    if (destroyed === true && !this.#hasClosed) {
      // It is said to be closed before it has told its error.
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

/** Tells `watcher` what happens to the stream from now on. */
export function watch(stream: Watchable, watcher: Watcher): void {
  let one = listening.get(stream)
  if (!one) listening.set(stream, (one = new Listening(stream)))
  one.watchers.add(watcher)
}

/** Resolves when nothing of ours listens for this watcher any more. */
export async function unwatch(stream: Watchable, watcher: Watcher): Promise<void> {
  const one = listening.get(stream)
  if (one?.watchers.delete(watcher)) await one.settle()
}
