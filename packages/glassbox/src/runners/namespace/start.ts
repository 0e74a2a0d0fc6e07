/**
 * Starts a job in a container whose child is prepared, and reports how it ended. A trace begins
 * before the program and ends with it.
 */
import type { Container, RunningLaunch } from '../../container/container.ts'
import type { EndedReply } from '../../container/wire.ts'
import type { Job } from '../../job/job.ts'
import type { Limits } from '../../job/options.ts'
import type { Started } from '../runner.ts'
import { endedBySignal, endingOf, failedByItself, HOST_CAUSE, wasStarted } from './ending.ts'
import type { Account } from './accounting.ts'
import { type Disk, diskUse } from './disk-use.ts'
import type { Filter } from './filter.ts'
import type { Ruleset } from '../../landlock/types.ts'
import type { LaunchPlans } from './launch-plans.ts'
import type { Tracing } from './tracing.ts'
import { weakerWalls } from '../../container/weaker.ts'

type Stdio = readonly [number, number, number]

/** The container of a job, and its launch plans. */
export interface StartSite {
  readonly container: Container
  readonly launchPlans: LaunchPlans
  /** The capacities of its writable directories. */
  readonly disk: Disk
}

/** The child that becomes the program of a job. */
export interface PreparedChild {
  readonly account: Account
  /** Rejects if the child could not be made. */
  readonly ready: Promise<unknown>
  /** The filter that is yet to be installed. */
  readonly filter: Filter | undefined
  /** The ruleset that the program enters, if its policy has rules about paths. */
  readonly wall: Ruleset | undefined
}

/** A limit as init takes it, in ns; 0 means no limit. */
const nanoseconds = (ms: number): bigint => (ms === Infinity ? 0n : BigInt(Math.max(1, Math.round(ms * 1e6))))

/** Resolves once the descriptors have been sent to init. The caller may then close its own. */
export async function startJob(
  site: StartSite,
  child: PreparedChild,
  job: Job,
  stdio: Stdio,
): Promise<Started> {
  const tracing = await traceIfAsked(site, child, job)
  let running: RunningLaunch
  try {
    running = launch(site, child, job, stdio)
  } catch (error) {
    tracing?.letGo()
    throw error
  }
  tracing?.failed.addEventListener('abort', () => running.kill(HOST_CAUSE.canceled))
  const report = whenEnded(site, child, running, tracing)
  report.catch(() => {}) // `ended` reports it
  return {
    stop: reason => running.kill(HOST_CAUSE[reason]),
    ended: report.then(async ended => {
      const { limits } = job
      const fileAtLimit = endedBySignal(ended, 'SIGXFSZ') && (await holdsFullFile(site, limits))
      const disk = failedByItself(ended) ? diskUse(site.container, site.disk) : undefined
      const seen = { fileAtLimit, ...(disk ? { disk } : {}) }
      const ending = await endingOf(ended, child.account, limits, seen)
      return { ...ending, ...weakerWalls(site.container.fallbacks) }
    }),
  }
}

async function holdsFullFile(
  { container }: StartSite,
  { fileSizeBytes }: Pick<Required<Limits>, 'fileSizeBytes'>,
): Promise<boolean> {
  if (container.ended) return false // init ended since it has reported
  return (await import('./full-file.ts')).holdsFileOf(container.rootDirectory(), fileSizeBytes)
}

async function traceIfAsked(
  { container }: StartSite,
  { ready }: PreparedChild,
  { trace }: Job,
): Promise<Tracing | undefined> {
  if (!trace) return undefined
  await ready
  return (await import('./tracing.ts')).startTracing(container.pid, trace)
}

function launch(
  { container, launchPlans }: StartSite,
  { account, filter, wall }: PreparedChild,
  job: Job,
  stdio: Stdio,
): RunningLaunch {
  const { limits, trace, path, argv, env, cwd } = job
  const counted = account.measuredBy.processes !== 'rlimit'
  const facts = {
    ...{ path, argv, env, cwd, limits, counted, filter },
    ...{ traced: trace !== undefined, wall: wall?.own },
  }
  const { plan, listener, started } = launchPlans.planFor(facts)
  return container.launch({
    plan,
    header: {
      cpuLimitNs: nanoseconds(limits.cpuTimeMs),
      wallLimitNs: nanoseconds(limits.wallTimeMs),
      memoryLimit: account.watch && limits.memoryBytes !== Infinity ? BigInt(limits.memoryBytes) : 0n,
      cpuSource: account.cpuSource,
      startedSlot: started.slot,
      listenerSlot: listener?.slot,
      watch: account.watch,
    },
    descriptors: wall ? [...stdio, wall.fd] : stdio,
  })
}

async function whenEnded(
  { container }: StartSite,
  { ready }: PreparedChild,
  running: RunningLaunch,
  tracing: Tracing | undefined,
): Promise<EndedReply> {
  try {
    // The first of these to fail is the reason of the others.
    const [, , report] = await Promise.all([container.ready, ready, running.ended])
    if (!wasStarted(report)) tracing?.letGo()
    await tracing?.ended
    return report
  } catch (error) {
    tracing?.letGo()
    throw error
  }
}
