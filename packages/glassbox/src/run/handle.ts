/** What run() returns: the running program, and a promise of how it ended. */
import type { Readable, Writable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import type { RunResult } from '../job/result.ts'
import type { OutputEvent } from '../stdio/events.ts'
import type { Call } from './call.ts'

export type RunEvent<Output extends string | Uint8Array = string | Uint8Array> =
  | OutputEvent
  | { readonly type: 'end'; readonly result: RunResult<Output> }

/**
 * A running program. Awaiting it gives the result; before that there are its streams, its events,
 * and `kill()`.
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

  /** Ends the program and everything it started; the result's status is then `canceled`. */
  kill(): void {
    this.#call.cancel.abort()
  }

  /**
   * Writes to the running program, with `stdin: 'pipe'`; `end()` gives it the end of its input.
   * `write()` returns false while the program does not read. If it is destroyed before its end,
   * the program is ended and the run rejects. When the program has closed its stdin it is
   * destroyed with EPIPE, and when the program is gone it is destroyed; neither throws. With any
   * other stdin the property throws InvalidOptionError.
   */
  get stdin(): Writable {
    return this.#call.streams().writable
  }

  /**
   * What the program writes to stdout, as bytes from the first one on; the program waits for a
   * reader that is slow. Ends when the run resolves, and fails with its error if it rejects. With
   * `stdout: 'capture'` the result has the bytes too, and a stream that nobody reads holds up
   * nothing; with `'pipe'` the program waits until somebody reads. If stdout goes elsewhere it has
   * what is written after the first use of this property, and it is empty if stdout is `'ignore'`,
   * or `'inherit'`.
   */
  get stdout(): Readable {
    return this.#reader('stdout')
  }

  /** As `stdout`, for stderr. Empty if stderr goes the way of stdout. */
  get stderr(): Readable {
    return this.#reader('stderr')
  }

  #reader(name: 'stdout' | 'stderr'): Readable {
    this.#result.catch(() => {}) // the stream tells it
    return this.#call.streams().readers[name].stream
  }

  /**
   * The lines of stdout as UTF-8 text, without their ends. It reads `handle.stdout`: leaving the
   * loop destroys that, after which a program with `stdout: 'pipe'` gets SIGPIPE. Rejects if the
   * run does.
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
   * Everything that happens from this call on; ends after `end`. Rejects if the run does. Pieces
   * of stdout and of stderr come in the order in which the program wrote them as far as one reader
   * of two pipes can see it; `stderr: 'stdout'` makes them one. What is not taken yet waits in
   * memory, up to `outputBytes` of each.
   */
  events(): AsyncGenerator<RunEvent<Output>, void, void> {
    const queue: RunEvent<Output>[] = []
    const bell = { ring: () => {} }
    const stop = this.#call.events.listen(event => {
      queue.push(event)
      bell.ring()
    })
    return this.#tell(queue, bell, stop)
  }

  async *#tell(
    queue: RunEvent<Output>[],
    bell: { ring: () => void },
    stop: () => void,
  ): AsyncGenerator<RunEvent<Output>, void, void> {
    // One reaction for the whole run: a race for each event would leave one behind each time.
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
