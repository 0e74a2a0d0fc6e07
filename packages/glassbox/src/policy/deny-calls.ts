/** A policy that denies some calls and is otherwise as another one. */
import { InvalidOptionError } from '../errors.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { isArray, unexpected } from '../options/kind.ts'
import { DEFAULT_POLICY } from '../seccomp/defaults.ts'
import type { Policy, PresetName } from './policy.ts'

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
export function denyCalls(names: readonly string[], base: Policy | PresetName = DEFAULT_POLICY): Policy {
  if (!isArray(names))
    throw unexpected('names', 'a list of system calls', names, "For example denyCalls(['socket']).")
  for (const name of names) syscallNumber(name)
  if (names.includes(NEEDED_TO_START)) {
    throw new InvalidOptionError(
      'policy',
      'execve cannot be denied: the program itself is started by it.',
      'To keep it from starting others, deny fork, vfork, clone and clone3.',
    )
  }
  if (names.length === 0) return typeof base === 'string' ? { extends: base } : base
  return { extends: base, rules: [{ syscalls: [...new Set(names)], action: { kind: 'kill' } }] }
}
