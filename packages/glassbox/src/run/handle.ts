/** The handle that run() returns: the running program, and a promise of its result. */
import type { Readable, Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { RunResult } from '../job/result.ts'
import type { OutputEvent } from '../stdio/events.ts'
import type { Call } from './call.ts'

/**
 * An event of `handle.events()`: a piece of output, or the end.
 *
 * @example
 * for await (const event of handle.events())
 *   if (event.type === 'end') console.log(event.result.status)
 */
export type RunEvent<Output extends string | Uint8Array = string | Uint8Array> =
  | OutputEvent
  | { readonly type: 'end'; readonly result: RunResult<Output> }

/**
 * A running program. Await it for its result. Until then you can use its streams, its events and
 * `kill()`.
 *
 * @example
 * const handle = run('bc', ['-q'], { stdin: 'pipe' })
 * handle.stdin.write('6 * 7\n')
 * for await (const line of handle) {
 *   console.log(line) // 42
 *   handle.stdin.end()
 * }
 * const { status } = await handle
 */
export class RunHandle<Output extends string | Uint8Array = string>
  implements PromiseLike<RunResult<Output>>
{
  readonly #result: Promise<RunResult<Output>>
  readonly #call: Call

  constructor(result: Promise<RunResult<Output>>, call: Call) {
    this.#result = result
    this.#call = call
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

  /** Kills the program and every process that it started. The result's status is `canceled`. */
  kill(): void {
    this.#call.cancel.abort()
  }

  /**
   * Writes to the running program, if it was started with `stdin: 'pipe'`. `end()` ends its input.
   * `write()` returns false while the program does not read. If you destroy the stream before
   * `end()`, the program is ended and the run rejects. If the program closes its stdin, glassbox
   * destroys the stream with EPIPE; if the program ends, glassbox destroys it. Neither is an
   * uncaught exception. With any other stdin, this property throws InvalidOptionError.
   */
  get stdin(): Writable {
    return this.#call.streams().writable
  }

  /**
   * The program's stdout, as bytes. The program waits for a slow reader. The stream ends when the
   * run resolves, and fails with the run's error if the run rejects.
   *
   * With `stdout: 'capture'` the result has the same bytes, and an unread stream does not block
   * the program. With `'pipe'` the program blocks until the stream is read. With a stream or file
   * as `stdout`, it has the output from the first use of this property on. With `'ignore'` it is
   * empty. With `'inherit'` it is empty too, unless the inherited stdout is a regular file.
   */
  get stdout(): Readable {
    return this.#reader('stdout')
  }

  /** Like `stdout`, for stderr. Empty if stderr goes into the same pipe as stdout. */
  get stderr(): Readable {
    return this.#reader('stderr')
  }

  #reader(name: 'stdout' | 'stderr'): Readable {
    this.#result.catch(() => {}) // the stream reports the error
    return this.#call.streams().readers[name].stream
  }

  /**
   * The lines of stdout as UTF-8 text, without line terminators. It reads `handle.stdout`. Leaving
   * the loop destroys that stream; a program with `stdout: 'pipe'` then gets SIGPIPE. Rejects if
   * the run rejects.
   *
   * @example
   * for await (const line of run('seq', ['3'])) console.log(line)
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<string, void, void> {
    const decoder = new StringDecoder('utf8')
    let begun: string[] = []
    for await (const chunk of this.stdout as AsyncIterable<Buffer>) {
      const [first = '', ...others] = decoder.write(chunk).split('\n')
      begun.push(first)
      for (const next of others) {
        yield withoutReturn(begun.join(''))
        begun = [next]
      }
    }
    const last = begun.join('') + decoder.end()
    if (last !== '') yield last
  }

  /**
   * Output as it arrives from this call on, then one `end` event. Rejects if the run rejects.
   *
   * stdout and stderr are two pipes, so the order of their pieces is only approximately the order
   * in which the program wrote them. With `stderr: 'stdout'`, it is exact. Events wait in memory
   * until you take them, up to `outputBytes` of each stream.
   *
   * @example
   * for await (const event of run('make').events())
   *   if (event.type !== 'end') process[event.type].write(event.chunk)
   */
  events(): AsyncGenerator<RunEvent<Output>, void, void> {
    const queue: RunEvent<Output>[] = []
    const bell = { ring: () => {} }
    const stop = this.#call.events.listen(event => {
      queue.push(event)
      bell.ring()
    })
    return this.#deliver(queue, bell, stop)
  }

  async *#deliver(
    queue: RunEvent<Output>[],
    bell: { ring: () => void },
    stop: () => void,
  ): AsyncGenerator<RunEvent<Output>, void, void> {
    // One reaction for the whole run. A Promise.race() for each event would leave one reaction on
    // the result each time.
    let outcome: { readonly result: RunResult<Output> } | { readonly error: unknown } | undefined
    const settle = (settled: typeof outcome): void => {
      outcome = settled
      bell.ring()
    }
    this.#result.then(
      result => settle({ result }),
      (error: unknown) => settle({ error }),
    )
    try {
      for (;;) {
        const event = queue.shift()
        if (event) yield event
        else if (!outcome) await new Promise<void>(resolve => (bell.ring = resolve))
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

const withoutReturn = (line: string): string => (line.endsWith('\r') ? line.slice(0, -1) : line)
