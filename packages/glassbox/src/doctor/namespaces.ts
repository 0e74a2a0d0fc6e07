/** Namespaces: the settings that forbid them to an ordinary user, and a real try of a box as this user. */
import { isPrivileged } from '../container/identity.ts'
import { GlassboxError } from '../errors.ts'
import { run } from '../run/run.ts'
import { readText } from './kernel.ts'
import type { Row } from './row.ts'

/** Each setting that keeps an ordinary user from a user namespace, and how it is changed. */
const RESTRICTIONS = [
  {
    path: '/proc/sys/user/max_user_namespaces',
    forbids: (value: string) => value === '0',
    name: 'user.max_user_namespaces=0',
    fix: 'sysctl user.max_user_namespaces=15000',
  },
  {
    path: '/proc/sys/kernel/unprivileged_userns_clone',
    forbids: (value: string) => value === '0',
    name: 'kernel.unprivileged_userns_clone=0 (Debian)',
    fix: 'sysctl kernel.unprivileged_userns_clone=1',
  },
  {
    path: '/proc/sys/kernel/apparmor_restrict_unprivileged_userns',
    forbids: (value: string) => value === '1',
    name: 'AppArmor restricts user namespaces (Ubuntu)',
    fix: 'sysctl kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for node with "userns,"',
  },
] as const

export function userNamespaceRow(read: (path: string) => string = readText): Row {
  const found = RESTRICTIONS.filter(({ path, forbids }) => forbids(read(path).trim()))
  return {
    subject: 'user namespaces',
    found: found.length === 0 ? 'not restricted' : found.map(({ name }) => name).join('; '),
    state: found.length === 0 ? 'yes' : 'no',
    meaning: found.length === 0 ? 'ordinary users can run boxes' : 'only root can run boxes',
    ...(found.length > 0 ? { fix: found.map(({ fix }) => fix).join('; ') } : {}),
  }
}

/** Runs `true` in a box: what the settings cannot say, this does. */
export async function boxRow(): Promise<Row> {
  const who = isPrivileged() ? 'with privilege' : 'in a user namespace'
  const subject = 'a box, tried now'
  try {
    const { status, exitCode, setupTimeMs } = await run('true')
    const ok = status === 'exited' && exitCode === 0
    return {
      subject,
      found: `${status}, ${setupTimeMs.toFixed(1)} ms of set-up`,
      state: ok ? 'yes' : 'no',
      meaning: `the namespace runner works ${who}`,
    }
  } catch (error) {
    const hint = error instanceof GlassboxError ? error.hint : undefined
    return {
      subject,
      found: error instanceof Error ? error.message : String(error),
      state: 'no',
      meaning: `the namespace runner does not work ${who}`,
      ...(hint === undefined ? {} : { fix: hint }),
    }
  }
}
