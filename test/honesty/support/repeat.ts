/**
 * Runs a program 20 times; all 20 runs must end alike. Assertions are made for every run, so a
 * verdict that is usually right fails.
 */
import assert from 'node:assert/strict'
import { dirname } from 'node:path'
import {
  createPool,
  type Pool,
  type PoolRunOptions,
  type RunOptions,
  type RunResult,
  run,
} from '#glassbox/index.js'
import { program } from '../../support/programs.js'

export const TIMES = 20
export const MiB: number = 2 ** 20

/** Runs `work` 20 times, `width` at a time, and gives all results. */
export async function repeat<Result>(
  work: (index: number) => PromiseLike<Result>,
  { times = TIMES, width = 2 }: { readonly times?: number; readonly width?: number } = {},
): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < times; index = next++) results[index] = await work(index)
  }
  await Promise.all(Array.from({ length: width }, worker))
  return results
}

/**
 * What a result says of the end, in a few words: `exited 3`, `signaled SIGKILL`, `memory-limit
 * (exit 0)`, `wall-time-limit`.
 */
export function ending({ status, exitCode, signal, limit }: RunResult): string {
  if (status === 'exited') return `exited ${exitCode}`
  if (status === 'signaled') return `signaled ${signal}`
  const own = exitCode === undefined ? signal : `exit ${exitCode}`
  const kind = limit && !limit.kind.startsWith(camel(status)) ? ` of ${limit.kind}` : ''
  return `${status}${kind}${own === undefined ? '' : ` (${own})`}`
}

/** `cpu-time-limit` and `cpuTimeMs` begin alike. */
const camel = (status: string): string =>
  status.replace(/-limit$/, '').replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

/** Fails if a single run ended differently, and reports how often each ending occurred. */
export function assertEndings(results: readonly RunResult[], expected: string): void {
  const counts: Record<string, number> = {}
  for (const result of results) counts[ending(result)] = (counts[ending(result)] ?? 0) + 1
  const odd = results.find(result => ending(result) !== expected)
  const { files: _, stdout, stderr, ...facts } = odd ?? ({} as RunResult)
  assert.deepEqual(
    counts,
    { [expected]: results.length },
    `one of them: ${JSON.stringify({ ...facts, stdout: stdout?.slice(0, 300), stderr: stderr?.slice(0, 300) })}`,
  )
  for (const result of results) assertSane(result)
}

/** For an end whose code is not ours to know: one of `allowed`, and always the same. */
export function assertSameStatus(
  results: readonly RunResult[],
  allowed: readonly RunResult['status'][],
): void {
  const statuses = [...new Set(results.map(({ status }) => status))]
  assert.equal(statuses.length, 1, statuses.join(', '))
  for (const status of statuses) assert.ok(allowed.includes(status), status)
  for (const result of results) assertSane(result)
}

/**
 * What must hold for the usage in every result. A time is charged until the last process is
 * reaped, which is after the program's own end.
 */
export function assertSane({
  cpuTimeMs,
  userTimeMs,
  systemTimeMs,
  wallTimeMs,
  memoryBytes,
  limit,
}: RunResult): void {
  for (const figure of [cpuTimeMs, userTimeMs, systemTimeMs, wallTimeMs, memoryBytes]) {
    assert.ok(Number.isFinite(figure) && figure >= 0, `${figure} is no figure`)
  }
  assert.ok(
    Math.abs(cpuTimeMs - userTimeMs - systemTimeMs) < 0.01,
    'user and system time make up the CPU time',
  )
  if (limit && limit.kind !== 'memoryBytes')
    assert.ok(limit.used >= limit.limit, `${limit.kind}: ${limit.used} of ${limit.limit} used`)
}

/** 20 boxes of their own. */
export const inBoxes = (
  guest: string,
  args: readonly string[] = [],
  options: RunOptions<'utf8'> = {},
  width?: number,
): Promise<RunResult[]> =>
  repeat(() => run(program(guest), args, options), width === undefined ? {} : { width })

/** A pool that shows the guests of test/programs, for as long as `work` takes. */
export async function withPool(
  work: (
    run: (
      guest: string,
      args?: readonly string[],
      options?: PoolRunOptions<'utf8'>,
    ) => PromiseLike<RunResult>,
    pool: Pool,
  ) => Promise<void>,
  size = 2,
): Promise<void> {
  const pool = await createPool({ size, binds: [{ source: dirname(program('forge')) }] })
  try {
    await work((guest, args = [], options = {}) => pool.run(program(guest), args, options), pool)
  } finally {
    await pool.close()
  }
}
