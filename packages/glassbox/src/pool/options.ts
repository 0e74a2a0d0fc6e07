/** The options of createPool() and of pool.run(). */
import type { BoxOptions, CommandOptions, Encoding } from '../job/options.ts'
import type { ResolvedBox } from '../job/resolved.ts'
import { poolSchema } from '../job/schemas.ts'
import { type Field, number } from '../options/kind.ts'
import { type ReadBox, resolveHere } from '../run/here.ts'

/**
 * The options of a pool. All its sandboxes are alike: their options are fixed when the pool is
 * created. With `net: 'host'` or a writable directory among the binds, a sandbox is not reused:
 * its program could have passed a descriptor of it to a process outside. Each program then gets a
 * new sandbox.
 *
 * @example
 * await using pool = await createPool({ size: availableParallelism() })
 */
export interface PoolOptions extends Omit<BoxOptions, 'files' | 'signal'> {
  /** How many programs can run at a time: 1 to 1024. Required. */
  readonly size: number
}

/**
 * The options of pool.run(): those of a command, and files.
 *
 * @example
 * await pool.run('cat', ['in.txt'], { files: { 'in.txt': 'hello' } })
 */
export interface PoolRunOptions<E extends Encoding = Encoding> extends CommandOptions<E> {
  /** Files to copy into the working directory before the program starts, by relative path. */
  readonly files?: BoxOptions['files']
}

const LARGEST_SIZE = 1024

const SIZE_HINT = `A pool has 1 to ${LARGEST_SIZE} sandboxes, one for each program that runs at a time.`

const SIZE: Field<number> = {
  kind: number({ from: 1, to: LARGEST_SIZE, whole: true, hint: SIZE_HINT }),
  words: ['max', 'count', 'workers', 'concurrency', 'instances', 'poolSize', 'maxWorkers', 'min', 'parallel'],
}

const POOL = poolSchema<PoolOptions>({ size: SIZE }, ['size'])

/** Throws InvalidOptionError. The result is a copy, complete with defaults. */
export function checkPool(options: unknown): { readonly size: number; readonly box: ResolvedBox } {
  const { size, ...box } = POOL.read(options, '')
  return { size, box: Object.freeze(resolveHere(box as ReadBox)) }
}
