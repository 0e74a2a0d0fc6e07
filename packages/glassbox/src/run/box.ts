/**
 * A box: a container, its working directory, and the commands that run in it one after another. Files stay from one
 * command to the next; processes and IPC objects do not: at the end of each command everything that it left running is killed.
 *
 * Owns the container, from `openBox` to `close`.
 */
import { GlassboxError } from '../errors.ts'
import { runCommand, startNow } from './execute.ts'
import { RunHandle } from './handle.ts'
import type { AsBytes, BoxOptions, CommandOptions } from '../job/options.ts'
import { PreparedContainer } from '../runners/namespace/sandbox.ts'
import { resolveInBox } from './program.ts'
import { validateCommandOptions } from '../job/validate.ts'

/** A box that is open. Commands are queued: one runs at a time. */
export class Box {
  readonly #place: PreparedContainer
  readonly #options: BoxOptions
  #last: Promise<unknown> = Promise.resolve()
  #closed: Promise<void> | undefined

  private constructor(place: PreparedContainer, options: BoxOptions) {
    this.#place = place
    this.#options = options
  }

  static async open(options: BoxOptions = {}): Promise<Box> {
    return new Box(await PreparedContainer.open(options), options)
  }

  /** Runs a program in the box, after those that were started before. A relative program is one of the box's files. */
  run(program: string, args: readonly string[], options: CommandOptions & AsBytes): RunHandle<Uint8Array>
  run(program: string, args?: readonly string[], options?: CommandOptions): RunHandle
  run(
    program: string,
    args: readonly string[] = [],
    options: CommandOptions = {},
  ): RunHandle<string | Uint8Array> {
    const started = startNow()
    const place = this.#place
    const result = this.#enqueue(async () => {
      validateCommandOptions(options)
      const found = resolveInBox(program, options, this.#options.binds, path => place.hasFile(path))
      return runCommand({ place, ...started }, found, [program, ...args], options)
    })
    this.#last = this.#last.then(() => this.#closed ?? place.renew()).catch(() => {}) // the next command meets it
    return new RunHandle(result, started.events, () => started.cancel.abort())
  }

  /** Puts a file into the working directory, replacing what has its name. */
  async writeFile(path: string, contents: string | Uint8Array, mode = 0o644): Promise<void> {
    const bytes = typeof contents === 'string' ? Buffer.from(contents) : contents
    await this.#enqueue(async () => this.#place.writeFile({ path, bytes, mode }))
  }

  /** Reads a regular file of the working directory, at most `maxBytes` long. */
  readFile(path: string, maxBytes: number = 64 * 2 ** 20): Promise<Uint8Array> {
    return this.#enqueue(() => this.#place.readFile(path, maxBytes))
  }

  /** Ends whatever runs in the box and removes it. Further calls reject with ERR_GLASSBOX_BOX_CLOSED. */
  close(): Promise<void> {
    this.#closed ??= this.#place.close()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #enqueue<T>(work: () => Promise<T>): Promise<T> {
    const next = this.#last.then(() => {
      if (this.#closed) throw closedError()
      return work()
    })
    this.#last = next.then(
      () => {},
      () => {},
    )
    return next
  }
}

const closedError = (): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_BOX_CLOSED', 'This box is closed.', { hint: 'Open another one.' })

/**
 * Opens a box for several commands.
 *
 * @example
 * await using box = await openBox({ files: { 'main.c': 'int main(void) { return 42; }' } })
 * await box.run('gcc', ['main.c'])
 * const { exitCode } = await box.run('./a.out')
 */
export function openBox(options: BoxOptions = {}): Promise<Box> {
  return Box.open(options)
}
