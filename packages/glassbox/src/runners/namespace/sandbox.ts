/**
 * A sandbox of the namespace runner: a container in which the child that will be its next program
 * waits, prepared.
 *
 * Prepared ahead of time, so that a launch waits for nothing: on cgroup v1, entering a group after
 * a pause costs up to 12 ms, and installing the filter 0.1 ms. If a job turns out to differ from
 * what was expected, its child is prepared anew.
 *
 * Owns the container, the cgroup of its programs, and a descriptor of the working directory. Only
 * one job uses it at a time; its owner sees to that.
 */
import { chmodSync, closeSync } from 'node:fs'
import { Container } from '../../container/container.ts'
import { BoxFiles } from '../../container/files.ts'
import { type PreparePlan, preparePlan } from '../../container/prepare-plan.ts'
import { DIRTY } from '../../container/wire.ts'
import { BOX_DIRECTORY, DEFAULT_HOSTNAME } from '../../job/box-layout.ts'
import type { Job, JobTerms } from '../../job/job.ts'
import { DEFAULT_LIMITS } from '../../job/limits.ts'
import type { Limits } from '../../job/options.ts'
import { DEFAULT_POLICY } from '../../seccomp/defaults.ts'
import type { Owner } from '../../stdio/pipe.ts'
import type { Sandbox, SandboxSpec, Started } from '../runner.ts'
import { type Account, kernelLimits, openAccount } from './accounting.ts'
import { BOX_MODE, boxRoot } from './box-root.ts'
import { passesSocket, type Receivers, receiversOf } from './descriptor-passing.ts'
import { type Filter, filterOf } from './filter.ts'
import { LaunchPlans } from './launch-plans.ts'
import { leavesNothingUnseen } from './residue.ts'
import { type PreparedChild, startJob } from './start.ts'

/** What the next program is expected to be run with: what the last one was. */
interface Expected {
  readonly limits: Required<Limits>
  readonly filter: Filter | undefined
}

type Expectation = Pick<JobTerms, 'limits' | 'policy' | 'trace' | 'cwd'>

const DEFAULT_TERMS: Expectation = { limits: DEFAULT_LIMITS, policy: DEFAULT_POLICY, cwd: BOX_DIRECTORY }

const expectedOf = (terms: Expectation): Expected => ({
  limits: terms.limits,
  filter: filterOf(terms),
})

/** The child that waits in the container. */
interface WaitingChild {
  readonly limits: Required<Limits>
  /** The filter that it has installed already. */
  readonly installed: Filter | undefined
  /**
   * Resolves when it waits, with what a look at the box found; rejects if it could not be made.
   */
  readonly ready: Promise<number>
}

export class NamespaceSandbox implements Sandbox {
  readonly container: Container
  readonly launchPlans: LaunchPlans = new LaunchPlans()
  readonly files: BoxFiles
  readonly #isolated: boolean
  readonly #pooled: boolean
  readonly #receivers: Receivers
  readonly #account: Account
  #directory: number | undefined
  #waiting: WaitingChild | undefined
  #expected: Expected
  #known: (Expected & { readonly plan: PreparePlan }) | undefined
  /** The last job may have left something behind that `reset` cannot see. */
  #unseen = false

  private constructor(container: Container, { box, expects, use }: SandboxSpec) {
    this.container = container
    this.#expected = expectedOf(expects ?? DEFAULT_TERMS)
    this.#isolated = box.net !== 'host'
    this.#pooled = use === 'pooled'
    this.#receivers = receiversOf(box)
    this.#account = openAccount(container)
    this.files = new BoxFiles({
      ready: () => container.ready,
      directory: () => this.#workingDirectory(),
      owner: this.owner,
    })
  }

  /** Opens a container as the spec says. On failure nothing is left. */
  static async open(spec: SandboxSpec): Promise<NamespaceSandbox> {
    const { box, paths, programs, use } = spec
    const container = await Container.open({
      hostname: box.hostname ?? DEFAULT_HOSTNAME,
      network: box.net !== 'host',
      ...boxRoot(box, programs, paths),
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
      this.#unseen = this.#receivers === 'others' || !leavesNothingUnseen(job.policy) || passesSocket(stdio)
    return startJob(this, await this.#take(expectedOf(job)), job, stdio)
  }

  #prepare(examine = false): WaitingChild {
    const { limits, filter } = this.#expected
    const installed = filter?.early ? filter : undefined
    const { group } = this.#account
    const ready = this.container.prepare(this.#planFor(limits, installed), group?.parents ?? [], examine)
    ready.catch(() => {}) // told by whoever launches
    this.#waiting = { limits, installed, ready }
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
  async #take(job: Expected): Promise<PreparedChild> {
    this.#expected = job
    let waiting = this.#waiting
    if (!waiting || (waiting.installed && waiting.installed !== job.filter)) {
      await this.#prepareAnew()
      waiting = this.#waiting ?? this.#prepare()
    }
    this.#waiting = undefined
    if (!sameLimits(waiting.limits, job.limits)) {
      await waiting.ready // the group is there
      this.#account.group?.cgroup.limit(kernelLimits(job.limits))
    }
    const filter = waiting.installed ? undefined : job.filter
    return { account: this.#account, ready: waiting.ready, filter }
  }

  /**
   * The last program may have changed the mode of the working directory, which is the box's: the
   * next one needs it.
   */
  async renew(): Promise<void> {
    chmodSync(`/proc/self/fd/${this.#workingDirectory()}`, BOX_MODE)
    await this.#prepareAnew()
  }

  async #prepareAnew(): Promise<void> {
    try {
      await this.#prepare().ready
    } catch (error) {
      await this.#makeRoom(error)
    }
  }

  /** The group of the last program may be busy still, or have groups below it. */
  async #makeRoom(cause: unknown): Promise<void> {
    this.#waiting = undefined
    if (this.container.ended || !this.#account.group) throw cause
    await this.#account.group.cgroup.remove()
    await this.#prepare().ready
  }

  /**
   * Scratch directories that are untouched stay, unless somebody outside may hold a descriptor of
   * one: changes through it would show nowhere.
   */
  async reset(): Promise<'clean' | 'dirty'> {
    if (!this.reusable) return 'dirty'
    const held = this.#receivers === 'readers'
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

  /** What was changed; where nothing was, the next child waits. */
  async #prepareUnchanged(): Promise<number> {
    try {
      return await this.#prepare(true).ready
    } catch (error) {
      await this.#makeRoom(error)
      return 0
    }
  }

  /** Stays this object's. */
  #workingDirectory(): number {
    this.#directory ??= this.container.openDirectory(BOX_DIRECTORY)
    return this.#directory
  }

  #closeDirectory(): void {
    if (this.#directory !== undefined) closeSync(this.#directory)
    this.#directory = undefined
  }

  /** Init removes the cgroup on its way if it can; what is left then is removed here. */
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

/** Whether the kernel is told the same. */
const sameLimits = (a: Required<Limits>, b: Required<Limits>): boolean =>
  a.memoryBytes === b.memoryBytes && a.processes === b.processes
