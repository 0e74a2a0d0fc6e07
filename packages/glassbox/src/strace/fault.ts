/**
 * Why the command cannot do what it was asked: worded as strace words it, since scripts match
 * that.
 */
import { GlassboxError } from '../errors.ts'

const USAGE = "Try 'strace -h' for more information."

/** An argument that makes no sense. */
export function fault(message: string): GlassboxError {
  return new GlassboxError('ERR_GLASSBOX_INVALID_OPTION', message)
}

/** An option that makes no sense: points to the help. */
export function usageFault(message: string): GlassboxError {
  return new GlassboxError('ERR_GLASSBOX_INVALID_OPTION', message, { hint: USAGE })
}
