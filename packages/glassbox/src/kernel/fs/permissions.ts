/** Who may do what with an inode: path_resolution(7), capabilities(7). */
import { EACCES, EPERM } from '../../linux/errno-numbers.ts'
import { S_IFDIR, S_IFMT, S_ISGID, S_ISUID } from '../../linux/constants.ts'
import type { Attributes, Credentials, Inode } from './vfs.ts'

/** Permissions, as access(2) names them. */
export const READ = 4
export const WRITE = 2
export const EXECUTE = 1

/** Whether the credentials are of this group, for files. */
export function isInGroup(credentials: Credentials, gid: number): boolean {
  return credentials.fsgid === gid || credentials.groups.includes(gid)
}

/** 0, or −EACCES. `want`: READ, WRITE, EXECUTE together. EXECUTE of a directory is search. */
export function permits(inode: Inode, want: number, credentials: Credentials): number {
  if (inode.permits !== undefined) return inode.permits(want, credentials)
  return permitsBy(inode.attributes(), want, credentials)
}

export function permitsBy({ mode, uid, gid }: Attributes, want: number, credentials: Credentials): number {
  if (credentials.privileged) {
    const isRunnable = (mode & 0o111) !== 0 || (mode & S_IFMT) === S_IFDIR
    return (want & EXECUTE) === 0 || isRunnable ? 0 : -EACCES
  }
  const shift = credentials.fsuid === uid ? 6 : isInGroup(credentials, gid) ? 3 : 0
  return ((mode >> shift) & want) === want ? 0 : -EACCES
}

export const isOwner = (inode: Inode, credentials: Credentials): boolean =>
  credentials.privileged || inode.attributes().uid === credentials.fsuid

/** In a sticky directory only the owner of a file or of the directory may remove a name. */
export function mayRemove(directory: Inode, victim: Inode, credentials: Credentials): number {
  const { mode, uid } = directory.attributes()
  if ((mode & 0o1000) === 0 || credentials.privileged || uid === credentials.fsuid) return 0
  return victim.attributes().uid === credentials.fsuid ? 0 : -EPERM
}

/** The mode of a file after an unprivileged user has written to it or changed its owner. */
export function withoutSetIds(mode: number): number {
  const withoutUser = mode & ~S_ISUID
  // Without execute permission of the group the bit means mandatory locking.
  return (mode & 0o010) !== 0 ? withoutUser & ~S_ISGID : withoutUser
}
