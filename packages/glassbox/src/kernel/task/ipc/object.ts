/** What segments, semaphore sets and message queues have in common: sysvipc(7), svipc(7). */
import { CAP_IPC_OWNER, CAP_SYS_ADMIN } from '../../../linux/constants.ts'
import { hasCapability, isMember, type TaskCredentials } from '../credentials.ts'

/** Permissions for all three classes; the class of the caller decides which of them matter. */
export const MAY_READ = 0o444
export const MAY_WRITE = 0o222
export const MAY_EXECUTE = 0o111

const PERMISSIONS = 0o777

export class IpcObject {
  /** Given by the table that has it; −1 before. */
  id = -1
  /** 0 is IPC_PRIVATE: no key leads to it. */
  key: number
  uid: number
  gid: number
  readonly creatorUid: number
  readonly creatorGid: number
  /** The lower nine bits are permissions. */
  mode: number
  /** Seconds of the clock of the world. */
  changedAt: number
  /** Whether it is gone; who waits on it gets EIDRM. */
  removed = false

  constructor(key: number, mode: number, credentials: TaskCredentials, now: number) {
    this.key = key
    this.mode = mode & PERMISSIONS
    this.uid = credentials.euid
    this.gid = credentials.egid
    this.creatorUid = credentials.euid
    this.creatorGid = credentials.egid
    this.changedAt = now
  }

  /** Whether the caller has all permissions that `wanted` names for any class. */
  permits(credentials: TaskCredentials, wanted: number): boolean {
    const bits = (wanted >> 6) | (wanted >> 3) | wanted
    const isMine = credentials.euid === this.uid || credentials.euid === this.creatorUid
    const isOurs = isMember(credentials, this.gid) || isMember(credentials, this.creatorGid)
    const granted = this.mode >> (isMine ? 6 : isOurs ? 3 : 0)
    return (bits & ~granted & 7) === 0 || hasCapability(credentials, CAP_IPC_OWNER)
  }

  /** Whether the caller may change or remove it. */
  isOwnedBy({ euid }: TaskCredentials): boolean {
    return euid === this.uid || euid === this.creatorUid
  }

  mayBeChangedBy(credentials: TaskCredentials): boolean {
    return this.isOwnedBy(credentials) || hasCapability(credentials, CAP_SYS_ADMIN)
  }

  /** IPC_SET. */
  change(uid: number, gid: number, mode: number, now: number): void {
    this.uid = uid
    this.gid = gid
    this.mode = (this.mode & ~PERMISSIONS) | (mode & PERMISSIONS)
    this.changedAt = now
  }
}
