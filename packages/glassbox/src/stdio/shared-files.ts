/**
 * Two streams that name one file would destroy each other's bytes: an output is emptied when it is opened, also when it is
 * the input under another name. Devices are not emptied and may be shared.
 */
import { statSync } from 'node:fs'
import { InvalidOptionError } from '../errors.ts'

const fileOf = (stream: unknown): string | undefined =>
  typeof stream === 'object' && stream !== null && 'file' in stream ? String(stream.file) : undefined

/** What makes two names the same file; a file that is not there yet is known by its name. */
function identity(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats) return path
  return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined
}

export function refuseSharedFiles(streams: Readonly<Record<string, unknown>>): void {
  const seen = new Map<string, string>()
  for (const [name, stream] of Object.entries(streams)) {
    const path = fileOf(stream)
    const key = path === undefined ? undefined : identity(path)
    if (key === undefined) continue
    const other = seen.get(key)
    if (other !== undefined) {
      throw new InvalidOptionError(
        name,
        `${name} and ${other} are the same file, ${path}.`,
        'Give each a file of its own.',
      )
    }
    seen.set(key, name)
  }
}
