/** Checks paths of the host, and of the working directory of a box, as callers give them. */
import { GlassboxError } from '../errors.ts'
import { bytesOfPath } from '../linux/path-bytes.ts'

/** The kernel's maxima, in bytes (limits.h: NAME_MAX, and PATH_MAX without the final NUL). */
const MAX_NAME_BYTES = 255
export const MAX_PATH_BYTES = 4095
/** An unpaired surrogate that does not stand for a byte (see linux/path-bytes.ts). */
const NO_TEXT = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])(?:[\udc00-\udc7f]|[\udd00-\udfff])/

/** Whether the kernel takes it as a path of the host. */
export const isHostPath = (value: unknown): value is string =>
  typeof value === 'string' &&
  value !== '' &&
  !value.includes('\0') &&
  bytesOfPath(value).length <= MAX_PATH_BYTES

/** Ends the description of an expected path, if the value is a path that is too long. */
export const atMost = (value: unknown): string =>
  typeof value === 'string' && value.length * 4 > MAX_PATH_BYTES ? ` of at most ${MAX_PATH_BYTES} bytes` : ''

/** Why a path is not a file in the working directory; `undefined` if it is one. */
function fault(path: string, names: readonly string[]): string | undefined {
  if (path.startsWith('/') || names.length === 0 || names.includes('..') || path.includes('\0'))
    return 'Not a file name inside the working directory'
  if (NO_TEXT.test(path)) return 'Not a file name: it has half of a surrogate pair, which is not text'
  if (names.some(name => bytesOfPath(name).length > MAX_NAME_BYTES))
    return `A path with a name longer than ${MAX_NAME_BYTES} bytes`
  return bytesOfPath(names.join('/')).length > MAX_PATH_BYTES
    ? `A path longer than ${MAX_PATH_BYTES} bytes`
    : undefined
}

/**
 * The components of a relative path in the working directory. Throws ERR_GLASSBOX_FILE for a path
 * that could leave it.
 */
export function pathComponents(path: string): string[] {
  const names = path.split('/').filter(name => name !== '' && name !== '.')
  const wrong = fault(path, names)
  if (wrong === undefined) return names
  const start = path.length > 100 ? `${path.slice(0, 100)}…` : path
  throw new GlassboxError('ERR_GLASSBOX_FILE', `${wrong}: ${JSON.stringify(start)}`, {
    path,
    hint: 'Use a relative path without "..", in which each name has at most 255 bytes.',
  })
}
