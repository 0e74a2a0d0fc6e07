/**
 * run(): one program in a box of its own.
 *
 * @example
 * import { run } from 'glassbox'
 * const { status, stdout, cpuTimeMs } = await run('python3', ['-c', 'print(6*7)'], {
 *   limits: { cpuTimeMs: 1000, memoryBytes: 256 * 2 ** 20 },
 * })
 */
import type { BoxOptions, CommandOptions, Encoding, OutputOf, RunOptions } from '../job/options.ts'
import type { Job } from '../job/job.ts'
import type { AnyResult } from '../job/result.ts'
import type { Runner, SandboxSpec } from '../runners/runner.ts'
import { HostPaths } from '../stdio/host-paths.ts'
import { type InputFile, putInputs, readInputs } from '../stdio/input-files.ts'
import { type Call, stopSignal } from './call.ts'
import { type CheckedCommand, checkRun, checkWords, takePool } from './check.ts'
import { execute } from './execute.ts'
import type { RunHandle } from './handle.ts'
import { resolveForNewBox } from './program.ts'
import { runnerOf } from './runners.ts'
import { startCall } from './start-call.ts'

/** Where run() has the program run instead of in a box of its own: a `Pool`. */
export interface ProgramRunner {
  run<E extends Encoding = 'utf8'>(
    program: string,
    args?: readonly string[],
    options?: CommandOptions<E> & Pick<BoxOptions, 'files'>,
  ): RunHandle<OutputOf<E>>
}

/** What the pool's createPool() has said already. */
type FixedByThePool = Readonly<Partial<Record<Exclude<keyof BoxOptions, 'files' | 'signal'>, never>>>

/** The options of a run in a pool; what the box shows was said when the pool was created. */
export interface PooledOptions<E extends Encoding = Encoding>
  extends CommandOptions<E>,
    Pick<BoxOptions, 'files'>,
    FixedByThePool {
  /**
   * A pool that createPool() made. Without one the program has a box of its own, which RunOptions
   * describe.
   */
  readonly pool: ProgramRunner
}

/** A call of run(), checked. */
export interface CheckedCall {
  readonly command: CheckedCommand
  readonly job: Job
  readonly spec: SandboxSpec
  /** Put into the sandbox before the program starts. */
  readonly inputs: readonly InputFile[]
}

/** All that can be refused before anything is started, and what the sandbox is to be. */
export function checkCall(program: unknown, args: unknown, options: unknown): CheckedCall {
  const words = checkWords(program, args)
  const { box, ...command } = checkRun(options)
  const paths = new HostPaths(box.binds)
  const found = resolveForNewBox(words.program, { ...box, ...command.terms })
  const programs = found.bind === undefined ? [] : [found.bind]
  const inputs = readInputs(box.files, paths)
  const spec: SandboxSpec = { box, paths, programs, use: 'once', expects: command.terms }
  const job = { ...command.terms, path: found.path, argv: [words.program, ...words.args] }
  return { command, job, spec, inputs }
}

/** One program in a sandbox of its own, of that runner. */
export async function runOnce(
  runner: (options: BoxOptions) => Runner,
  program: unknown,
  args: unknown,
  options: unknown,
  call: Call,
): Promise<AnyResult> {
  const { command, job, spec, inputs } = checkCall(program, args, options)
  call.begin(command.options)
  call.throwIfFailed()
  const chosen = runner(spec.box)
  const sandbox = await chosen.open(spec)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= sandbox.close())
  const done = (): void => void close().catch(() => {}) // told below
  const { paths } = spec
  try {
    await putInputs(sandbox.files, inputs, stopSignal(call, command.options))
    return await execute({ runner: chosen.name, sandbox, paths, call, done }, job, command.options)
  } finally {
    await close()
  }
}

/**
 * Runs a program in a box of its own, or in one of a pool. Resolves with how it ended, whatever it
 * did. Rejects with a `GlassboxError` for bad options (`InvalidOptionError`), a host that lacks
 * something, or a fault of glassbox, and then nothing of it is left. Never throws: the handle is
 * always there.
 *
 * @example
 * const { status, stdout } = await run('sort', ['-n'], { stdin: '10\n9\n', limits: { wallTimeMs:
 * 1000 } })
 */
export function run<E extends Encoding = 'utf8'>(
  program: string,
  args?: readonly string[],
  options?: RunOptions<E> | PooledOptions<E>,
): RunHandle<OutputOf<E>>
export function run(program: unknown, args?: unknown, options?: unknown): RunHandle<string | Uint8Array> {
  let taken: ReturnType<typeof takePool>
  try {
    taken = takePool(options)
  } catch (error) {
    return startCall(() => Promise.reject(error))
  }
  const { pool, rest } = taken
  if (pool)
    return (pool as ProgramRunner).run(program as string, args as readonly string[], rest as CommandOptions)
  return startCall(call => runOnce(runnerOf, program, args, rest, call))
}
