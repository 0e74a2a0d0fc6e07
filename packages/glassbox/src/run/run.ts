/**
 * run(): one program in a box of its own.
 *
 * @example
 * import { run } from 'glassbox'
 * const { status, stdout, cpuTimeMs } = await run('python3', ['-c', 'print(6*7)'], {
 *   limits: { cpuTimeMs: 1000, memoryBytes: 256 * 2 ** 20 },
 * })
 */
import type { AsBytes, BoxOptions, CommandOptions, RunOptions } from '../job/options.ts'
import type { AnyResult } from '../job/result.ts'
import type { Runner, SandboxSpec } from '../runners/runner.ts'
import { HostPaths } from '../stdio/host-paths.ts'
import { readInputs } from '../stdio/input-files.ts'
import type { Call } from './call.ts'
import { type CheckedCommand, checkRun } from './check.ts'
import { execute } from './execute.ts'
import type { RunHandle } from './handle.ts'
import { type ResolvedProgram, resolveForNewBox } from './program.ts'
import { runnerOf } from './runners.ts'
import { startCall } from './start-call.ts'

/** Where run() has the program run instead of in a box of its own: a `Pool`. */
export interface ProgramRunner {
  run(
    program: string,
    args: readonly string[],
    options: CommandOptions & Pick<BoxOptions, 'files'>,
  ): RunHandle<string | Uint8Array>
}

/** The options of a run in a pool; what the box shows was said when the pool was created. */
export interface PooledOptions extends CommandOptions, Pick<BoxOptions, 'files'> {
  readonly pool: ProgramRunner
}

/** All that can be refused before anything is started, and what the sandbox is to be. */
export function checkCall(
  program: string,
  options: RunOptions,
): { command: CheckedCommand; found: ResolvedProgram; spec: SandboxSpec } {
  const { box, ...command } = checkRun(options)
  const paths = new HostPaths(box.binds)
  const found = resolveForNewBox(program, options)
  const programs = found.bind === undefined ? [] : [found.bind]
  const inputs = readInputs(box.files, paths)
  return { command, found, spec: { box, paths, inputs, programs, use: 'once', expects: command.terms } }
}

/** One program in a sandbox of its own, of that runner. */
export async function runOnce(
  runner: (options: RunOptions) => Runner,
  program: string,
  args: readonly string[],
  options: RunOptions,
  call: Call,
): Promise<AnyResult> {
  const { command, found, spec } = checkCall(program, options)
  spec.box.signal?.throwIfAborted()
  call.streams(options)
  call.throwIfFailed()
  const chosen = runner(spec.box)
  const sandbox = await chosen.open(spec)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= sandbox.close())
  const done = (): void => void close().catch(() => {}) // told below
  const { paths } = spec
  const job = { ...command.terms, path: found.path, argv: [program, ...args] }
  try {
    return await execute({ runner: chosen.name, sandbox, paths, call, done }, job, command.options)
  } finally {
    await close()
  }
}

/**
 * Runs a program. Resolves with how it ended, whatever it did; rejects with a `GlassboxError` for bad options, a host that
 * lacks something, or a fault of glassbox, and then nothing of it is left.
 */
export function run(
  program: string,
  args: readonly string[],
  options: (RunOptions | PooledOptions) & AsBytes,
): RunHandle<Uint8Array>
export function run(
  program: string,
  args?: readonly string[],
  options?: RunOptions | PooledOptions,
): RunHandle
export function run(
  program: string,
  args: readonly string[] = [],
  options: RunOptions | PooledOptions = {},
): RunHandle<string | Uint8Array> {
  if ('pool' in options) {
    const { pool, ...rest } = options
    return pool.run(program, args, rest)
  }
  return startCall(options, call => runOnce(runnerOf, program, args, options, call))
}
