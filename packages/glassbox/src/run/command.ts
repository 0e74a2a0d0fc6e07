/**
 * One command in a container, as a list of steps: who counts, where input and output go, the launch, the end, the files
 * that come out, the verdict. Whatever a step opened is closed at the end, also after a failure.
 */
import type { Container } from '../container/container.ts'
import { launchPlan } from '../container/launch-plan.ts'
import type { EndedReply } from '../container/wire.ts'
import { type Account, openAccount } from './accounting.ts'
import { Channels } from './channels.ts'
import { collect, holdsFileOf } from './collect.ts'
import { compileFilter, type Filter } from './filter.ts'
import type { RunEvents } from './handle.ts'
import { resolveLimits, resourceLimits } from './limits.ts'
import type { CommandOptions, Limits } from './options.ts'
import { BOX_DIRECTORY, DEFAULT_PATH, type ResolvedProgram } from './program.ts'
import { buildResult } from './report.ts'
import type { AnyResult } from './result.ts'
import { HOST_CAUSE } from './verdict.ts'

const SIGXFSZ = 25

export const DEFAULT_ENV: Readonly<Record<string, string>> = {
  PATH: DEFAULT_PATH,
  HOME: BOX_DIRECTORY,
  LANG: 'C.UTF-8',
}

/** What belongs to one call of run(). */
export interface Started {
  readonly events: RunEvents
  /** When run() was called, by the monotonic clock, ns. */
  readonly calledAt: bigint
  /** Aborted by the handle's kill(). */
  readonly cancel: AbortController
}

export interface CommandContext extends Started {
  readonly container: Container
  /** A descriptor of the working directory. */
  readonly directory: number
}

/** Runs a program and says how it ended. Rejects only for a fault of the caller, the host or glassbox. */
export async function runCommand(
  context: CommandContext,
  program: ResolvedProgram,
  argv: readonly string[],
  options: CommandOptions,
): Promise<AnyResult> {
  const limits = resolveLimits(options.limits)
  const filter = compileFilter(options.policy)
  const channels = new Channels(options, limits, context.events)
  let account: Account | undefined
  try {
    channels.open()
    account = openAccount(context.container, limits)
    const report = await launch(context, program, argv, { options, limits, filter, account, channels })
    await channels.finished()
    const collected = await collect(context.directory, options)
    const fileAtLimit = report.status === SIGXFSZ && holdsFileOf(context.container.pid, limits.fileSizeBytes)
    const { calledAt } = context
    return buildResult({
      report,
      figures: account.figures(report.ended),
      means: account.means,
      limits,
      fileAtLimit,
      calledAt,
      collected,
      ...channels.result(),
    })
  } finally {
    channels.close()
    await account?.release()
  }
}

interface LaunchParts {
  readonly options: CommandOptions
  readonly limits: Required<Limits>
  readonly filter: Filter | undefined
  readonly account: Account
  readonly channels: Channels
}

const nanoseconds = (ms: number): bigint => (ms === Infinity ? 0n : BigInt(Math.max(1, Math.round(ms * 1e6))))

/** Launches the program and waits for init's report; a cancel or too much output on the way ends it. */
async function launch(
  context: CommandContext,
  program: ResolvedProgram,
  argv: readonly string[],
  { options, limits, filter, account, channels }: LaunchParts,
): Promise<EndedReply> {
  const stop = AbortSignal.any([context.cancel.signal, ...(options.signal ? [options.signal] : [])])
  if (stop.aborted) return canceledBeforeStart()
  const { plan, pid, listener, cpuFile, started } = launchPlan({
    path: program.path,
    argv,
    env: options.env ?? DEFAULT_ENV,
    cwd: options.cwd ?? BOX_DIRECTORY,
    identity: context.container.identity,
    rlimits: resourceLimits(limits, { processes: account.means.processes !== 'rlimit' }),
    listens: filter?.listens ?? false,
    joins: account.joins.length,
    bornInCgroup: account.directory !== undefined,
    cpuFile: account.cpuFile !== undefined,
    ...(filter ? { filter: filter.bytes } : {}),
  })
  const optional = [account.directory, account.cpuFile].filter(fd => fd !== undefined)
  const running = context.container.launch({
    plan,
    header: {
      cpuLimitNs: nanoseconds(limits.cpuTimeMs),
      wallLimitNs: nanoseconds(limits.wallTimeMs),
      memoryLimit: account.memoryLimit,
      cpuSource: account.cpuSource,
      mainSlot: pid.slot,
      cpuSlot: cpuFile?.slot,
      startedSlot: started.slot,
      listenerSlot: filter?.listens ? listener.slot : undefined,
      watch: account.watch,
    },
    descriptors: [...channels.childFds(), ...account.joins, ...optional],
  })
  channels.launched(cause => running.kill(cause))
  const cancel = (): void => running.kill(HOST_CAUSE.canceled)
  stop.addEventListener('abort', cancel)
  try {
    return await running.ended
  } finally {
    stop.removeEventListener('abort', cancel)
  }
}

function canceledBeforeStart(): EndedReply {
  const now = process.hrtime.bigint()
  const none = {
    userUs: 0n,
    systemUs: 0n,
    maxRssBytes: 0,
    watchedCpuNs: 0n,
    watchedMemory: 0,
    watchedProcesses: 0,
  }
  const ended = { startedNs: now, endedNs: now, ...none }
  return { id: 0, step: -1, errno: 0, cause: HOST_CAUSE.canceled, how: 0, status: 0, ended }
}
