/**
 * One job in a sandbox, as a list of steps: its streams, the start, the end, the files that come out, the verdict. What a step
 * opened is closed at the end, also after a failure; the sandbox is its owner's.
 */
import { buildResult } from '../job/build-result.ts'
import { canceledBeforeStart, type Ending } from '../job/ending.ts'
import type { Job } from '../job/job.ts'
import type { CommandOptions } from '../job/options.ts'
import type { ResolvedCommand } from '../job/resolved.ts'
import type { AnyResult, RunnerName } from '../job/result.ts'
import type { Sandbox } from '../runners/runner.ts'
import { Channels } from '../stdio/channels.ts'
import type { HostPaths } from '../stdio/host-paths.ts'
import { type Call, stopSignal } from './call.ts'
import { collect, NOTHING_COLLECTED } from './collect.ts'

export interface Execution {
  readonly runner: RunnerName
  readonly sandbox: Sandbox
  readonly paths: HostPaths
  readonly call: Call
  /** Called when nothing more is asked of the sandbox: an owner that made it for this job alone takes it down meanwhile. */
  readonly done?: () => void
}

/** Runs a job and says how it ended. Rejects only for a fault of the caller, the host or glassbox. */
export async function execute(
  { runner, sandbox, paths, call, done }: Execution,
  job: Job,
  options: ResolvedCommand,
): Promise<AnyResult> {
  const { limits } = job
  const channels = new Channels(options, limits, call.events, paths)
  try {
    await channels.open(sandbox.owner)
    const ending = await startAndWait(sandbox, job, channels, stopSignal(call, options))
    const collected = await collect(sandbox.files, options, paths)
    done?.()
    await channels.finished()
    const { calledAt } = call
    return buildResult({ runner, ending, limits, calledAt, collected, ...channels.result() })
  } finally {
    channels.close()
  }
}

/** A cancel, or too much output, on the way ends the job. */
async function startAndWait(
  sandbox: Sandbox,
  job: Job,
  channels: Channels,
  stop: AbortSignal,
): Promise<Ending> {
  if (stop.aborted) return canceledBeforeStart(process.hrtime.bigint())
  const started = await sandbox.start(job, channels.childFds())
  channels.launched(() => started.stop('output'))
  const cancel = (): void => started.stop('canceled')
  if (stop.aborted) cancel()
  stop.addEventListener('abort', cancel)
  try {
    return await started.ended
  } finally {
    stop.removeEventListener('abort', cancel)
  }
}

/** The result of a job that was canceled while it waited for a sandbox. */
export function canceledResult(
  runner: RunnerName,
  limits: Job['limits'],
  { encoding = 'utf8' }: CommandOptions,
  { calledAt }: Call,
): AnyResult {
  const nothing = { bytes: new Uint8Array(0), truncated: false }
  return buildResult({
    runner,
    ending: canceledBeforeStart(process.hrtime.bigint()),
    limits,
    calledAt,
    collected: NOTHING_COLLECTED,
    outputs: { stdout: nothing, stderr: nothing },
    encoding,
  })
}
