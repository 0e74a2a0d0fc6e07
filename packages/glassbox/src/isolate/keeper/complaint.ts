/**
 * Errors of the host and of plans in the words of the original, which scripts match: what could
 * not be done, a colon, and the text of the error number.
 */
import { GlassboxError } from '../../errors.ts'
import { failedStep } from '../../launch/step-error.ts'
import { errnoMessage } from '../../linux/errno.ts'
import type { Step } from '../../plan/types.ts'
import { IsolateError } from '../types.ts'

/** What failed, by the system call of the step, if its label does not say it. */
const OF_CALL: Readonly<Record<string, string>> = {
  chdir: 'Cannot change current directory',
  setresuid: 'Cannot switch UID',
  setresgid: 'Cannot switch GID',
  setgroups: 'Cannot switch groups',
}

/** A label that begins with a call is the complaint itself: `open("input.txt")`. */
const IS_CALL = /^\w+\(/

function complaintOfStep(step: Step): string {
  const known = step.kind === 'syscall' ? OF_CALL[step.name] : undefined
  return known ?? (IS_CALL.test(step.label) ? step.label : `Cannot ${step.label}`)
}

const errnoOf = (error: unknown): number => Math.abs((error as NodeJS.ErrnoException).errno ?? 0)

/** One line, as the meta file needs it. */
const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ').trim()

/** Any error as one that ends the call with exit code 2. */
export function asIsolateError(error: unknown): IsolateError {
  if (error instanceof IsolateError) return error
  const step = failedStep(error)
  const errno = errnoOf(error)
  if (step && errno !== 0)
    return new IsolateError('internal', `${complaintOfStep(step)}: ${errnoMessage(errno)}`, error)
  const text = error instanceof GlassboxError || error instanceof Error ? error.message : String(error)
  return new IsolateError('internal', oneLine(text), error)
}

/**
 * Does `work`, and says what it was for if it fails.
 *
 * @example
 * attempt(`open lock file ${path}`, () => openSync(path))
 * // IsolateError: Cannot open lock file /run/isolate/locks/0: Permission denied
 */
export function attempt<T>(doing: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw failed(doing, error)
  }
}

/** The same for work that takes time. */
export async function attemptAsync<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw failed(doing, error)
  }
}

function failed(doing: string, error: unknown): IsolateError {
  if (error instanceof IsolateError) return error
  const errno = errnoOf(error)
  const why = errno === 0 ? (error as Error).message : errnoMessage(errno)
  return new IsolateError('internal', oneLine(`Cannot ${doing}: ${why}`), error)
}
