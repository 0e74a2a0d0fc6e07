/** A fault of the command line, in strace's words: one line behind `strace: `, exit 1. */
import { GlassboxError } from '../errors.ts'

export class UsageError extends GlassboxError {
  /** Whether strace adds where its help is. */
  readonly tryHelp: boolean

  constructor(message: string, tryHelp = false) {
    super('ERR_GLASSBOX_INVALID_OPTION', message, { hint: 'See glassbox strace --help.' })
    this.tryHelp = tryHelp
  }
}
