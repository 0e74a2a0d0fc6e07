/**
 * Whether this kernel has Landlock, and which version of its ABI. The kernel is asked once in the
 * life of a thread.
 */
import { MissingFeatureError } from '../errors.ts'
import { syscall } from '../gate/gate.ts'
import { LANDLOCK_CREATE_RULESET_VERSION } from '../linux/constants.ts'
import { ERRNO, errnoMessage, errnoName } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'

/** The version of the ABI (1 or above), or why there is none. */
export type Landlock = { readonly abi: number } | { readonly errno: number }

const CREATE_RULESET = syscallNumber('landlock_create_ruleset')
let known: Landlock | undefined

/**
 * What the kernel says.
 *
 * @example
 * const found = landlock()
 * console.log('abi' in found ? `ABI ${found.abi}` : `none, errno ${found.errno}`)
 */
export function landlock(): Landlock {
  if (known) return known
  const version = syscall(CREATE_RULESET, 0, 0, LANDLOCK_CREATE_RULESET_VERSION)
  return (known = version > 0 ? { abi: version } : { errno: -version })
}

/**
 * The version of the ABI. Throws MissingFeatureError, which says what would provide Landlock.
 *
 * @example
 * requireLandlock() // 7, on Linux 6.15
 */
export function requireLandlock(found: Landlock = landlock()): number {
  if ('abi' in found) return found.abi
  throw new MissingFeatureError(
    'landlock',
    'A policy with paths needs Landlock, but landlock_create_ruleset failed: ' +
      `${errnoName(found.errno)} (${errnoMessage(found.errno)}).`,
    landlockRemedy(found.errno),
    undefined,
    { errno: found.errno, syscall: 'landlock_create_ruleset' },
  )
}

const REMEDIES: Readonly<Record<number, string>> = {
  [ERRNO.ENOSYS]:
    'Use Linux 5.13 or later with CONFIG_SECURITY_LANDLOCK. ' +
    'In a container, its seccomp profile may hide the call: use a newer Docker or Podman.',
  [ERRNO.EOPNOTSUPP]:
    'Landlock is built into this kernel, but off: add "landlock" to the list of the boot parameter lsm=, ' +
    'which /sys/kernel/security/lsm shows.',
  [ERRNO.EPERM]:
    'The seccomp profile of this container refuses the call: use a newer Docker or Podman, or another profile.',
}

/** What would provide Landlock, by the errno of landlock_create_ruleset(2). */
export const landlockRemedy = (errno: number): string =>
  REMEDIES[errno] ?? 'The man page landlock_create_ruleset(2) says what can cause this error.'
