/** What a caller may say to createPool() and to the run() of a pool. */
import { InvalidOptionError } from '../errors.ts'
import type { BoxOptions, CommandOptions } from '../job/options.ts'

/**
 * All containers of a pool are alike; what they show and how large they are is fixed when it is created. With `net: 'host'` or a writable
 * directory among the binds each program has a new one: it could have handed out a part of the old one.
 */
export interface PoolOptions extends Omit<BoxOptions, 'files' | 'signal'> {
  /** How many programs can run at a time. */
  readonly size: number
}

export interface PoolRunOptions extends CommandOptions {
  /** Files put into the working directory before the program starts, by relative path. */
  readonly files?: BoxOptions['files']
}

const LARGEST_SIZE = 1024

export function validateSize(size: unknown): void {
  if (Number.isSafeInteger(size) && Number(size) > 0 && Number(size) <= LARGEST_SIZE) return
  throw new InvalidOptionError(
    'size',
    `Expected size to be a whole number from 1 to ${LARGEST_SIZE}, got ${JSON.stringify(size) ?? typeof size}.`,
    'A pool needs as many containers as programs shall run at a time; the number of processors is a good start.',
  )
}
