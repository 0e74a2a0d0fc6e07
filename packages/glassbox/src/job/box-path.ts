/** Names of files in the working directory of a box, as its callers give them. */
import { GlassboxError } from '../errors.ts'
import { bytesOfPath } from '../linux/path-bytes.ts'

/** What the kernel takes (limits.h: NAME_MAX, and PATH_MAX less the final NUL), in bytes. */
const MAX_NAME_BYTES = 255
export const MAX_PATH_BYTES = 4095
/** A surrogate that is half of nothing and stands for no byte. */
const NO_TEXT = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])(?:[\udc00-\udc7f]|[\udd00-\udfff])/

/** Why it cannot be the name of a file in the working directory. */
function fault(path: string, names: readonly string[]): string | undefined {
  if (path.startsWith('/') || names.length === 0 || names.includes('..') || path.includes('\0'))
    return 'Not a file name inside the working directory'
  if (NO_TEXT.test(path)) return 'Not a file name: half of a surrogate pair is no text'
  if (names.some(name => bytesOfPath(name).length > MAX_NAME_BYTES))
    return `A name in it is longer than ${MAX_NAME_BYTES} bytes`
  return bytesOfPath(names.join('/')).length > MAX_PATH_BYTES
    ? `A path longer than ${MAX_PATH_BYTES} bytes`
    : undefined
}

/** The components of a relative path of a box; refuses a path that could leave the directory. */
export function pathComponents(path: string): string[] {
  const names = path.split('/').filter(name => name !== '' && name !== '.')
  const wrong = fault(path, names)
  if (wrong === undefined) return names
  const start = path.length > 100 ? `${path.slice(0, 100)}…` : path
  throw new GlassboxError('ERR_GLASSBOX_FILE', `${wrong}: ${JSON.stringify(start)}`, {
    path,
    hint: 'Name files by a relative path without "..", of names of at most 255 bytes.',
  })
}
