/** Policies made from others. */
import { InvalidOptionError } from '../errors.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { isArray, unexpected } from '../options/kind.ts'
import { DEFAULT_POLICY } from './defaults.ts'
import type { Policy } from './policy.ts'

/** The program itself is started by it, under the filter. */
const NEEDED_TO_START = 'execve'

/**
 * A policy under which any of these calls ends the program with the verdict `syscall-denied`;
 * otherwise as `base`. Each call is denied by its own name: its siblings (vfork and clone beside
 * fork) are the caller's to name.
 *
 * @example
 * await run('./solution', [], { policy: denyCalls(['socket', 'fork', 'vfork', 'clone']) })
 */
export function denyCalls(names: readonly string[], base: Policy = DEFAULT_POLICY): Policy {
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
