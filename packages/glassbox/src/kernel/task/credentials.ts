/**
 * The identity of a task: credentials(7) and capabilities(7). A value is never changed: a call
 * that changes an id makes a new one, so that files and checks may keep what they were given.
 */
import { CAP_DAC_OVERRIDE } from '../../linux/constants.ts'
import type { Credentials } from '../fs/vfs.ts'

/** Capabilities as bits in two halves, as capset(2) takes them. */
export interface CapabilitySet {
  readonly lo: number
  readonly hi: number
}

export interface TaskCredentials extends Credentials {
  readonly permitted: CapabilitySet
  readonly effective: CapabilitySet
  readonly inheritable: CapabilitySet
  readonly bounding: CapabilitySet
  readonly ambient: CapabilitySet
  /** SECBIT_* and KEEP_CAPS. */
  readonly secureBits: number
  readonly noNewPrivileges: boolean
}

/** The last capability that this kernel knows: CAP_CHECKPOINT_RESTORE. */
export const LAST_CAPABILITY = 40

export const NO_CAPABILITIES: CapabilitySet = { lo: 0, hi: 0 }
export const ALL_CAPABILITIES: CapabilitySet = { lo: -1, hi: (1 << (LAST_CAPABILITY - 31)) - 1 }

/** The credentials of a user who logged in: user 0 has all capabilities, others have none. */
export function userCredentials(uid: number, gid: number, groups: readonly number[]): TaskCredentials {
  const capabilities = uid === 0 ? ALL_CAPABILITIES : NO_CAPABILITIES
  return withCapabilities({
    uid,
    gid,
    euid: uid,
    egid: gid,
    suid: uid,
    sgid: gid,
    fsuid: uid,
    fsgid: gid,
    groups,
    privileged: false,
    permitted: capabilities,
    effective: capabilities,
    inheritable: NO_CAPABILITIES,
    bounding: ALL_CAPABILITIES,
    ambient: NO_CAPABILITIES,
    secureBits: 0,
    noNewPrivileges: false,
  })
}

export function hasCapability(credentials: TaskCredentials, capability: number): boolean {
  return inSet(credentials.effective, capability)
}

export function inSet(set: CapabilitySet, capability: number): boolean {
  const half = capability < 32 ? set.lo : set.hi
  return capability >= 0 && capability <= LAST_CAPABILITY && ((half >>> (capability & 31)) & 1) === 1
}

/** The same with `privileged` as its capabilities say. */
export function withCapabilities(credentials: TaskCredentials): TaskCredentials {
  return { ...credentials, privileged: hasCapability(credentials, CAP_DAC_OVERRIDE) }
}

const SECBIT_NO_SETUID_FIXUP = 1 << 2
const SECBIT_KEEP_CAPS = 1 << 4

/**
 * What capabilities become when user ids change: a task that had an id 0 and has none any more
 * loses them, one that becomes effectively 0 gets those that it may have.
 */
export function afterIdChange(before: TaskCredentials, after: TaskCredentials): TaskCredentials {
  if (before.secureBits & SECBIT_NO_SETUID_FIXUP) return withCapabilities(after)
  let { permitted, effective, ambient } = after
  const wasRoot = before.uid === 0 || before.euid === 0 || before.suid === 0
  const isRoot = after.uid === 0 || after.euid === 0 || after.suid === 0
  if (wasRoot && !isRoot) {
    if (!(before.secureBits & SECBIT_KEEP_CAPS)) {
      permitted = NO_CAPABILITIES
      effective = NO_CAPABILITIES
    }
    ambient = NO_CAPABILITIES
  }
  if (before.euid === 0 && after.euid !== 0) effective = NO_CAPABILITIES
  if (before.euid !== 0 && after.euid === 0) effective = permitted
  return withCapabilities({ ...after, permitted, effective, ambient })
}

/** What execve(2) makes of them, after set-user-id bits were applied. */
export function afterExec(credentials: TaskCredentials): TaskCredentials {
  const root = credentials.euid === 0 || credentials.uid === 0
  const { inheritable, bounding, ambient } = credentials
  const permitted = root ? { lo: inheritable.lo | bounding.lo, hi: inheritable.hi | bounding.hi } : ambient
  return withCapabilities({
    ...credentials,
    permitted,
    effective: credentials.euid === 0 ? permitted : ambient,
    suid: credentials.euid,
    sgid: credentials.egid,
    fsuid: credentials.euid,
    fsgid: credentials.egid,
    secureBits: credentials.secureBits & ~SECBIT_KEEP_CAPS,
  })
}

export function isMember(credentials: Credentials, gid: number): boolean {
  return credentials.fsgid === gid || credentials.groups.includes(gid)
}
