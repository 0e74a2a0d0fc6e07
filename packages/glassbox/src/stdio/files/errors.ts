/**
 * What failed with a file, as one kind of error: it names the file, and its errno says which
 * failure it was.
 */
import { GlassboxError } from '../../errors.ts'
import { ERRNO, errnoMessage, errnoName } from '../../linux/errno.ts'
import type { FileError } from '../../job/files.ts'

const HINTS: Readonly<Record<number, string>> = {
  [ERRNO.ENOSPC]: 'Raise diskBytes or diskFiles, or put fewer files into the box.',
  [ERRNO.ENOENT]: 'Check the name of the file, and that the program made it.',
  [ERRNO.ELOOP]: 'Links are not followed: name the file itself.',
  [ERRNO.ENOTDIR]: 'A directory on the way is a file: choose another name.',
  [ERRNO.EISDIR]: 'Name a file in it, or collect the directory.',
  [ERRNO.EEXIST]: 'A directory has that name: remove it, or choose another name.',
  [ERRNO.EACCES]: 'The program took the permission away: remove the directory, or open a new box.',
  [ERRNO.EMFILE]:
    'This process has too many descriptors open: run fewer programs at a time, or raise ulimit -n.',
  [ERRNO.EFBIG]: 'Raise collectBytes, or ask for less.',
}

/** A path for a message: a program may have made it thousands of characters long. */
export const brief = (path: string): string =>
  path.length <= 200 ? path : `${path.slice(0, 100)}…${path.slice(-100)}`

/** A failure with a file of a box. `what`: what could not be done, as in `Cannot read out.txt`. */
export function boxFileError(what: string, path: string, cause: unknown): GlassboxError {
  if (isTold(cause)) return cause
  const number = errnoOf(cause as { errno?: number })
  return new GlassboxError('ERR_GLASSBOX_FILE', `${what}: ${inWords(cause)}`, {
    path,
    cause,
    hint: hintFor(cause, HINTS[number ?? 0] ?? 'Check the name of the file.'),
    ...(number === undefined ? {} : { errno: number }),
  })
}

/** The kernel's number, positive, if there is one; Node's own errors have it negative. */
function errnoOf({ errno }: { errno?: number }): number | undefined {
  return errno === undefined ? undefined : Math.abs(errno)
}

/** The cause's own hint, unless it is the general one of a system call. */
export function hintFor(cause: unknown, usual: string): string {
  const own = cause instanceof GlassboxError && cause.code !== 'ERR_GLASSBOX_SYSTEM' ? cause.hint : undefined
  return own ?? usual
}

/** What failed, without the name of the system call if the kernel's own words say it all. */
export function inWords(cause: unknown): string {
  const number = errnoOf(cause as { errno?: number })
  const ofKernel = !(cause instanceof GlassboxError) || cause.code === 'ERR_GLASSBOX_SYSTEM'
  if (number === undefined || !ofKernel) return (cause as Error).message
  return `${errnoName(number)} (${errnoMessage(number)})`
}

/** Whether it names its file already. */
const isTold = (error: unknown): error is GlassboxError =>
  error instanceof GlassboxError && error.code === 'ERR_GLASSBOX_FILE' && error.path !== undefined

/** A failure that no system call reported. */
export const refusal = (errno: number, message: string): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_FILE', message, { errno })

/** As one of `fileErrors`. */
export function fileError({ message, errno }: GlassboxError, side: FileError['side']): FileError {
  return { code: errno === undefined ? 'EIO' : codeOf(errno), side, message }
}

/** ENOTSUP and EOPNOTSUPP are one number. */
const codeOf = (errno: number): string => (errno === ERRNO.EOPNOTSUPP ? 'ENOTSUP' : errnoName(errno))
