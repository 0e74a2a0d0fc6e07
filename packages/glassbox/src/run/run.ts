/**
 * run(): one program in a box of its own.
 *
 * @example
 * import { run } from 'glassbox'
 * const { status, stdout, cpuTimeMs } = await run('python3', ['-c', 'print(6*7)'], {
 *   limits: { cpuTimeMs: 1000, memoryBytes: 256 * 2 ** 20 },
 * })
 */
import { resolve } from 'node:path'
import { runCommand, startNow } from './execute.ts'
import { filterOf } from '../runners/namespace/filter.ts'
import { RunHandle } from './handle.ts'
import { resolveLimits } from '../job/limits.ts'
import type { AsBytes, BoxOptions, CommandOptions, RunOptions } from '../job/options.ts'
import { type Expected, PreparedContainer } from '../runners/namespace/sandbox.ts'
import { BOX_DIRECTORY, DEFAULT_PATH, type ResolvedProgram, resolveProgram } from './program.ts'
import type { AnyResult } from '../job/result.ts'
import { splitOptions, validateBoxOptions, validateCommandOptions } from '../job/validate.ts'

/** None where it was removed. */
function currentDirectory(): string | undefined {
  try {
    return process.cwd()
  } catch {
    return undefined
  }
}

/** Where a program's name leads before there is a box. */
export function resolveForNewBox(program: string, options: RunOptions): ResolvedProgram {
  return resolveProgram(program, {
    hostDirectory: currentDirectory(),
    cwd: options.cwd ?? BOX_DIRECTORY,
    inBox: path => Object.keys(options.files ?? {}).some(name => resolve('/', name) === resolve('/', path)),
    bindTargets: (options.binds ?? []).map(({ source, target }) => target ?? resolve(source)),
    boxPath: options.env?.['PATH'] ?? DEFAULT_PATH,
    hostPath: process.env['PATH'] ?? '',
  })
}

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

/** Everything that can be refused before anything is started. */
export function checkRun(
  program: string,
  options: RunOptions,
): { parts: ReturnType<typeof splitOptions>; found: ResolvedProgram; expected: Expected } {
  const parts = splitOptions(options)
  validateBoxOptions(parts.box)
  validateCommandOptions(parts.command)
  const expected = { limits: resolveLimits(options.limits), filter: filterOf(options) }
  return { parts, found: resolveForNewBox(program, options), expected }
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
  const started = startNow()
  const start = async (): Promise<AnyResult> => {
    const { parts, found, expected } = checkRun(program, options)
    const programs = found.bind === undefined ? [] : [found.bind]
    const place = await PreparedContainer.open(parts.box, { programs, expected, eager: true })
    let closing: Promise<void> | undefined
    const close = (): Promise<void> => (closing ??= place.close())
    const done = (): void => void close().catch(() => {}) // told below
    try {
      return await runCommand({ place, done, ...started }, found, [program, ...args], parts.command)
    } finally {
      await close()
    }
  }
  return new RunHandle(start(), started.events, () => started.cancel.abort())
}
