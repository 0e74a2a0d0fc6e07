/**
 * One `--run`. This process is the keeper: it has privileges and stays in the host's namespaces.
 * The proxy is init, process 1 of the box; the program is its child, process 2. What the original
 * sends through two pipes comes by init's socket: faults of the set-up, and the exit status.
 *
 * The parts of the run are sent without waiting for each other's replies, so that init is never
 * idle. Of several failures, the first in their order is the reason of the others.
 *
 * Invariant: when the container of a run is closed, every process of the box is dead.
 */
import { closeSync, openSync } from 'node:fs'
import type { Container, Launch, RunningLaunch } from '../../container/container.ts'
import { CAUSE, type EndedReply } from '../../container/wire.ts'
import { BoxLostError } from '../../errors.ts'
import { failedStep } from '../../launch/step-error.ts'
import { O_CLOEXEC, O_DIRECTORY, O_PATH } from '../../linux/constants.ts'
import { ERRNO, errnoMessage } from '../../linux/errno.ts'
import { PlanBuilder } from '../../plan/builder.ts'
import type { Plan } from '../../plan/types.ts'
import {
  type CallIo,
  IsolateError,
  type IsolateCall,
  type RunEnd,
  type RunOutcome,
  type RunStatistics,
} from '../types.ts'
import { asIsolateError } from './complaint.ts'
import { HardStop } from './hard-stop.ts'
import { enableControllers } from './host-group.ts'
import { endBy, type Interruptions } from './interruptions.ts'
import { callText, type ProgramPlan } from './plans/program-plan.ts'
import type { RunPlans } from './plans/run-plans.ts'
import { endOf, nothingUsed, statisticsOf } from './statistics.ts'

/** When this process is gone, init only has to hold the lock of the box until its own end. */
const HOLD_LOCK: Plan = new PlanBuilder('hold the lock of the box').build()

export interface RunSpec {
  readonly call: IsolateCall
  readonly io: CallIo
  readonly plans: RunPlans
  readonly inherited: readonly number[]
  readonly interruptions: Interruptions
  /** A descriptor of the lock file. */
  readonly lock: number
}

/** Runs the program in a container that is used for nothing else. The caller closes it. */
export class Run {
  readonly #container: Container
  readonly #spec: RunSpec
  readonly #begun = process.hrtime.bigint()
  #isOver = false

  constructor(container: Container, spec: RunSpec) {
    this.#container = container
    this.#spec = spec
    container.setDisconnectPlan({ plan: HOLD_LOCK, descriptors: [spec.lock] })
  }

  /** init has reported: every process of the box is dead, before the container is closed. */
  get isOver(): boolean {
    return this.#isOver
  }

  /** `given`: resolves when the files of the box belong to its program. */
  async outcome(given: Promise<void>): Promise<RunOutcome> {
    const { call, plans, interruptions } = this.#spec
    try {
      const rooted = this.#container.runPlan(plans.root)
      rooted.catch(() => {}) // awaited below
      await given
      if (interruptions.signal !== undefined) return this.#interrupted(interruptions.signal)
      const stop = new HardStop(this.#container.pid, interruptions, call.program.limits.wallMs)
      try {
        return await this.#supervise(rooted, stop)
      } catch (error) {
        return this.#lost(error, stop)
      } finally {
        stop.clear()
      }
    } catch (error) {
      return { end: faultOf(error), statistics: undefined }
    }
  }

  async #supervise(rooted: Promise<void>, stop: HardStop): Promise<RunOutcome> {
    const { plans, call } = this.#spec
    try {
      return this.#conclude(await this.#launch(plans.program, rooted, stop))
    } catch (error) {
      const complaint = notExecuted(error, call)
      if (complaint === undefined) throw error
      if (call.dialect === '1') throw new IsolateError('internal', complaint, error)
      return this.#conclude(await this.#launch(plans.complaint(complaint), rooted, stop))
    }
  }

  /** Prepares a child, and has it become the program. */
  async #launch(program: ProgramPlan, rooted: Promise<void>, stop: HardStop): Promise<EndedReply> {
    const { io, plans, inherited } = this.#spec
    const launch: Launch = {
      plan: program.plan,
      header: plans.header(program),
      descriptors: [...io.streams, ...inherited],
    }
    for (let attempt = 1; ; attempt++) {
      const prepared = this.#prepare()
      prepared.catch(() => {}) // awaited below
      const running = this.#start(launch)
      stop.watch(running, this.#spec.interruptions)
      try {
        await this.#container.ready
        await rooted
        await prepared
      } catch (error) {
        if (attempt > 1 || !isBusy(error)) throw error
        // Processes of a run whose keeper was killed may just be dying in the group.
        await plans.group?.cgroup.remove()
        continue
      }
      return running.ended
    }
  }

  #start(launch: Launch): RunningLaunch {
    const running = this.#container.launch(launch)
    running.ended.catch(() => {}) // awaited by the caller
    return running
  }

  async #prepare(): Promise<void> {
    const { prepare: plan, group } = this.#spec.plans
    if (group) enableControllers(group.cgroup)
    const parents = (group?.cgroup.parts ?? []).map(({ parent }) =>
      openSync(parent, O_PATH | O_DIRECTORY | O_CLOEXEC),
    )
    try {
      await this.#container.prepare(plan, parents)
    } finally {
      for (const fd of parents) closeSync(fd)
    }
  }

  #conclude(reply: EndedReply): RunOutcome {
    this.#isOver = true
    const { call, plans, interruptions } = this.#spec
    const statistics = statisticsOf(reply, plans.group?.cgroup, call.cgTiming)
    if (reply.cause >= CAUSE.host) return { end: endBy(interruptions.signal ?? 0), statistics }
    return { end: endOf(reply, statistics, call.program.limits), statistics }
  }

  #interrupted(signal: number): RunOutcome {
    return { end: endBy(signal), statistics: nothingUsed(this.#spec.call.cg) }
  }

  /** init was killed, from outside or by the hard stop. */
  #lost(error: unknown, stop: HardStop): RunOutcome {
    if (!(error instanceof BoxLostError)) throw error
    const { signal } = this.#spec.interruptions
    const killed: RunEnd = signal === undefined ? LOST : endBy(signal)
    return {
      end: stop.reason === 'wall' ? { cause: 'wall', killed: true } : killed,
      statistics: this.#seen(),
    }
  }

  /** Without init's report: what the group and the clock of this process say. */
  #seen(): RunStatistics {
    const { call, plans } = this.#spec
    const wallMs = Number((process.hrtime.bigint() - this.#begun) / 1_000_000n)
    const nothing = nothingUsed(call.cg, wallMs)
    try {
      const counters = plans.group?.cgroup.counters()
      if (!counters) return nothing
      const { cpuTime, peakMemory = 0, oomKills } = counters
      return {
        ...nothing,
        cpuMs: Math.floor(cpuTime.totalNs / 1e6),
        cgMemKiB: Math.floor(peakMemory / 1024),
        oomKilled: oomKills > 0,
      }
    } catch {
      return nothing
    }
  }
}

const LOST: RunEnd = {
  cause: 'internal',
  message: 'Lost track of the process: the proxy was killed',
  killed: true,
}

export const faultOf = (error: unknown): RunEnd => ({
  cause: 'internal',
  message: asIsolateError(error).message,
  killed: false,
})

/** The group is not empty, or has groups below it. */
const isBusy = (error: unknown): boolean => {
  const { errno } = error as NodeJS.ErrnoException
  const step = failedStep(error)
  if (step?.kind !== 'syscall' || !['unlinkat', 'mkdirat'].includes(step.name)) return false
  return [ERRNO.EBUSY, ERRNO.EEXIST, ERRNO.ENOTEMPTY].some(busy => busy === errno)
}

/** The message of an execve that failed; `undefined` if something else did. */
function notExecuted(error: unknown, { program }: IsolateCall): string | undefined {
  const step = failedStep(error)
  if (step?.kind !== 'syscall' || step.name !== 'execve') return undefined
  const { errno = 0 } = error as NodeJS.ErrnoException
  return `${callText('execve', program.argv[0] ?? '')}: ${errnoMessage(errno)}`
}
