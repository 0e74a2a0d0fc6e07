/** What a caller may say to createPool() and to the run() of a pool. */
import type { BoxOptions, CommandOptions, Encoding } from '../job/options.ts'
import type { ResolvedBox } from '../job/resolved.ts'
import { poolSchema } from '../job/schemas.ts'
import { type Field, number } from '../options/kind.ts'

/**
 * All containers of a pool are alike; what they show and how large they are is fixed when it is
 * created. With `net: 'host'` or a writable directory among the binds each program has a new one:
 * it could have handed out a part of the old one.
 *
 * @example
 * await using pool = await createPool({ size: availableParallelism() })
 */
export interface PoolOptions extends Omit<BoxOptions, 'files' | 'signal'> {
  /** How many programs can run at a time, from 1 to 1024. There is no default. */
  readonly size: number
}

/** The options of pool.run(): those of a command, and files. */
export interface PoolRunOptions<E extends Encoding = Encoding> extends CommandOptions<E> {
  /** Files put into the working directory before the program starts, by relative path. */
  readonly files?: BoxOptions['files']
}

const LARGEST_SIZE = 1024

const SIZE_HINT = `A pool has from 1 to ${LARGEST_SIZE} containers, one for each program that runs at a time.`

const SIZE: Field<number> = {
  kind: number({ from: 1, to: LARGEST_SIZE, whole: true, hint: SIZE_HINT }),
  words: ['max', 'count', 'workers', 'concurrency', 'instances', 'poolSize', 'maxWorkers', 'min', 'parallel'],
}

const POOL = poolSchema<PoolOptions>({ size: SIZE }, ['size'])

/** Throws InvalidOptionError. The result is a copy, complete with defaults. */
export function checkPool(options: unknown): { readonly size: number; readonly box: ResolvedBox } {
  const { size, ...box } = POOL.read(options, '')
  return { size, box: Object.freeze(box) as ResolvedBox }
}
