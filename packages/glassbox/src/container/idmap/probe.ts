/**
 * Finds out, before anything is started, whether a source can be mapped. No table of file systems
 * says it for sure: it depends on the kernel's version, on how the file system is mounted, and on
 * whether the mount has a map already. So the map is tried on a mount that is attached nowhere and
 * closed again, which takes twenty microseconds.
 */
import { GlassboxError } from '../../errors.ts'
import { withDescriptor } from '../../gate/descriptors.ts'
import { call, cString, syscall } from '../../gate/gate.ts'
import { limitHint } from '../../gate/errno-hint.ts'
import { FIRST_BOX_ID } from '../../launch/user-ids.ts'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_RECURSIVE,
  AT_SYMLINK_NOFOLLOW,
  MOUNT_ATTR_IDMAP,
  O_CLOEXEC,
  OPEN_TREE_CLONE,
} from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import { MOUNT_ATTR_BYTES, mountAttributes } from '../../rootfs/mount-attributes.ts'
import { makeCarrier } from './carrier.ts'
import { mapsOf } from './swap.ts'

/** Whether all mounts of the source can be mapped, or its own alone, or why none can. */
export type Mappable =
  | { readonly recursive: boolean }
  | { readonly errno: number; readonly syscall: string; readonly hint?: string }

const MOUNT_SETATTR = syscallNumber('mount_setattr')

/** Any two ids serve to try. Made once per thread and kept, as the file of a static program is. */
let carrier: number | undefined

function anyCarrier(): number {
  const box = { uid: FIRST_BOX_ID, gid: FIRST_BOX_ID }
  return (carrier ??= makeCarrier(mapsOf({ uid: 0, gid: 0 }, box)))
}

function map(tree: number, namespace: number, recursive: boolean): number {
  const flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0)
  const { bytes } = mountAttributes(MOUNT_ATTR_IDMAP, namespace)
  return -syscall(MOUNT_SETATTR, tree, cString(''), flags, bytes, MOUNT_ATTR_BYTES)
}

function attempt(source: string): Mappable {
  const namespace = anyCarrier()
  const flags = OPEN_TREE_CLONE | O_CLOEXEC | AT_RECURSIVE | AT_SYMLINK_NOFOLLOW
  return withDescriptor(call('open_tree', [AT_FDCWD, cString(source), flags], source), tree => {
    if (map(tree, namespace, true) === 0) return { recursive: true }
    // Recursive is all or nothing, so nothing was mapped.
    const errno = map(tree, namespace, false)
    return errno === 0 ? { recursive: false } : { errno, syscall: 'mount_setattr' }
  })
}

/**
 * Whether the source, a path without links, can be mapped. Throws if a resource is used up, such
 * as descriptors: then another attempt may succeed.
 */
export function mappable(source: string): Mappable {
  try {
    return attempt(source)
  } catch (error) {
    if (!(error instanceof GlassboxError) || error.errno === undefined) throw error
    const { code, errno, syscall: name = 'clone3', hint } = error
    // A failed step says what is used up: a limit of descriptors can also be an EINVAL.
    const isUsedUp = errno === ERRNO.EAGAIN || limitHint(errno) !== undefined
    if (isUsedUp || code === 'ERR_GLASSBOX_STEP_FAILED') throw error
    return { errno, syscall: name, ...(hint === undefined ? {} : { hint }) }
  }
}
