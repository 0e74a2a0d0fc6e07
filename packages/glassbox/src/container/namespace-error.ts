/**
 * The error for namespaces that cannot be made: what failed, for which user, and what helps. The
 * kernel's errno does not say which setting forbids it, so all settings that can are checked.
 */
import { readFileSync } from 'node:fs'
import { tooManyNamespaces } from '../gate/errno-hint.ts'
import { type GlassboxError, MissingFeatureError } from '../errors.ts'
import { hasCapabilities } from '../launch/capabilities.ts'
import { errnoText, stepError } from '../launch/step-error.ts'
import { CAP_SYS_ADMIN } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { type Place, placeHere } from '../place/place.ts'
import { hintFor, WITHOUT_NAMESPACES } from '../place/remedies.ts'
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
  readonly place: () => Place
}

const thisProcess = (): Asker => ({
  uid: process.geteuid?.() ?? -1,
  isAdmin: hasCapabilities(CAP_SYS_ADMIN),
  setting: readSetting,
  place: placeHere,
})

/** The error of a plan whose clone into new namespaces failed. */
export function namespaceError(
  spec: SpawnSpec,
  failed: { readonly plan: Plan; readonly step: Step; readonly errno: number },
  asker: Asker = thisProcess(),
): GlassboxError {
  const { plan, step, errno } = failed
  if (USED_UP.includes(errno)) return stepError(plan, step, errno)
  const { name, title } = asker.place()
  const who = whoami(asker.uid, asker.isAdmin) + (name === 'host' ? '' : ` in ${title}`)
  const what = spec.borrowed
    ? 'Could not make a user namespace, to set up the network of a box'
    : `Could not make ${spec.userNamespace ? 'a user namespace' : 'namespaces'} for a box`
  return new MissingFeatureError(
    spec.userNamespace || spec.borrowed ? 'user namespaces' : 'namespaces',
    `${what}, as ${who}: ${errnoText(errno)}.`,
    remedyOf(spec, errno, asker),
    undefined,
    { errno, syscall: 'clone3' },
  )
}

function remedyOf({ userNamespace, borrowed }: SpawnSpec, errno: number, asker: Asker): string {
  const place = asker.place()
  const restrictions =
    userNamespace || borrowed
      ? RESTRICTIONS.filter(({ path, forbids }) => asker.setting(path) === forbids)
      : []
  if (restrictions.length > 0)
    return `Allow them: ${restrictions.map(({ remedy }) => remedy).join('; ')}. ${WITHOUT_NAMESPACES}`
  if (errno === ERRNO.ENOSPC) return tooManyNamespaces()
  if (errno === ERRNO.EINVAL)
    return `The kernel lacks namespaces, or clone3 with these flags: use Linux 5.12 or later. ${WITHOUT_NAMESPACES}`
  return hintFor(borrowed ? 'network' : 'namespaces', place)
}
