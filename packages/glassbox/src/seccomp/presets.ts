/** Functions that derive policies from others. */
import { InvalidOptionError } from '../errors.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { isArray, unexpected } from '../options/kind.ts'
import { DEFAULT_POLICY } from './defaults.ts'
import type { CallPolicy } from './policy.ts'

/** The prepared child executes the program under the filter, so this call cannot be denied. */
const NEEDED_TO_START = 'execve'

/**
 * A policy under which any of these calls ends the program with the verdict `syscall-denied`. All
 * other calls are treated as in `base`, by default `DEFAULT_POLICY`. Only the named calls are
 * denied: to deny fork, name vfork and clone too. Throws InvalidOptionError for an unknown name
 * and for `execve`.
 *
 * @example
 * await run('./solution', [], { policy: denyCalls(['socket', 'fork', 'vfork', 'clone']) })
 */
export function denyCalls(names: readonly string[], base: CallPolicy = DEFAULT_POLICY): CallPolicy {
  if (!isArray(names))
    throw unexpected('names', 'a list of system calls', names, "For example denyCalls(['socket']).")
  if (names.length === 0) return base
  for (const name of names) syscallNumber(name)
  if (names.includes(NEEDED_TO_START)) {
    throw new InvalidOptionError(
      'policy',
      'execve cannot be denied: the program itself is started by it.',
      'To keep it from starting others, deny fork, vfork, clone and clone3.',
    )
  }
  return { ...base, rules: [{ syscalls: names, action: { kind: 'kill' } }, ...base.rules] }
}
