/**
 * `strace --runner kernel`: the program runs in the kernel of TypeScript, which tells the handlers
 * of each call itself. Handlers run in the thread of that kernel. The program sees what `glassbox
 * run` shows it: a box with its own files, variables and user. Its time is not limited.
 */
import type { RunOptions } from '../job/options.ts'
import type { AnyResult } from '../job/result.ts'
import { DEFAULT_ENV } from '../job/box-layout.ts'
import { GlassboxError } from '../errors.ts'
import { type SignalName, signalNumber } from '../linux/signals.ts'
import type { RunHandle } from '../run/handle.ts'
import { run } from '../run/run.ts'
import type { TraceOutcome } from './box-trace.ts'
import { callsThatStop, type Result } from './command.ts'
import type { StraceOptions, TraceSettings } from './options.ts'
import { openFile, openTarget } from './targets.ts'
import { say } from './text/messages.ts'

/** Signals with which a person or a service ends the command, and the program with it. */
const ENDING: readonly SignalName[] = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM']
const NO_TIME_LIMITS = { cpuTimeMs: Infinity, wallTimeMs: Infinity } as const

/** What the program ended with, besides its own exit. */
export type Explain = (result: AnyResult) => { readonly code: number; readonly message: string } | undefined

/**
 * Runs to the end of the program and of the trace. `explain`: the words and the exit code for an
 * end that a limit has caused. Throws what `run()` rejects with.
 *
 * @example
 *     const options = straceOptions(['--runner', 'kernel', '-f', 'ls'])
 *     const { code } = await straceInKernel(options, () => undefined)
 */
export async function straceInKernel(options: StraceOptions, explain: Explain): Promise<Result> {
  for (const warning of options.warnings) say(warning)
  const { target, close } = await openTarget(options)
  try {
    const { perfetto: name } = options
    const perfetto = name === undefined ? undefined : { fd: openFile(name, 'w'), name }
    return await runTraced(
      options,
      { ...options.trace, output: target, ...(perfetto && { perfetto }) },
      explain,
    )
  } finally {
    await close()
  }
}

async function runTraced(options: StraceOptions, settings: TraceSettings, explain: Explain): Promise<Result> {
  const [program = '', ...args] = options.command
  const seen = { outcome: 'written' as TraceOutcome, notExecuted: false }
  const syscalls = await callsThatStop(options)
  const handle = run(program, args, {
    ...boxOf(options),
    ...{ limits: NO_TIME_LIMITS, env: environmentOf(options.env) },
    ...{ stdin: 'inherit', stdout: 'inherit', stderr: 'inherit', encoding: 'buffer' },
    trace: {
      follow: settings.follow,
      ...(syscalls && { syscalls }),
      handlers: { module: new URL('../strace/box-trace.js', import.meta.url), data: settings },
      reader: async trace => {
        trace.onMessage(() => (seen.notExecuted = true))
        seen.outcome = ((await trace).data as TraceOutcome | undefined) ?? seen.outcome
      },
    },
  })
  const ending = endBySignals(handle)
  try {
    const result = await handle
    const by = ending.signal()
    if (by !== undefined) return { code: 0, signal: by }
    const limited = explain(result)
    if (limited) say(limited.message)
    return seen.outcome === 'failed' ? { code: 1 } : (limited ?? resultOf(result))
  } catch (error) {
    // The handlers have said it in strace's words.
    if (seen.notExecuted && error instanceof GlassboxError && error.errno !== undefined) return { code: 1 }
    throw error
  } finally {
    ending.stop()
  }
}

const boxOf = ({ box }: StraceOptions): RunOptions => ({
  runner: 'kernel',
  binds: box?.binds ?? [],
  ...(box?.here === true && { here: true }),
})

/** Nothing is inherited. `changes`: those of -E, in order. */
function environmentOf(changes: StraceOptions['env']): Record<string, string> {
  const env: Record<string, string> = { ...DEFAULT_ENV }
  for (const [name, value] of changes) {
    if (value === undefined) delete env[name]
    else env[name] = value
  }
  return env
}

/** These signals end the program, and then this process. */
function endBySignals(handle: RunHandle<Uint8Array>): { signal: () => number | undefined; stop: () => void } {
  let by: number | undefined
  const listeners = ENDING.map(name => {
    const listener = (): void => {
      by ??= signalNumber(name)
      handle.kill()
    }
    process.on(name, listener)
    return { name, listener }
  })
  return {
    signal: () => by,
    stop: () => {
      for (const { name, listener } of listeners) process.off(name, listener)
    },
  }
}

function resultOf({ exitCode, signal }: AnyResult): Result {
  const number = signal === undefined ? undefined : signalNumber(signal)
  return { code: exitCode ?? 0, ...(number !== undefined && { signal: number }) }
}
