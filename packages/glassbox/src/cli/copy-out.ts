/** `--copy-out`: which files could not be brought out, and why. run() has written the others to the host. */
import type { Collect } from '../job/files.ts'
import type { AnyResult } from '../job/result.ts'
import { stderr } from './terminal.ts'

/** Where `--copy-out` writes: by the name in the box, the file of the host. */
export type CopyOut = ReadonlyMap<string, string>

/** What `--copy-out` asks of run(). */
export const collectOf = (copyOut: CopyOut): Collect =>
  Object.fromEntries([...copyOut].map(([name, file]) => [name, { file }]))

/** Says for each file that could not be had why. True if all could. */
export function tellCopies({ fileErrors }: AnyResult): boolean {
  for (const [name, { message }] of Object.entries(fileErrors))
    stderr().write(`glassbox: --copy-out ${name}: ${message}\n`)
  return Object.keys(fileErrors).length === 0
}
