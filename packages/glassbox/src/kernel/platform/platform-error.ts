/**
 * The error of a platform that cannot go on: the host refused a change of mappings, or a process
 * of a guest was killed from outside. It ends the world, never only a call.
 */
import { GlassboxError } from '../../errors.ts'
import { errnoName } from '../../linux/errno.ts'

export class PlatformError extends GlassboxError {
  /** `errno`: positive, or 0 if there is none. */
  constructor(what: string, errno = 0) {
    super('ERR_GLASSBOX_INTERNAL', errno === 0 ? what : `${what}: ${errnoName(errno)}`, {
      ...(errno === 0 ? {} : { errno }),
      hint: 'The host may be out of memory or processes; otherwise this is a fault of glassbox.',
    })
    this.name = 'PlatformError'
  }
}
