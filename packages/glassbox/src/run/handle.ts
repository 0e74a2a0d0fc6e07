/** What run() returns: the running program, and a promise of how it ended. */
import { Readable } from 'node:stream'
import type { OutputEvent, OutputEvents } from '../stdio/events.ts'
import type { StreamName } from '../stdio/output.ts'
import type { RunResult } from '../job/result.ts'

export type RunEvent<Output extends string | Uint8Array = string | Uint8Array> =
  | OutputEvent
  | { readonly type: 'end'; readonly result: RunResult<Output> }

/**
 * A running program. Awaiting it gives the result; before that there are its output as streams, its events, and `kill()`.
 *
 * @example
 * const handle = run('python3', ['-c', 'print(6*7)'])
 * for await (const event of handle.events()) if (event.type === 'stdout') process.stdout.write(event.chunk)
 * const { status } = await handle
 */
export class RunHandle<Output extends string | Uint8Array = string>
  implements PromiseLike<RunResult<Output>>
{
  readonly #result: Promise<RunResult<Output>>
  readonly #events: OutputEvents
  readonly #kill: () => void

  constructor(result: Promise<RunResult<Output>>, events: OutputEvents, kill: () => void) {
    this.#result = result
    this.#events = events
    this.#kill = kill
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a handle is awaited, as in execa
  then<A = RunResult<Output>, B = never>(
    fulfilled?: ((result: RunResult<Output>) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#result.then(fulfilled, rejected)
  }

  catch<B = never>(
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<RunResult<Output> | B> {
    return this.#result.catch(rejected)
  }

  finally(settled?: (() => void) | null): Promise<RunResult<Output>> {
    return this.#result.finally(settled)
  }

  /** Ends the program and everything it started; the result's status is then `canceled`. */
  kill(): void {
    this.#kill()
  }

  /** What the program writes to stdout from now on, as a stream. It holds at most `outputBytes`. */
  get stdout(): Readable {
    return this.#stream('stdout')
  }

  /** As `stdout`, for stderr. */
  get stderr(): Readable {
    return this.#stream('stderr')
  }

  #stream(name: StreamName): Readable {
    const stream = new Readable({ read() {} })
    const stop = this.#events.listen(event => {
      if (event.type === name) stream.push(event.chunk)
    })
    const end = (): void => {
      stop()
      stream.push(null)
    }
    this.#result.then(end, end)
    return stream
  }

  /** Everything that happens from now on; ends after `end`. Rejects where the run does. */
  async *events(): AsyncGenerator<RunEvent<Output>, void, void> {
    const queue: RunEvent<Output>[] = []
    let wake: () => void = () => {}
    const stop = this.#events.listen(event => {
      queue.push(event)
      wake()
    })
    // One reaction for the whole run: a race for each event would leave one behind each time.
    let outcome: { readonly result: RunResult<Output> } | { readonly error: unknown } | undefined
    const settle = (settled: typeof outcome): void => {
      outcome = settled
      wake()
    }
    this.#result.then(
      result => settle({ result }),
      (error: unknown) => settle({ error }),
    )
    try {
      for (;;) {
        const event = queue.shift()
        if (event) yield event
        else if (!outcome) await new Promise<void>(resolve => (wake = resolve))
        else if ('error' in outcome) throw outcome.error
        else {
          yield { type: 'end', result: outcome.result }
          return
        }
      }
    } finally {
      stop()
    }
  }
}
