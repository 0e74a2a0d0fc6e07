/**
 * Errors of the strace command. They are worded as strace words them, because scripts match that
 * text.
 */
import { GlassboxError } from '../errors.ts'

const USAGE = "Try 'strace -h' for more information."

/** An invalid argument. */
export function fault(message: string): GlassboxError {
  return new GlassboxError('ERR_GLASSBOX_INVALID_OPTION', message)
}

/** An invalid option: the message points to the help. */
export function usageFault(message: string): GlassboxError {
  return new GlassboxError('ERR_GLASSBOX_INVALID_OPTION', message, { hint: USAGE })
}
