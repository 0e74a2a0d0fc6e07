/**
 * A pool of prepared sandboxes. Running a program in one makes no namespace and mounts nothing: a
 * process waits in there already. Each program finds an empty box: what the one before it left is
 * removed behind its back, and a sandbox that cannot be cleaned, or that is gone, is replaced.
 *
 * Owns its sandboxes. Each is in one of three states: idle (in `#idle`), leased to one run, or in
 * a task of `#tasks` that cleans, opens or closes it. `#count` counts them all, so that there are
 * never more than `size`.
 */
import { setImmediate } from 'node:timers/promises'
import { BoxLostError, GlassboxError } from '../errors.ts'
import type { BoxOptions, CommandOptions, Encoding, OutputOf } from '../job/options.ts'
import type { ResolvedBox } from '../job/resolved.ts'
import type { AnyResult } from '../job/result.ts'
import { type Call, stopSignal } from '../run/call.ts'
import { checkPooled, checkWords } from '../run/check.ts'
import { canceledResult, execute } from '../run/execute.ts'
import type { RunHandle } from '../run/handle.ts'
import { resolveInBox } from '../run/program.ts'
import { runnerOf } from '../run/runners.ts'
import { startCall } from '../run/start-call.ts'
import type { Runner, Sandbox } from '../runners/runner.ts'
import { HostPaths } from '../stdio/host-paths.ts'
import { putInputs, readInputs } from '../stdio/input-files.ts'
import { checkPool, type PoolOptions, type PoolRunOptions } from './options.ts'

interface Waiter {
  resolve(sandbox: Sandbox): void
  reject(error: unknown): void
}

export class Pool {
  readonly size: number
  readonly #options: ResolvedBox
  readonly #runner: Runner
  readonly #paths: HostPaths
  readonly #idle: Sandbox[] = []
  readonly #leased = new Set<Sandbox>()
  readonly #waiters = new Set<Waiter>()
  readonly #tasks = new Set<Promise<void>>()
  #count = 0
  #replaced = 0
  #closed: Promise<void> | undefined

  private constructor(options: PoolOptions, runners: (options: BoxOptions) => Runner) {
    const { size, box } = checkPool(options)
    this.#options = box
    this.size = size
    this.#runner = runners(box)
    this.#paths = new HostPaths(box.binds)
  }

  /** Opens all sandboxes; on failure none is left. `runners`: by default those that there are. */
  static async create(
    options: PoolOptions,
    runners: (options: BoxOptions) => Runner = runnerOf,
  ): Promise<Pool> {
    const pool = new Pool(options, runners)
    try {
      const opened = await Promise.allSettled(Array.from({ length: pool.size }, () => pool.#open()))
      const failed = opened.find(outcome => outcome.status === 'rejected')
      if (failed) throw failed.reason
      return pool
    } catch (error) {
      await pool.close()
      throw error
    }
  }

  /** How many sandboxes were thrown away, because they could not be cleaned or were lost. */
  get replaced(): number {
    return this.#replaced
  }

  /**
   * Runs a program in a sandbox of the pool; waits for one where all are busy. Otherwise as
   * `run()`. Rejects with a `BoxLostError` where the sandbox was killed from outside while the
   * program ran; where it certainly had not begun, another sandbox is taken.
   */
  run<E extends Encoding = 'utf8'>(
    program: string,
    args?: readonly string[],
    options?: PoolRunOptions<E>,
  ): RunHandle<OutputOf<E>>
  run(given: unknown, givenArgs?: unknown, givenOptions?: unknown): RunHandle<string | Uint8Array> {
    const start = async (call: Call): Promise<AnyResult> => {
      const { program, args } = checkWords(given, givenArgs)
      const { files, options, ...command } = checkPooled(givenOptions)
      const inputs = readInputs(files, this.#paths)
      call.begin(options)
      const stop = stopSignal(call, options)
      const { name: runner } = this.#runner
      const attempt = async (sandbox: Sandbox): Promise<AnyResult> => {
        await putInputs(sandbox.files, inputs, stop)
        if (stop.aborted) return canceledResult(runner, command.terms.limits, options, call)
        const found = resolveInBox(program, options, this.#options.binds, path => sandbox.files.has(path))
        const job = { ...command.terms, path: found.path, argv: [program, ...args] }
        return execute({ runner, sandbox, paths: this.#paths, call }, job, options)
      }
      for (let tries = isRepeatable(call, options) ? this.size : 0; ; tries--) {
        const sandbox = await this.#lease(stop)
        if (!sandbox) return canceledResult(runner, command.terms.limits, options, call)
        try {
          return await attempt(sandbox)
        } catch (error) {
          if (this.#closed) throw closedError(error)
          // All that waited may have been killed at once, and the news of it is still on its way.
          if (tries <= 0 || !(error instanceof BoxLostError) || error.mayHaveRun) throw error
        } finally {
          this.#giveBack(sandbox)
        }
      }
    }
    return startCall(start)
  }

  /** A sandbox for one run; `undefined` where the run was canceled while it waited. */
  async #lease(stop: AbortSignal): Promise<Sandbox | undefined> {
    if (this.#closed) throw closedError()
    if (stop.aborted) return undefined
    for (let sandbox = this.#idle.shift(); sandbox; sandbox = this.#idle.shift()) {
      if (sandbox.reusable) {
        this.#leased.add(sandbox)
        return sandbox
      }
      this.#replace(sandbox)
    }
    return this.#wait(stop)
  }

  #wait(stop: AbortSignal): Promise<Sandbox | undefined> {
    let canceled = (): void => {}
    return new Promise<Sandbox | undefined>((resolve, reject) => {
      const waiter = { resolve, reject }
      canceled = () => {
        this.#waiters.delete(waiter)
        resolve(undefined)
      }
      this.#waiters.add(waiter)
      stop.addEventListener('abort', canceled)
      this.#fill()
    }).finally(() => stop.removeEventListener('abort', canceled))
  }

  /** Opens what is missing for those who wait; an error is told to one of them. */
  #fill(): void {
    if (this.#closed || this.#count >= this.size || this.#waiters.size === 0) return
    this.#inBackground(async () => {
      try {
        await this.#open()
      } catch (error) {
        const [waiter] = this.#waiters
        if (!waiter) return // nobody waits for it any more: the next one who does tries again
        this.#waiters.delete(waiter)
        waiter.reject(error)
        this.#fill()
      }
    })
  }

  async #open(): Promise<void> {
    this.#count++
    try {
      const sandbox = await this.#openSandbox()
      if (this.#closed) await sandbox.close()
      else this.#hand(sandbox)
    } catch (error) {
      this.#count--
      throw error
    }
  }

  /** To who waits longest, or among the idle. */
  #hand(sandbox: Sandbox): void {
    const [waiter] = this.#waiters
    if (waiter) {
      this.#waiters.delete(waiter)
      this.#leased.add(sandbox) // at once: a close between here and the waiter's turn must know of it
      waiter.resolve(sandbox)
    } else this.#idle.push(sandbox)
  }

  #openSandbox(): Promise<Sandbox> {
    const [box, paths] = [this.#options, this.#paths]
    return this.#runner.open({ box, paths, programs: [], use: 'pooled' })
  }

  #giveBack(sandbox: Sandbox): void {
    this.#leased.delete(sandbox)
    if (!sandbox.reusable) {
      this.#replace(sandbox)
      return
    }
    this.#inBackground(async () => {
      await setImmediate() // the result is delivered first, and its receiver may start the next program meanwhile
      const state = await sandbox.reset().catch(() => 'dirty') // lost, or not to be cleaned: it goes either way
      if (state === 'clean' && !this.#closed) this.#hand(sandbox)
      else this.#replace(sandbox)
    })
  }

  #replace(sandbox: Sandbox): void {
    if (!this.#closed) this.#replaced++
    this.#inBackground(async () => {
      await sandbox.close().catch(() => {}) // a cgroup that somebody else removed, or holds: the sweep of the next start
      this.#count--
      if (!this.#closed) await this.#open().catch(() => {}) // who waits for it tries again, and is told
      this.#fill()
    })
  }

  #inBackground(work: () => Promise<void>): void {
    const task = work().finally(() => this.#tasks.delete(task))
    this.#tasks.add(task)
  }

  /**
   * Ends what runs and removes all sandboxes. Runs that wait or still run reject with
   * ERR_GLASSBOX_POOL_CLOSED.
   */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    await Promise.resolve() // `#closed` is set before anybody is told
    for (const waiter of this.#waiters) waiter.reject(closedError())
    this.#waiters.clear()
    await Promise.allSettled([...this.#idle.splice(0), ...this.#leased].map(sandbox => sandbox.close()))
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/**
 * Whether a run that has not begun can be begun again: no trace of it was given away, and no input
 * was taken out of a stream.
 */
const isRepeatable = (call: Call, { trace }: CommandOptions): boolean => !trace && call.streams().repeatable

const closedError = (cause?: unknown): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_POOL_CLOSED', 'This pool is closed.', {
    hint: 'Create another one.',
    cause,
  })

/**
 * Opens `size` sandboxes that programs are run in one after another, each finding an empty box.
 *
 * @example
 * await using pool = await createPool({ size: 2 })
 * const { stdout } = await pool.run('sort', [], { stdin: 'b\na\n' })
 */
export function createPool(options: PoolOptions): Promise<Pool> {
  return Pool.create(options)
}
