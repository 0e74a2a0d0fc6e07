/**
 * A container with the child prepared that will be its next program: what run(), a box and a pool run programs in.
 *
 * Made ahead of time, so that a launch waits for nothing: on cgroup v1, entering a group after a pause costs up to 12 ms, and
 * laying on the filter 0.1 ms. Where a program turns out to differ from what was expected, its child is made anew.
 *
 * Owns the container, the group of its programs, and a descriptor of the working directory. Nobody may use it for two things at
 * a time; whoever owns it sees to that.
 */
import { chmodSync, closeSync } from 'node:fs'
import { Container } from '../../container/container.ts'
import { copyIn, copyOut, hasFile } from '../../container/files.ts'
import { type PreparePlan, preparePlan } from '../../container/prepare-plan.ts'
import { PART } from '../../container/wire.ts'
import { type Account, kernelLimits, openAccount } from './accounting.ts'
import { compileFilter, type Filter } from './filter.ts'
import { BOX_MODE, boxRoot, DEFAULT_HOSTNAME } from './box-root.ts'
import { HostPaths } from '../../stdio/host-paths.ts'
import { type InputFile, readInputs } from '../../stdio/input-files.ts'
import { LaunchPlans } from './launch-plans.ts'
import { DEFAULT_LIMITS } from '../../job/limits.ts'
import type { BoxOptions, Limits } from '../../job/options.ts'
import { BOX_DIRECTORY } from '../../run/program.ts'
import { validateBoxOptions } from '../../job/validate.ts'

/** What the next program is expected to be run with: what the last one was. */
export interface Expected {
  readonly limits: Required<Limits>
  readonly filter: Filter | undefined
}

const DEFAULTS: Expected = { limits: DEFAULT_LIMITS, filter: compileFilter(undefined) }

export interface OpenDetails {
  /** Files of the host that it must show although it would not by itself. */
  readonly programs?: readonly string[]
  /** Only such a one can be reset. */
  readonly reusable?: boolean
  /** Do not wait until it is furnished: the program that is launched next tells. */
  readonly eager?: boolean
  readonly expected?: Expected
}

/** The child that waits in the container. */
interface Waiting {
  readonly limits: Required<Limits>
  readonly laidOn: Filter | undefined
  /** Resolves when it waits, with what a look at the box found; rejects where it could not be made. */
  readonly ready: Promise<number>
}

/** What a program is launched with. */
export interface Launchpad {
  readonly account: Account
  /** Rejects where the child could not be made. */
  readonly ready: Promise<unknown>
  /** The filter that has still to be laid on. */
  readonly filter: Filter | undefined
}

export class PreparedContainer {
  readonly container: Container
  readonly launchPlans: LaunchPlans = new LaunchPlans()
  /** How files of the host are reached that a caller names, in view of what programs may write here. */
  readonly paths: HostPaths
  readonly #isolated: boolean
  readonly #account: Account
  #directory: number | undefined
  #waiting: Waiting | undefined
  #expected: Expected
  #known: (Expected & { readonly plan: PreparePlan }) | undefined

  private constructor(container: Container, isolated: boolean, expected: Expected, paths: HostPaths) {
    this.container = container
    this.paths = paths
    this.#expected = expected
    this.#isolated = isolated
    this.#account = openAccount(container)
  }

  /**
   * Opens a container as `options` say. On failure nothing is left.
   */
  static async open(
    options: BoxOptions,
    { programs = [], reusable = false, eager = false, expected = DEFAULTS }: OpenDetails = {},
  ): Promise<PreparedContainer> {
    validateBoxOptions(options)
    options.signal?.throwIfAborted()
    const paths = new HostPaths(options.binds)
    const inputs = readInputs(options.files, paths)
    const isolated = options.net !== 'host'
    const container = await Container.open({
      hostname: options.hostname ?? DEFAULT_HOSTNAME,
      network: isolated,
      ...boxRoot(options, programs, paths),
    })
    let opened: PreparedContainer | Container = container
    try {
      const prepared = new PreparedContainer(container, isolated, expected, paths)
      opened = prepared
      if (!eager || inputs.length > 0) await container.furnished
      if (reusable) await container.examine(PART.scratch + PART.network + PART.init)
      const { ready } = prepared.#prepare()
      for (const input of inputs) prepared.writeFile(input)
      if (reusable) await ready
      return prepared
    } catch (error) {
      await opened.close()
      throw error
    }
  }

  #prepare(examine = false): Waiting {
    const { limits, filter } = this.#expected
    const laidOn = filter?.early ? filter : undefined
    const { group } = this.#account
    const ready = this.container.prepare(this.#planFor(limits, laidOn), group?.parents ?? [], examine)
    ready.catch(() => {}) // told by whoever launches
    this.#waiting = { limits, laidOn, ready }
    return this.#waiting
  }

  /** The same for one program after another, most often. */
  #planFor(limits: Required<Limits>, filter: Filter | undefined): PreparePlan {
    const known = this.#known
    if (known && known.filter === filter && sameLimits(known.limits, limits)) return known.plan
    const { group } = this.#account
    const plan = preparePlan({
      identity: this.container.identity,
      cwd: BOX_DIRECTORY,
      ...(group ? { group: { cgroup: group.cgroup, limits: kernelLimits(limits) } } : {}),
      ...(filter ? { filter } : {}),
    })
    this.#known = { limits, filter, plan }
    return plan
  }

  /** The child for a program with these limits and this filter. */
  async take(limits: Required<Limits>, filter: Filter | undefined): Promise<Launchpad> {
    this.#expected = { limits, filter }
    let waiting = this.#waiting
    if (!waiting || (waiting.laidOn && waiting.laidOn !== filter)) {
      await this.renew()
      waiting = this.#waiting ?? this.#prepare()
    }
    this.#waiting = undefined
    if (!sameLimits(waiting.limits, limits)) {
      await waiting.ready // the group is there
      this.#account.group?.cgroup.limit(kernelLimits(limits))
    }
    return { account: this.#account, ready: waiting.ready, filter: waiting.laidOn ? undefined : filter }
  }

  /** Makes ready for another program that finds the files of the last one. */
  async renew(): Promise<void> {
    this.#unbar()
    try {
      await this.#prepare().ready
    } catch (error) {
      await this.#makeRoom(error)
    }
  }

  /** The last program may have changed the mode of the working directory: that is the box's, and the next one needs it. */
  #unbar(): void {
    if (this.#directory !== undefined) chmodSync(`/proc/self/fd/${this.#directory}`, BOX_MODE)
  }

  /** The group of the last program may be busy still, or have groups below it. */
  async #makeRoom(cause: unknown): Promise<void> {
    this.#waiting = undefined
    if (this.container.ended || !this.#account.group) throw cause
    await this.#account.group.cgroup.remove()
    await this.#prepare().ready
  }

  /**
   * Makes ready for another program that finds nothing of the last one. False where that cannot be done. Scratch directories that are
   * untouched stay, unless they are `held`: somebody outside may have a descriptor of one, which nobody sees.
   */
  async reset(held: boolean): Promise<boolean> {
    const changed = held ? PART.scratch | (await this.container.examine(0)) : await this.#prepareUnchanged()
    if (changed === 0) return true
    this.#waiting = undefined
    if (changed & PART.init || (this.#isolated && changed & PART.network)) return false
    this.#closeDirectory()
    if (!(await this.container.freshScratch())) return false
    await this.renew()
    return true
  }

  /** What was changed; where nothing was, the next child waits. */
  async #prepareUnchanged(): Promise<number> {
    try {
      return await this.#prepare(true).ready
    } catch (error) {
      await this.#makeRoom(error)
      return 0
    }
  }

  /** A descriptor of the working directory; stays this object's. */
  directory(): number {
    this.#directory ??= this.container.openDirectory(BOX_DIRECTORY)
    return this.#directory
  }

  #closeDirectory(): void {
    if (this.#directory !== undefined) closeSync(this.#directory)
    this.#directory = undefined
  }

  hasFile(path: string): boolean {
    return hasFile(this.directory(), path)
  }

  writeFile({ path, bytes, mode }: InputFile): void {
    const { userNamespace, uid, gid } = this.container.identity
    copyIn(this.directory(), path, bytes, userNamespace ? { mode } : { mode, owner: { uid, gid } })
  }

  async readFile(path: string, maxBytes: number): Promise<Uint8Array> {
    return (await copyOut(this.directory(), path, maxBytes)).bytes
  }

  /** Ends everything in it and removes it. init removes the group on its way where it can; what is left then is ours to remove. */
  async close(): Promise<void> {
    this.#closeDirectory()
    await this.container.close()
    await this.#account.group?.cgroup.remove()
  }
}

/** Whether the kernel is told the same. */
const sameLimits = (a: Required<Limits>, b: Required<Limits>): boolean =>
  a.memoryBytes === b.memoryBytes && a.processes === b.processes
