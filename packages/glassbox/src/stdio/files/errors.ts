/**
 * Errors about files, all of one kind (ERR_GLASSBOX_FILE): they name the file, and carry the errno
 * of the failure.
 */
import { GlassboxError } from '../../errors.ts'
import { limitHint } from '../../gate/errno-hint.ts'
import { ERRNO, errnoMessage, errnoName } from '../../linux/errno.ts'
import type { FileError } from '../../job/files.ts'

const HINTS: Readonly<Record<number, string>> = {
  [ERRNO.ENOSPC]: 'Raise diskBytes or diskFiles, or put fewer files into the box.',
  [ERRNO.ENOENT]: 'Check the name of the file, and that the program created it.',
  [ERRNO.ELOOP]: 'Links are not followed: name the file itself.',
  [ERRNO.ENOTDIR]: 'A parent directory in the path is a file: choose another name.',
  [ERRNO.EISDIR]: 'Name a file in it, or collect the directory.',
  [ERRNO.EEXIST]: 'A directory has that name: remove it, or choose another name.',
  [ERRNO.EACCES]: 'The program removed the permission: remove the directory, or open a new box.',
  [ERRNO.EFBIG]: 'Raise collectBytes, or collect less.',
}

/** A path shortened for a message. A program can make it thousands of characters long. */
export const brief = (path: string): string =>
  path.length <= 200 ? path : `${path.slice(0, 100)}…${path.slice(-100)}`

/** The error for a file of a box. `what`: what failed, such as `Cannot read out.txt`. */
export function boxFileError(what: string, path: string, cause: unknown): GlassboxError {
  if (namesItsFile(cause)) return cause
  const number = errnoOf(cause as { errno?: number })
  return new GlassboxError('ERR_GLASSBOX_FILE', `${what}: ${inWords(cause)}`, {
    path,
    cause,
    hint: hintFor(cause, HINTS[number ?? 0] ?? 'Check the name of the file.'),
    ...(number === undefined ? {} : { errno: number }),
  })
}

/**
 * The kernel's error number, if there is one. Node's errors have it negative; here it is positive.
 */
function errnoOf({ errno }: { errno?: number }): number | undefined {
  return errno === undefined ? undefined : Math.abs(errno)
}

/**
 * The hint of a limit that is reached, or the cause's own, unless it is the general hint of a
 * failed system call.
 */
export function hintFor(cause: unknown, usual: string): string {
  const ofLimit = limitHint(errnoOf(cause as { errno?: number }) ?? 0)
  if (ofLimit !== undefined) return ofLimit
  const own = cause instanceof GlassboxError && cause.code !== 'ERR_GLASSBOX_SYSTEM' ? cause.hint : undefined
  return own ?? usual
}

/** The failure in words. For a failed system call, only the kernel's message. */
export function inWords(cause: unknown): string {
  const number = errnoOf(cause as { errno?: number })
  const ofKernel = !(cause instanceof GlassboxError) || cause.code === 'ERR_GLASSBOX_SYSTEM'
  if (number === undefined || !ofKernel) return (cause as Error).message
  return `${errnoName(number)} (${errnoMessage(number)})`
}

/** Whether an error is an ERR_GLASSBOX_FILE that names its file. */
const namesItsFile = (error: unknown): error is GlassboxError =>
  error instanceof GlassboxError && error.code === 'ERR_GLASSBOX_FILE' && error.path !== undefined

/** A failure that no system call reported. */
export const refusal = (errno: number, message: string): GlassboxError =>
  new GlassboxError('ERR_GLASSBOX_FILE', message, { errno })

/** An error as an entry of `fileErrors`. */
export function fileError({ message, errno }: GlassboxError, side: FileError['side']): FileError {
  return { code: errno === undefined ? 'EIO' : codeOf(errno), side, message }
}

/** The name of an errno. ENOTSUP and EOPNOTSUPP are the same number; callers know ENOTSUP. */
const codeOf = (errno: number): string => (errno === ERRNO.EOPNOTSUPP ? 'ENOTSUP' : errnoName(errno))
