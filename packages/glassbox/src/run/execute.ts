/**
 * Runs one job in a sandbox, as a list of steps: open the streams, start, wait for the end,
 * collect files, build the result. Everything that a step opened is closed at the end, even after
 * a failure. The sandbox belongs to the caller.
 */
import { buildResult } from '../job/build-result.ts'
import { canceledBeforeStart, type Ending } from '../job/ending.ts'
import type { Job } from '../job/job.ts'
import type { CommandOptions } from '../job/options.ts'
import type { ResolvedCommand } from '../job/resolved.ts'
import type { AnyResult, RunnerName } from '../job/result.ts'
import type { Sandbox } from '../runners/runner.ts'
import type { CallStreams } from '../stdio/caller/call-streams.ts'
import { Channels } from '../stdio/channels.ts'
import type { HostPaths } from '../stdio/host-paths.ts'
import type { Call } from './call.ts'
import { collect, NOTHING_COLLECTED } from './collect.ts'

export interface Execution {
  readonly runner: RunnerName
  readonly sandbox: Sandbox
  readonly paths: HostPaths
  readonly call: Call
  /** Called when the program has been started. */
  readonly started?: () => void
  /**
   * Called when the sandbox is no longer needed. A caller that made it for this job only can then
   * close it while the streams finish.
   */
  readonly done?: () => void
}

/**
 * Runs a job and resolves with its result. Rejects only for a fault of the caller, of the host or
 * of glassbox.
 */
export async function execute(
  { runner, sandbox, paths, call, started, done }: Execution,
  job: Job,
  options: ResolvedCommand,
): Promise<AnyResult> {
  const { limits } = job
  const streams = call.begin(options)
  const channels = new Channels(streams, limits, paths)
  try {
    call.throwIfFailed()
    await channels.open(sandbox.owner)
    const ending = await startAndWait(sandbox, job, channels, call, started)
    throwIfCutShort(ending, streams)
    const collected = await collect(sandbox.files, options, paths)
    done?.()
    await channels.finished()
    await streams.finish()
    const { calledAt } = call
    const { encoding } = options
    return buildResult({ runner, ending, limits, calledAt, collected, outputs: channels.result(), encoding })
  } finally {
    channels.close()
  }
}

/** If a failed stream ended the program, its ending is not a verdict: throws the failure. */
function throwIfCutShort({ cause }: Ending, { failure }: CallStreams): void {
  if (failure && (cause === 'canceled' || !failure.ofInput)) throw failure.error
}

/** Starts the job and waits for its end. A cancel, a failed stream or too much output stops it. */
async function startAndWait(
  sandbox: Sandbox,
  job: Job,
  channels: Channels,
  { cancel }: Call,
  whenStarted?: () => void,
): Promise<Ending> {
  if (cancel.aborted) return canceledBeforeStart(process.hrtime.bigint())
  const started = await sandbox.start(job, channels.childFds())
  channels.launched(() => started.stop('output'))
  whenStarted?.()
  const stop = (): void => started.stop('canceled')
  if (cancel.aborted) stop()
  const letGo = cancel.onAbort(stop)
  try {
    return await started.ended
  } finally {
    letGo()
  }
}

/**
 * The result of a job that was canceled while it waited for a sandbox. If a failed stream was the
 * reason, throws its error instead.
 */
export function canceledResult(
  runner: RunnerName,
  limits: Job['limits'],
  { encoding = 'utf8' }: CommandOptions,
  call: Call,
): AnyResult {
  call.throwIfFailed()
  const { calledAt } = call
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
