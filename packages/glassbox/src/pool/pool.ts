/**
 * A pool of prepared containers. Running a program in one makes no namespace and mounts nothing: a process waits in there
 * already. Each program finds an empty box: what the one before it left is removed behind its back, and a container that cannot
 * be cleaned, or that is gone, is replaced.
 *
 * Owns its containers. Each is in one of three states: idle (in `#idle`), leased to one run, or in a task of `#tasks` that
 * cleans, opens or closes it. `#count` counts them all, so that there are never more than `size`.
 */
import { setImmediate } from 'node:timers/promises'
import { BoxLostError, GlassboxError } from '../errors.ts'
import { canceledResult, runCommand, startNow, stopSignal } from '../run/execute.ts'
import { RunHandle } from '../run/handle.ts'
import { HostPaths } from '../stdio/host-paths.ts'
import { isStream } from '../stdio/input.ts'
import { readInputs } from '../stdio/input-files.ts'
import type { AsBytes, BoxOptions, CommandOptions } from '../job/options.ts'
import { PreparedContainer } from '../runners/namespace/sandbox.ts'
import { resolveInBox } from '../run/program.ts'
import type { AnyResult } from '../job/result.ts'
import { validateBoxOptions, validateCommandOptions } from '../job/validate.ts'
import { type PoolOptions, type PoolRunOptions, validateSize } from './options.ts'
import { inheritsSocket, type Reach, reachOf } from '../runners/namespace/descriptor-passing.ts'
import { leavesNothingUnseen } from '../runners/namespace/residue.ts'

interface Waiter {
  resolve(place: PreparedContainer): void
  reject(error: unknown): void
}

export class Pool {
  readonly size: number
  readonly #options: BoxOptions
  readonly #reach: Reach
  readonly #paths: HostPaths
  readonly #idle: PreparedContainer[] = []
  readonly #leased = new Set<PreparedContainer>()
  readonly #waiters = new Set<Waiter>()
  readonly #tasks = new Set<Promise<void>>()
  #count = 0
  #replaced = 0
  #closed: Promise<void> | undefined

  private constructor({ size, ...options }: PoolOptions) {
    validateSize(size)
    validateBoxOptions(options)
    this.size = size
    this.#options = options
    this.#reach = reachOf(options)
    this.#paths = new HostPaths(options.binds)
  }

  /** Opens all containers; on failure none is left. */
  static async create(options: PoolOptions): Promise<Pool> {
    const pool = new Pool(options)
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

  /** How many containers were thrown away, because they could not be cleaned or were lost. */
  get replaced(): number {
    return this.#replaced
  }

  /**
   * Runs a program in a container of the pool; waits for one where all are busy. Otherwise as `run()`. Rejects with a `BoxLostError`
   * where the container was killed from outside while the program ran; where it certainly had not begun, another container is taken.
   */
  run(program: string, args: readonly string[], options: PoolRunOptions & AsBytes): RunHandle<Uint8Array>
  run(program: string, args?: readonly string[], options?: PoolRunOptions): RunHandle
  run(
    program: string,
    args: readonly string[] = [],
    { files, ...options }: PoolRunOptions = {},
  ): RunHandle<string | Uint8Array> {
    const started = startNow()
    const start = async (): Promise<AnyResult> => {
      validateCommandOptions(options)
      const cleanable =
        this.#reach !== 'others' && leavesNothingUnseen(options.policy) && !inheritsSocket(options)
      const inputs = readInputs(files, this.#paths)
      const stop = stopSignal(started, options)
      const attempt = async (place: PreparedContainer): Promise<AnyResult> => {
        for (const input of inputs) place.writeFile(input)
        const found = resolveInBox(program, options, this.#options.binds, path => place.hasFile(path))
        return runCommand({ place, ...started }, found, [program, ...args], options)
      }
      for (let tries = repeatable(options) ? this.size : 0; ; tries--) {
        const place = await this.#lease(stop)
        if (!place) return canceledResult(options, started.calledAt)
        try {
          return await attempt(place)
        } catch (error) {
          if (this.#closed) throw closedError(error)
          // All that waited may have been killed at once, and the news of it is still on its way.
          if (tries <= 0 || !(error instanceof BoxLostError) || error.mayHaveRun) throw error
        } finally {
          this.#giveBack(place, cleanable)
        }
      }
    }
    return new RunHandle(start(), started.events, () => started.cancel.abort())
  }

  /** A container for one run; `undefined` where the run was canceled while it waited. */
  async #lease(stop: AbortSignal): Promise<PreparedContainer | undefined> {
    if (this.#closed) throw closedError()
    if (stop.aborted) return undefined
    for (let place = this.#idle.shift(); place; place = this.#idle.shift()) {
      if (!place.container.ended) {
        this.#leased.add(place)
        return place
      }
      this.#replace(place)
    }
    return this.#wait(stop)
  }

  #wait(stop: AbortSignal): Promise<PreparedContainer | undefined> {
    let canceled = (): void => {}
    return new Promise<PreparedContainer | undefined>((resolve, reject) => {
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
      const place = await PreparedContainer.open(this.#options, { reusable: true })
      if (this.#closed) await place.close()
      else this.#hand(place)
    } catch (error) {
      this.#count--
      throw error
    }
  }

  /** To who waits longest, or among the idle. */
  #hand(place: PreparedContainer): void {
    const [waiter] = this.#waiters
    if (waiter) {
      this.#waiters.delete(waiter)
      this.#leased.add(place) // at once: a close between here and the waiter's turn must know of it
      waiter.resolve(place)
    } else this.#idle.push(place)
  }

  #giveBack(place: PreparedContainer, cleanable: boolean): void {
    this.#leased.delete(place)
    if (!cleanable || place.container.ended) {
      this.#replace(place)
      return
    }
    this.#inBackground(async () => {
      await setImmediate() // who waits for the result gets it first, and may start the next program meanwhile
      const clean = await place.reset(this.#reach === 'readers').catch(() => false) // lost or not to be cleaned: it goes either way
      if (clean && !this.#closed) this.#hand(place)
      else this.#replace(place)
    })
  }

  #replace(place: PreparedContainer): void {
    if (!this.#closed) this.#replaced++
    this.#inBackground(async () => {
      await place.close().catch(() => {}) // a cgroup that somebody else removed, or holds: the sweep of the next start
      this.#count--
      if (!this.#closed) await this.#open().catch(() => {}) // who waits for it tries again, and is told
      this.#fill()
    })
  }

  #inBackground(work: () => Promise<void>): void {
    const task = work().finally(() => this.#tasks.delete(task))
    this.#tasks.add(task)
  }

  /** Ends what runs and removes all containers. Runs that wait or still run reject with ERR_GLASSBOX_POOL_CLOSED. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async #end(): Promise<void> {
    await Promise.resolve() // `#closed` is set before anybody is told
    for (const waiter of this.#waiters) waiter.reject(closedError())
    this.#waiters.clear()
    await Promise.allSettled([...this.#idle.splice(0), ...this.#leased].map(place => place.close()))
    while (this.#tasks.size > 0) await Promise.allSettled(this.#tasks)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Whether a run that has not begun can be begun again: nobody has been given a trace of it, and no input was taken out of a stream. */
const repeatable = ({ stdin, trace }: CommandOptions): boolean => !trace && !isStream(stdin)

const closedError = (cause?: unknown): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_POOL_CLOSED', 'This pool is closed.', {
    hint: 'Create another one.',
    cause,
  })

/**
 * Opens `size` containers that programs are run in one after another, each finding an empty box.
 *
 * @example
 * await using pool = await createPool({ size: 2 })
 * const { stdout } = await pool.run('sort', [], { stdin: 'b\na\n' })
 */
export function createPool(options: PoolOptions): Promise<Pool> {
  return Pool.create(options)
}
