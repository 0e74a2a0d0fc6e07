/**
 * run(): one program in a box of its own.
 *
 * @example
 * import { run } from 'glassbox'
 * const { status, stdout, cpuTimeMs } = await run('python3', ['-c', 'print(6*7)'], {
 *   limits: { cpuTimeMs: 1000, memoryBytes: 256 * 2 ** 20 },
 * })
 */
import type {
  AskedEncoding,
  BoxOptions,
  CommandOptions,
  Encoding,
  InferredEncoding,
  OutputOf,
  RunOptions,
} from '../job/options.ts'
import type { Job } from '../job/job.ts'
import type { AnyResult } from '../job/result.ts'
import type { Runner, SandboxSpec } from '../runners/runner.ts'
import { HostPaths } from '../stdio/host-paths.ts'
import { refuseMore } from '../options/arity.ts'
import { type InputFile, putInputs, readInputs } from '../stdio/input-files.ts'
import type { Call } from './call.ts'
import { type CheckedCommand, checkRun, checkWords, takePool } from './check.ts'
import { type DescriptorTurn, descriptorTurns } from './descriptor-turns.ts'
import { execute } from './execute.ts'
import type { RunHandle } from './handle.ts'
import { resolveForNewBox } from './program.ts'
import { runnerOf } from './runners.ts'
import { startCall } from './start-call.ts'

/** The part of a `Pool` that run() uses. */
export interface ProgramRunner {
  run<E extends AskedEncoding = 'utf8'>(
    program: string,
    args?: readonly string[],
    options?: CommandOptions<E & Encoding> & Pick<BoxOptions, 'files'> & InferredEncoding<E>,
  ): RunHandle<OutputOf<E>>
}

/** Options of createPool(), which run() cannot change. */
type FixedByThePool = Readonly<
  Partial<Record<Exclude<keyof BoxOptions, 'files' | 'signal' | 'profile'>, never>>
>

/**
 * The options of run() with a pool. The options of the box are fixed when the pool is created.
 *
 * @example
 * await run('sort', [], { pool, stdin: 'b\na\n' })
 */
export interface PooledOptions<E extends Encoding = Encoding>
  extends CommandOptions<E>,
    Pick<BoxOptions, 'files'>,
    FixedByThePool {
  /**
   * A pool made by createPool(). Without one, the program runs in a box of its own (see
   * `RunOptions`).
   */
  readonly pool: ProgramRunner
}

/** A checked call of run(). */
export interface CheckedCall {
  readonly runner: Runner
  readonly command: CheckedCommand
  readonly job: Job
  readonly spec: SandboxSpec
  /** Files to copy into the sandbox before the program starts. */
  readonly inputs: readonly InputFile[]
}

/**
 * Checks everything that can be refused before anything is started, and describes the sandbox.
 * `runners` chooses the runner.
 */
export function checkCall(
  runners: (options: Pick<BoxOptions, 'runner'>) => Runner,
  program: unknown,
  args: unknown,
  options: unknown,
): CheckedCall {
  const words = checkWords(program, args)
  const { box, ...command } = checkRun(options)
  const runner = runners(box)
  runner.check(box, command.terms)
  const paths = new HostPaths(box.binds)
  const found = resolveForNewBox(words.program, { ...box, ...command.terms }, runner)
  const programs = found.bind === undefined ? [] : [found.bind]
  const inputs = readInputs(box.files, paths)
  const spec: SandboxSpec = { box, paths, programs, use: 'once', expects: command.terms }
  const job = { ...command.terms, path: found.path, argv: [words.program, ...words.args] }
  return { runner, command, job, spec, inputs }
}

/** Runs one program in a sandbox of its own, made by the runner that `runners` chooses. */
export async function runOnce(
  runners: (options: Pick<BoxOptions, 'runner'>) => Runner,
  program: unknown,
  args: unknown,
  options: unknown,
  call: Call,
): Promise<AnyResult> {
  const { runner, command, job, spec, inputs } = checkCall(runners, program, args, options)
  call.begin(command.options)
  call.throwIfFailed()
  const waiting = descriptorTurns.begin(call.cancel)
  if (waiting) await waiting
  const turn = descriptorTurns.turn()
  try {
    return await runInTurn({ runner, command, job, spec, inputs }, call, turn)
  } finally {
    turn.ended()
  }
}

async function runInTurn(
  { runner, command, job, spec, inputs }: CheckedCall,
  call: Call,
  { started }: DescriptorTurn,
): Promise<AnyResult> {
  const sandbox = await runner.open(spec)
  let closing: Promise<void> | undefined
  const close = (): Promise<void> => (closing ??= sandbox.close())
  const done = (): void => void close().catch(() => {}) // the close below reports it
  const { paths } = spec
  try {
    await putInputs(sandbox.files, inputs, call.cancel)
    const execution = { runner: runner.name, sandbox, paths, call, started, done }
    return await execute(execution, job, command.options)
  } finally {
    await close()
  }
}

/**
 * Runs a program in a box of its own, or in a box of a pool. Resolves with a result whatever the
 * program does. Rejects with a `GlassboxError` if the options are invalid (`InvalidOptionError`),
 * if the host lacks a feature (`MissingFeatureError`), or for a fault of glassbox; nothing is left
 * running then. Never throws: it always returns a handle.
 *
 * @example
 * const { status, stdout } = await run('sort', ['-n'], {
 *   stdin: '10\n9\n',
 *   limits: { wallTimeMs: 1000 },
 * })
 */
export function run<E extends AskedEncoding = 'utf8'>(
  program: string,
  args?: readonly string[],
  options?: (RunOptions<E & Encoding> | PooledOptions<E & Encoding>) & InferredEncoding<E>,
): RunHandle<OutputOf<E>>
export function run(
  program: unknown,
  args?: unknown,
  options?: unknown,
  ...more: readonly unknown[]
): RunHandle<string | Uint8Array> {
  let taken: ReturnType<typeof takePool>
  try {
    refuseMore('run(program, args, options)', more)
    taken = takePool(options)
  } catch (error) {
    return startCall(() => Promise.reject(error))
  }
  const { pool, rest } = taken
  if (pool)
    return (pool as ProgramRunner).run(program as string, args as readonly string[], rest as CommandOptions)
  return startCall(call => runOnce(runnerOf, program, args, rest, call))
}
