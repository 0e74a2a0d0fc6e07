/**
 * The user and group ids of a box's programs.
 *
 * With privilege, each box has a user id of its own: a base plus the process id of its init. No
 * two living boxes of one PID namespace share it, so they cannot signal each other, share no
 * quota of a user, and own no file of the host's. Services in different PID namespaces of a host
 * can give the same id: see docs/security.md.
 *
 * Without privilege, a user namespace maps one id: the program is `UNPRIVILEGED_ID` inside and
 * the caller outside.
 */
import { CAP_NET_ADMIN, CAP_SETGID, CAP_SETUID, CAP_SYS_ADMIN } from '../linux/constants.ts'
import { hasCapabilities } from '../launch/capabilities.ts'
import { FIRST_BOX_ID } from '../launch/user-ids.ts'

const UNPRIVILEGED_ID = 1000

export interface Identity {
  /** In the box. */
  readonly uid: number
  readonly gid: number
  /** Whether the box needs a user namespace. */
  readonly userNamespace: boolean
}

/**
 * Whether this process may make the namespaces of a box without a user namespace. Checked for each
 * box, because a process can give up capabilities.
 */
export const isPrivileged = (): boolean =>
  hasCapabilities(CAP_SYS_ADMIN, CAP_SETUID, CAP_SETGID, CAP_NET_ADMIN)

/** The identity of the box whose init is process `pid` of the host. */
export function identityOf(pid: number, privileged: boolean): Identity {
  return privileged
    ? { uid: FIRST_BOX_ID + pid, gid: FIRST_BOX_ID + pid, userNamespace: false }
    : { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID, userNamespace: true }
}
