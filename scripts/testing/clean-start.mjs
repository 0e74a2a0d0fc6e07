// What tests inherit from the shell or CI job that runs them must not change what they see: the
// kernel gives descriptors and umask on to each program that a test starts.
import { closeSync, readdirSync, readFileSync } from 'node:fs'

const CLOSE_ON_EXEC = 0o2000000

/** Node gives on no descriptor of its own: those without close-on-exec were inherited. */
function isInherited(fd) {
  try {
    const flags = /^flags:\t(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1]
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0
  } catch {
    return false
  }
}

/**
 * Closes inherited descriptors above 2, and sets the umask 022: users of boxes must be able to
 * read the files that tests make. Signals need nothing: Node gives default actions on.
 */
export function startClean() {
  process.umask(0o022)
  for (const fd of readdirSync('/proc/self/fd').map(Number)) if (fd > 2 && isInherited(fd)) closeSync(fd)
}
