/**
 * A sandbox of the namespace runner: a container in which a prepared child waits to become the
 * next program.
 *
 * The child is prepared ahead of time, because that is slow: on cgroup v1, entering a group after
 * a pause takes up to 12 ms; installing the filter takes 0.1 ms. If a job needs a filter other
 * than the expected one, a new child is prepared.
 *
 * Owns the container, the cgroup of its programs, and a descriptor of the working directory. Its
 * owner makes sure that only one job uses it at a time.
 */
import { chmodSync, closeSync } from 'node:fs'
import { kernelLimits } from '../../cgroup/host.ts'
import { close } from '../../gate/descriptors.ts'
import { Container } from '../../container/container.ts'
import { BoxFiles } from '../../stdio/files/box-files.ts'
import { type PreparePlan, preparePlan } from '../../container/prepare-plan.ts'
import { DIRTY } from '../../container/wire.ts'
import { BOX_DIRECTORY, DEFAULT_HOSTNAME } from '../../job/box-layout.ts'
import type { Job, JobTerms } from '../../job/job.ts'
import { DEFAULT_LIMITS } from '../../job/limits.ts'
import type { Limits } from '../../job/options.ts'
import type { Owner } from '../../stdio/pipe.ts'
import type { Sandbox, SandboxSpec, Started } from '../runner.ts'
import { type Account, openAccount, preparedGroup } from './accounting.ts'
import { isPrivileged } from '../../container/identity.ts'
import { owningOf } from '../root/binds/owned.ts'
import { BOX_MODE, boxRoot } from '../root/box-root.ts'
import { passesSocket, type Receivers, receiversOf } from './descriptor-passing.ts'
import { type Disk, diskOf } from './disk-use.ts'
import { contextOf, type Filter, type FilterContext, filterOf } from './filter.ts'
import { groupView } from './group-view.ts'
import { LaunchPlans } from './launch-plans.ts'
import { leavesNothingUnseen } from './residue.ts'
import { type PreparedChild, startJob } from './start.ts'
import { makeWall, wallSpec, writableOf } from './wall.ts'

/** The expected limits and filter of the next program: those of the last one. */
interface Expected {
  readonly limits: Required<Limits>
  readonly filter: Filter | undefined
}

type Expectation = Pick<JobTerms, 'limits' | 'policy' | 'trace' | 'cwd'>

const DEFAULT_TERMS: Expectation = { limits: DEFAULT_LIMITS, policy: undefined, cwd: BOX_DIRECTORY }

const expectedOf = (terms: Expectation, context: FilterContext): Expected => ({
  limits: terms.limits,
  filter: filterOf(terms, context),
})

/** The child that waits in the container. */
interface WaitingChild {
  readonly limits: Required<Limits>
  /** The filter that is already installed. */
  readonly installed: Filter | undefined
  /**
   * Resolves once the child waits, with the dirty bits of the box if they were requested. Rejects
   * if the child could not be made.
   */
  readonly ready: Promise<number>
}

export class NamespaceSandbox implements Sandbox {
  readonly container: Container
  readonly launchPlans: LaunchPlans = new LaunchPlans()
  readonly files: BoxFiles
  readonly disk: Disk
  readonly #isolated: boolean
  readonly #pooled: boolean
  readonly #receivers: Receivers
  readonly #writable: readonly string[]
  readonly #context: FilterContext
  /** Whether the working directory is a bind of the caller. */
  readonly #isBound: boolean
  readonly #account: Account
  #directory: number | undefined
  #waiting: WaitingChild | undefined
  #expected: Expected
  #known: (Expected & { readonly plan: PreparePlan }) | undefined
  /** Whether the last job may have left something behind that `reset` cannot see. */
  #unseen = false

  private constructor(container: Container, { box, expects, use }: SandboxSpec) {
    this.container = container
    this.#context = contextOf(box)
    this.#isBound = box.binds.some(({ target }) => target === BOX_DIRECTORY)
    this.#expected = expectedOf(expects ?? DEFAULT_TERMS, this.#context)
    this.disk = diskOf(box)
    this.#isolated = box.net !== 'host'
    this.#pooled = use === 'pooled'
    this.#receivers = receiversOf(box)
    this.#writable = writableOf(box)
    this.#account = openAccount(container)
    this.files = new BoxFiles({
      ready: () => container.ready,
      directory: () => this.#workingDirectory(),
      owner: this.owner,
      keepsMode: this.#isBound,
    })
  }

  /** Opens a container for the spec. On failure nothing is left. */
  static async open(spec: SandboxSpec): Promise<NamespaceSandbox> {
    const { box, paths, programs, use, expects } = spec
    // Throws if this runner cannot do what the policy says.
    if (expects) filterOf(expects, contextOf(box))
    const container = await Container.open({
      hostname: box.hostname ?? DEFAULT_HOSTNAME,
      network: box.net !== 'host',
      ...boxRoot(box, programs, paths, owningOf(isPrivileged()), groupView),
    })
    let opened: { close(): Promise<void> } = container
    try {
      const sandbox = new NamespaceSandbox(container, spec)
      opened = sandbox
      if (use !== 'once') await container.ready
      if (use === 'pooled') await container.fingerprint(DIRTY.scratch + DIRTY.network + DIRTY.init)
      const { ready } = sandbox.#prepare()
      if (use === 'pooled') await ready
      return sandbox
    } catch (error) {
      await opened.close()
      throw error
    }
  }

  get reusable(): boolean {
    return !this.container.ended && !this.#unseen
  }

  get owner(): Owner | undefined {
    const { identity } = this.container
    return identity.userNamespace ? undefined : identity
  }

  async start(job: Job, stdio: readonly [number, number, number]): Promise<Started> {
    if (this.#pooled)
      this.#unseen =
        this.#receivers === 'any-process' || !leavesNothingUnseen(job.policy) || passesSocket(stdio)
    const expected = expectedOf(job, this.#context)
    const wall = await makeWall(this.container, wallSpec(job, this.#writable))
    try {
      return await startJob(this, { ...(await this.#take(expected)), wall }, job, stdio)
    } finally {
      if (wall) close(wall.fd)
    }
  }

  #prepare(fingerprint = false): WaitingChild {
    const { limits, filter } = this.#expected
    const installed = filter?.early ? filter : undefined
    const { group } = this.#account
    const ready = this.container.prepare(this.#planFor(limits, installed), group?.parents ?? [], fingerprint)
    ready.catch(() => {}) // the launch reports it
    this.#waiting = { limits, installed, ready }
    return this.#waiting
  }

  /** The plan of a child. Consecutive programs mostly have the same one, so the last is kept. */
  #planFor(limits: Required<Limits>, filter: Filter | undefined): PreparePlan {
    const known = this.#known
    if (known && known.filter === filter && sameLimits(known.limits, limits)) return known.plan
    const { group } = this.#account
    const plan = preparePlan({
      identity: this.container.identity,
      cwd: BOX_DIRECTORY,
      ...(group ? { group: preparedGroup(group.cgroup, limits, this.container.groups) } : {}),
      ...(filter ? { filter } : {}),
    })
    this.#known = { limits, filter, plan }
    return plan
  }

  /** The child for a program with these limits and this filter. */
  async #take(job: Expected): Promise<Omit<PreparedChild, 'wall'>> {
    this.#expected = job
    let waiting = this.#waiting
    if (!waiting || (waiting.installed && waiting.installed !== job.filter)) {
      await this.#prepareAnew()
      waiting = this.#waiting ?? this.#prepare()
    }
    this.#waiting = undefined
    if (!sameLimits(waiting.limits, job.limits)) {
      await waiting.ready // now the group exists
      this.#account.group?.cgroup.limit(kernelLimits(job.limits))
    }
    const filter = waiting.installed ? undefined : job.filter
    return { account: this.#account, ready: waiting.ready, filter }
  }

  /**
   * The last program may have changed the mode of the working directory; the next one needs the
   * usual mode. A directory of the caller keeps its mode.
   */
  async renew(): Promise<void> {
    if (!this.#isBound) chmodSync(`/proc/self/fd/${this.#workingDirectory()}`, BOX_MODE)
    await this.#prepareAnew()
  }

  async #prepareAnew(): Promise<void> {
    try {
      await this.#prepare().ready
    } catch (error) {
      await this.#makeRoom(error)
    }
  }

  /** Removes the last program's group, which may be busy or have groups below it, and retries. */
  async #makeRoom(cause: unknown): Promise<void> {
    this.#waiting = undefined
    if (this.container.ended || !this.#account.group) throw cause
    await this.#account.group.cgroup.remove()
    await this.#prepare().ready
  }

  /**
   * Unchanged scratch directories are kept, unless a process outside may hold a descriptor of one.
   * A change through that descriptor would go unnoticed.
   */
  async reset(): Promise<'clean' | 'dirty'> {
    if (!this.reusable) return 'dirty'
    const held = this.#receivers === 'socket-owners'
    const changed = held
      ? DIRTY.scratch | (await this.container.fingerprint(0))
      : await this.#prepareUnchanged()
    if (changed === 0) return 'clean'
    this.#waiting = undefined
    if (changed & DIRTY.init || (this.#isolated && changed & DIRTY.network)) return 'dirty'
    this.#closeDirectory()
    if (!(await this.container.freshScratch())) return 'dirty'
    await this.#prepareAnew()
    return 'clean'
  }

  /**
   * Prepares the next child and returns the dirty bits; the child is used only if there are none.
   */
  async #prepareUnchanged(): Promise<number> {
    try {
      return await this.#prepare(true).ready
    } catch (error) {
      await this.#makeRoom(error)
      return 0
    }
  }

  /** A descriptor of the working directory. This object closes it. */
  #workingDirectory(): number {
    this.#directory ??= this.container.openDirectory(BOX_DIRECTORY)
    return this.#directory
  }

  #closeDirectory(): void {
    if (this.#directory !== undefined) closeSync(this.#directory)
    this.#directory = undefined
  }

  /** Closes the container. init removes the cgroup if it can; otherwise it is removed here. */
  async close(): Promise<void> {
    await this.files.close()
    this.#closeDirectory()
    await this.container.close()
    await this.#account.group?.cgroup.remove()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** Whether the limits that are set in the cgroup are equal. */
const sameLimits = (a: Required<Limits>, b: Required<Limits>): boolean =>
  a.memoryBytes === b.memoryBytes && a.processes === b.processes
