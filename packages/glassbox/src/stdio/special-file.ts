/** Files that results are written to, not replaced by. */
import { type Stats, statSync } from 'node:fs'

/** Whether it is a terminal, a pipe or a device, such as /dev/stdout, which is not replaced. */
export function isSpecial(path: string): boolean {
  let stats: Stats | undefined
  try {
    stats = statSync(path, { throwIfNoEntry: false })
  } catch {
    return false // making it will fail with the reason
  }
  return stats !== undefined && !stats.isFile() && !stats.isDirectory()
}
