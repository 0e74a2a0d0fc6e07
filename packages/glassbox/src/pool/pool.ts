/**
 * A pool of prepared sandboxes. To run a program in one, no namespace has to be made and nothing
 * has to be mounted: a prepared child already waits in it. Each program finds an empty box. After
 * its program has ended, a sandbox is cleaned in the background; it is replaced if it cannot be
 * cleaned, or if it is gone.
 *
 * Owns its sandboxes. Each is in one of three states: idle (in `#idle`), leased to one run, or in
 * a task of `#tasks` that cleans, opens or closes it. `#count` counts them all, and never exceeds
 * `size`.
 */
import { setImmediate } from 'node:timers/promises'
import { BoxLostError, GlassboxError } from '../errors.ts'
import type {
  AskedEncoding,
  BoxOptions,
  CommandOptions,
  Encoding,
  InferredEncoding,
  OutputOf,
} from '../job/options.ts'
import type { ResolvedBox } from '../job/resolved.ts'
import type { AnyResult } from '../job/result.ts'
import { refuseMore } from '../options/arity.ts'
import type { Call } from '../run/call.ts'
import type { Cancel } from '../run/cancel.ts'
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

/** A run that waits for a sandbox. */
interface Waiter {
  resolve(sandbox: Sandbox): void
  reject(error: unknown): void
}

/**
 * A pool of sandboxes; createPool() makes one. Close it when you no longer need it.
 *
 * @example
 * const pool = await createPool({ size: 2 })
 * try {
 *   const results = await Promise.all(inputs.map(stdin => pool.run('sort', [], { stdin })))
 * } finally {
 *   await pool.close()
 * }
 */
export class Pool {
  /** How many programs can run at a time. */
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

  private constructor(options: PoolOptions, runners: (options: Pick<BoxOptions, 'runner'>) => Runner) {
    const { size, box } = checkPool(options)
    this.#options = box
    this.size = size
    this.#runner = runners(box)
    this.#runner.check(box)
    this.#paths = new HostPaths(box.binds)
  }

  /**
   * Opens all sandboxes; see `createPool`. On failure none is left open. `runners` chooses the
   * runner; tests give their own.
   */
  static async create(
    options: PoolOptions,
    runners: (options: Pick<BoxOptions, 'runner'>) => Runner = runnerOf,
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

  /** How many sandboxes were replaced because they could not be reused or were lost. */
  get replaced(): number {
    return this.#replaced
  }

  /**
   * Runs a program in a sandbox of the pool, and waits for one if all are busy. Otherwise it
   * behaves like `run()`. If the sandbox is killed from outside while the program runs, it rejects
   * with a `BoxLostError`. If the program had certainly not started, it is run in another sandbox,
   * unless it is traced or its stdin is a stream.
   *
   * @example
   * const { stdout } = await pool.run('sort', [], { stdin: 'b\na\n' })
   */
  run<E extends AskedEncoding = 'utf8'>(
    program: string,
    args?: readonly string[],
    options?: PoolRunOptions<E & Encoding> & InferredEncoding<E>,
  ): RunHandle<OutputOf<E>>
  run(
    given: unknown,
    givenArgs?: unknown,
    givenOptions?: unknown,
    ...more: readonly unknown[]
  ): RunHandle<string | Uint8Array> {
    const start = async (call: Call): Promise<AnyResult> => {
      refuseMore('pool.run(program, args, options)', more)
      const { program, args } = checkWords(given, givenArgs)
      const { files, options, ...command } = checkPooled(givenOptions, this.#options.here)
      this.#runner.check(this.#options, command.terms)
      const inputs = readInputs(files, this.#paths)
      call.begin(options)
      const { cancel } = call
      const { name: runner } = this.#runner
      const attempt = async (sandbox: Sandbox): Promise<AnyResult> => {
        await putInputs(sandbox.files, inputs, cancel)
        if (cancel.aborted) return canceledResult(runner, command.terms.limits, options, call)
        const shown = { binds: this.#options.binds, runner: this.#runner }
        const found = resolveInBox(program, options, shown, path => sandbox.files.has(path))
        const job = { ...command.terms, path: found.path, argv: [program, ...args] }
        return execute({ runner, sandbox, paths: this.#paths, call }, job, options)
      }
      for (let tries = isRepeatable(call, options) ? this.size : 0; ; tries--) {
        const sandbox = await this.#lease(cancel)
        if (!sandbox) return canceledResult(runner, command.terms.limits, options, call)
        try {
          return await attempt(sandbox)
        } catch (error) {
          if (this.#closed) throw closedError(error)
          // Several idle sandboxes may have been killed together, before this process noticed it.
          if (tries <= 0 || !(error instanceof BoxLostError) || error.mayHaveRun) throw error
        } finally {
          this.#giveBack(sandbox)
        }
      }
    }
    return startCall(start)
  }

  /** A sandbox for one run; `undefined` if the run was canceled while it waited. */
  async #lease(cancel: Cancel): Promise<Sandbox | undefined> {
    if (this.#closed) throw closedError()
    if (cancel.aborted) return undefined
    for (let sandbox = this.#idle.shift(); sandbox; sandbox = this.#idle.shift()) {
      if (sandbox.reusable) {
        this.#leased.add(sandbox)
        return sandbox
      }
      this.#replace(sandbox)
    }
    return this.#wait(cancel)
  }

  #wait(cancel: Cancel): Promise<Sandbox | undefined> {
    let letGo = (): void => {}
    return new Promise<Sandbox | undefined>((resolve, reject) => {
      const waiter = { resolve, reject }
      this.#waiters.add(waiter)
      letGo = cancel.onAbort(() => {
        this.#waiters.delete(waiter)
        resolve(undefined)
      })
      this.#fill()
    }).finally(() => letGo())
  }

  /** Opens missing sandboxes for the waiting runs. If that fails, one of them gets the error. */
  #fill(): void {
    if (this.#closed || this.#count >= this.size || this.#waiters.size === 0) return
    this.#inBackground(async () => {
      try {
        await this.#open()
      } catch (error) {
        const [waiter] = this.#waiters
        if (!waiter) return // no run waits any more; the next one that does tries again
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

  /** Gives a sandbox to the run that has waited longest, or makes it idle. */
  #hand(sandbox: Sandbox): void {
    const [waiter] = this.#waiters
    if (waiter) {
      this.#waiters.delete(waiter)
      this.#leased.add(sandbox) // now, because close() may be called before the waiter continues
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
      // The result is delivered first, so its receiver can start the next program.
      await setImmediate()
      // A lost sandbox is replaced as well.
      const state = await sandbox.reset().catch(() => 'dirty')
      if (state === 'clean' && !this.#closed) this.#hand(sandbox)
      else this.#replace(sandbox)
    })
  }

  #replace(sandbox: Sandbox): void {
    if (!this.#closed) this.#replaced++
    this.#inBackground(async () => {
      // A cgroup that is still busy is removed by a later sweep.
      await sandbox.close().catch(() => {})
      this.#count--
      // On failure #fill tries again, and reports the error.
      if (!this.#closed) await this.#open().catch(() => {})
      this.#fill()
    })
  }

  #inBackground(work: () => Promise<void>): void {
    const task = work().finally(() => this.#tasks.delete(task))
    this.#tasks.add(task)
  }

  /**
   * Kills every program and removes all sandboxes. Runs that wait or are not finished reject with
   * ERR_GLASSBOX_POOL_CLOSED.
   */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    await Promise.resolve() // lets `#closed` be set before a waiter is rejected
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
 * Whether a run can be repeated if its program has not started. A trace has already been passed to
 * the caller's reader, and the data of a stream may already have been read.
 */
const isRepeatable = (call: Call, { trace }: CommandOptions): boolean => !trace && call.streams().repeatable

const closedError = (cause?: unknown): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_POOL_CLOSED', 'This pool is closed.', {
    hint: 'Create a new pool.',
    cause,
  })

/**
 * Creates a pool of `size` sandboxes. Programs run in them one after another, and each finds an
 * empty box. Rejects with a `GlassboxError` if the options are invalid, or if the host lacks a
 * feature.
 *
 * @example
 * await using pool = await createPool({ size: 2 })
 * const { stdout } = await pool.run('sort', [], { stdin: 'b\na\n' })
 */
export function createPool(options: PoolOptions): Promise<Pool>
export async function createPool(options: PoolOptions, ...more: readonly unknown[]): Promise<Pool> {
  refuseMore('createPool(options)', more)
  return Pool.create(options)
}
