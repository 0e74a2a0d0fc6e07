/**
 * `--copy-out`: reports which files could not be copied out, and why. run() has already written
 * the others to the host.
 */
import { printable } from '../../printable.ts'
import type { Collect } from '../../job/files.ts'
import type { AnyResult } from '../../job/result.ts'
import { stderr } from '../output.ts'

/** The file or directory of the host to write to, by the name in the box. */
export type CopyOut = ReadonlyMap<string, string>

/** The option `collect` of run() for `--copy-out`. */
export const collectOf = (copyOut: CopyOut): Collect =>
  Object.fromEntries([...copyOut].map(([name, file]) => [name, { file }]))

/**
 * `missing`: the program left no such file, or none that can be copied. `failed`: the file could
 * not be written on the host.
 */
export type CopyOutcome = 'copied' | 'missing' | 'failed'

/** Reports each file that could not be copied, with the reason. */
export function tellCopies({ fileErrors }: AnyResult): CopyOutcome {
  const errors = Object.entries(fileErrors)
  for (const [name, { message }] of errors)
    stderr.write(`glassbox: ${printable(`--copy-out ${name}: ${message}`)}\n`)
  if (errors.some(([, { side }]) => side === 'host')) return 'failed'
  return errors.length > 0 ? 'missing' : 'copied'
}
