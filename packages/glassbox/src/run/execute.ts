/**
 * One command in a container, as a list of steps: where input and output go, the limits, the launch, the end, the files that
 * come out, the verdict. Whatever a step opened is closed at the end, also after a failure; the group is the box's.
 */
import type { EndedReply } from '../container/wire.ts'
import { Channels } from '../stdio/channels.ts'
import { collect } from './collect.ts'
import { filterOf } from '../runners/namespace/filter.ts'
import { holdsFileOf } from '../runners/namespace/full-file.ts'
import { RunEvents } from './handle.ts'
import { resolveLimits } from '../job/limits.ts'
import type { CommandOptions, Limits } from '../job/options.ts'
import type { Launchpad, PreparedContainer } from '../runners/namespace/sandbox.ts'
import { BOX_DIRECTORY, DEFAULT_PATH, type ResolvedProgram } from './program.ts'
import { buildResult, NOTHING } from '../job/build-result.ts'
import { startTracing } from '../runners/namespace/tracing.ts'
import type { AnyResult } from '../job/result.ts'
import { HOST_CAUSE } from '../job/verdict.ts'

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

/** Aborted by the handle's kill() or by the caller's signal. */
export const stopSignal = ({ cancel }: Started, { signal }: CommandOptions): AbortSignal =>
  signal ? AbortSignal.any([cancel.signal, signal]) : cancel.signal

/** A call that begins now. */
export const startNow = (): Started => ({
  events: new RunEvents(),
  cancel: new AbortController(),
  calledAt: process.hrtime.bigint(),
})

export interface CommandContext extends Started {
  readonly place: PreparedContainer
  /** Called when nothing more is asked of the place: whoever made it for this command alone takes it down meanwhile. */
  readonly done?: () => void
}

/** Runs a program and says how it ended. Rejects only for a fault of the caller, the host or glassbox. */
export async function runCommand(
  context: CommandContext,
  program: ResolvedProgram,
  argv: readonly string[],
  options: CommandOptions,
): Promise<AnyResult> {
  const limits = resolveLimits(options.limits)
  const filter = filterOf(options)
  const { place, calledAt } = context
  const channels = new Channels(options, limits, context.events, place.paths)
  try {
    const { identity } = place.container
    await channels.open(identity.userNamespace ? undefined : identity)
    const pad = await place.take(limits, filter)
    const { account } = pad
    const report = await launchTraced(context, program, argv, { options, limits, pad, channels })
    const collected = await collect(() => place.directory(), options)
    const fileAtLimit = report.status === SIGXFSZ && holdsFileOf(place.container.pid, limits.fileSizeBytes)
    context.done?.()
    await channels.finished()
    return buildResult({
      report,
      figures: report.how === 0 ? NOTHING : account.figures(report.ended, limits),
      account,
      limits,
      fileAtLimit,
      calledAt,
      collected,
      ...channels.result(),
    })
  } finally {
    channels.close()
  }
}

interface LaunchParts {
  readonly options: CommandOptions
  readonly limits: Required<Limits>
  readonly pad: Launchpad
  readonly channels: Channels
}

const nanoseconds = (ms: number): bigint => (ms === Infinity ? 0n : BigInt(Math.max(1, Math.round(ms * 1e6))))

/** Where a trace is asked for, it begins before the program and is over with it. */
async function launchTraced(
  context: CommandContext,
  program: ResolvedProgram,
  argv: readonly string[],
  parts: LaunchParts,
): Promise<EndedReply> {
  const { trace } = parts.options
  const stop = stopSignal(context, parts.options)
  if (!trace) return launch(context, program, argv, parts, stop)
  await parts.pad.ready
  const tracing = await startTracing(context.place.container.pid, trace)
  let report: EndedReply
  try {
    report = await launch(context, program, argv, parts, AbortSignal.any([stop, tracing.failed]))
  } catch (error) {
    tracing.letGo()
    throw error
  }
  if (report.how === 0) tracing.letGo()
  await tracing.ended
  return report
}

/** Launches the program and waits for init's report; a cancel or too much output on the way ends it. */
async function launch(
  context: CommandContext,
  program: ResolvedProgram,
  argv: readonly string[],
  { options, limits, pad, channels }: LaunchParts,
  stop: AbortSignal,
): Promise<EndedReply> {
  if (stop.aborted) return canceledBeforeStart()
  const { account, filter } = pad
  const { plan, listener, started } = context.place.launchPlans.planFor({
    path: program.path,
    argv,
    env: options.env ?? DEFAULT_ENV,
    cwd: options.cwd ?? BOX_DIRECTORY,
    limits,
    counted: account.means.processes !== 'rlimit',
    filter,
    traced: options.trace !== undefined,
  })
  const running = context.place.container.launch({
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
    descriptors: channels.childFds(),
  })
  channels.launched(cause => running.kill(cause))
  const cancel = (): void => running.kill(HOST_CAUSE.canceled)
  stop.addEventListener('abort', cancel)
  try {
    // In the order in which they are told: the first failure is the news.
    const [, , report] = await Promise.all([context.place.container.furnished, pad.ready, running.ended])
    return report
  } finally {
    stop.removeEventListener('abort', cancel)
  }
}

/** The result of a program that was canceled while it waited for a container. */
export function canceledResult(options: CommandOptions, calledAt: bigint): AnyResult {
  const nothing = { bytes: new Uint8Array(0), truncated: false }
  return buildResult({
    report: canceledBeforeStart(),
    figures: NOTHING,
    account: { means: { cpuTime: 'none', memory: 'none', processes: 'none' }, watch: false },
    limits: resolveLimits(options.limits),
    fileAtLimit: false,
    calledAt,
    collected: { files: {}, fileModes: {}, fileErrors: {} },
    outputs: { stdout: nothing, stderr: nothing },
    encoding: options.encoding ?? 'utf8',
  })
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
    figures: [],
  }
  const ended = { startedNs: now, endedNs: now, ...none }
  return { id: 0, step: -1, errno: 0, cause: HOST_CAUSE.canceled, how: 0, status: 0, ended }
}
