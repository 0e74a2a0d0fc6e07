/**
 * The error for namespaces that cannot be made: what failed, for which user, and what helps. The
 * kernel's errno does not say which setting forbids it, so all settings that can are checked.
 */
import { readFileSync } from 'node:fs'
import { tooManyNamespaces } from '../gate/errno-hint.ts'
import { type GlassboxError, MissingFeatureError } from '../errors.ts'
import { hasCapabilities } from '../launch/capabilities.ts'
import { errnoText, stepError } from '../launch/step-error.ts'
import { CONTAINER_REMEDY } from '../launch/step-hint.ts'
import { CAP_SYS_ADMIN } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import type { Plan, Step } from '../plan/types.ts'
import type { SpawnSpec } from './spawn-plan.ts'

/** Errors that mean that a resource is used up, not that the call is forbidden. */
const USED_UP: readonly number[] = [ERRNO.EAGAIN, ERRNO.ENOMEM, ERRNO.EMFILE, ERRNO.ENFILE]

export interface Restriction {
  readonly path: string
  /** The value that forbids user namespaces. */
  readonly forbids: string
  readonly name: string
  readonly remedy: string
}

/** AppArmor's restriction (Ubuntu 23.10 and later). */
export const APPARMOR: Restriction = {
  path: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
  forbids: '1',
  name: 'AppArmor restricts user namespaces (Ubuntu)',
  remedy:
    'sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for node with "userns,"',
}

/** The settings that can forbid user namespaces to an ordinary user, and how to change each. */
export const RESTRICTIONS: readonly Restriction[] = [
  {
    path: '/proc/sys/user/max_user_namespaces',
    forbids: '0',
    name: 'user.max_user_namespaces=0',
    remedy: 'sysctl user.max_user_namespaces=15000',
  },
  {
    path: '/proc/sys/kernel/unprivileged_userns_clone',
    forbids: '0',
    name: 'kernel.unprivileged_userns_clone=0 (Debian)',
    remedy: 'sysctl kernel.unprivileged_userns_clone=1',
  },
  APPARMOR,
]

function readSetting(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** `root without CAP_SYS_ADMIN`, `user 1000`. */
function whoami(uid: number, isAdmin: boolean): string {
  const name = uid === 0 ? 'root' : `user ${uid}`
  return isAdmin || uid !== 0 ? name : `${name} without CAP_SYS_ADMIN`
}

/** The process that asked. Tests pass another. */
export interface Asker {
  readonly uid: number
  readonly isAdmin: boolean
  readonly setting: (path: string) => string
}

const thisProcess = (): Asker => ({
  uid: process.geteuid?.() ?? -1,
  isAdmin: hasCapabilities(CAP_SYS_ADMIN),
  setting: readSetting,
})

/** The error of a plan whose clone into new namespaces failed. */
export function namespaceError(
  spec: SpawnSpec,
  failed: { readonly plan: Plan; readonly step: Step; readonly errno: number },
  asker: Asker = thisProcess(),
): GlassboxError {
  const { plan, step, errno } = failed
  if (USED_UP.includes(errno)) return stepError(plan, step, errno)
  const who = whoami(asker.uid, asker.isAdmin)
  const kind = spec.userNamespace ? 'a user namespace' : 'namespaces'
  return new MissingFeatureError(
    spec.userNamespace ? 'user namespaces' : 'namespaces',
    `Could not make ${kind} for a box, as ${who}: clone3 failed with ${errnoText(errno)}.`,
    remedyOf(spec, errno, asker),
    undefined,
    { errno, syscall: 'clone3' },
  )
}

function remedyOf({ userNamespace }: SpawnSpec, errno: number, { uid, setting }: Asker): string {
  const restrictions = userNamespace
    ? RESTRICTIONS.filter(({ path, forbids }) => setting(path) === forbids)
    : []
  if (restrictions.length > 0) return `Allow them: ${restrictions.map(({ remedy }) => remedy).join('; ')}.`
  if (errno === ERRNO.ENOSPC) return tooManyNamespaces()
  if (errno === ERRNO.EINVAL)
    return 'The kernel lacks namespaces, or clone3 with these flags: use Linux 5.12 or later.'
  const around = 'A filter or security module around this process forbids it, as in most containers.'
  return userNamespace && uid !== 0
    ? `${around} ${CONTAINER_REMEDY} Outside a container, run as root.`
    : `${around} ${CONTAINER_REMEDY}`
}
