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
import { CAP_KILL, CAP_SETGID, CAP_SETPCAP, CAP_SETUID, CAP_SYS_ADMIN } from '../linux/constants.ts'
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
 * What init does with each capability. A container often has only some of them. Without
 * CAP_NET_ADMIN the network is made by another way: see network.ts.
 */
const NEEDED: readonly number[] = [
  CAP_SYS_ADMIN, // namespaces and mounts
  ...[CAP_SETUID, CAP_SETGID], // the program's ids
  CAP_SETPCAP, // the bounding set
  CAP_KILL, // the program has another user id
]

/**
 * Whether this process may make the namespaces of a box without a user namespace. Checked for each
 * box, because a process can give up capabilities.
 */
export const isPrivileged = (): boolean => hasCapabilities(...NEEDED)

/** The identity of the box whose init is process `pid` of the host. */
export function identityOf(pid: number, privileged: boolean): Identity {
  return privileged
    ? { uid: FIRST_BOX_ID + pid, gid: FIRST_BOX_ID + pid, userNamespace: false }
    : { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID, userNamespace: true }
}
