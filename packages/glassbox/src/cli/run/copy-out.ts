/**
 * `--copy-out`: which files could not be brought out, and why. run() has written the others to the
 * host.
 */
import { printable } from '../../printable.ts'
import type { Collect } from '../../job/files.ts'
import type { AnyResult } from '../../job/result.ts'
import { stderr } from '../output.ts'

/** Where `--copy-out` writes: by the name in the box, the file or directory of the host. */
export type CopyOut = ReadonlyMap<string, string>

/** What `--copy-out` asks of run(). */
export const collectOf = (copyOut: CopyOut): Collect =>
  Object.fromEntries([...copyOut].map(([name, file]) => [name, { file }]))

/**
 * `missing`: the program left no such file, or none that can be taken. `failed`: it could not be
 * written here.
 */
export type CopyOutcome = 'copied' | 'missing' | 'failed'

/** Says for each file that could not be had why. */
export function tellCopies({ fileErrors }: AnyResult): CopyOutcome {
  const errors = Object.entries(fileErrors)
  for (const [name, { message }] of errors)
    stderr.write(`glassbox: ${printable(`--copy-out ${name}: ${message}`)}\n`)
  if (errors.some(([, { side }]) => side === 'host')) return 'failed'
  return errors.length > 0 ? 'missing' : 'copied'
}
