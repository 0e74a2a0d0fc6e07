/** The argument of mount_setattr(2) (Linux 5.12). */
import { words } from '../plan/builder.ts'
import type { Data } from '../plan/types.ts'

/** The size of struct mount_attr. */
export const MOUNT_ATTR_BYTES = 32

/**
 * struct mount_attr: the flags to set, those to clear, the propagation, and the descriptor of the
 * user namespace for MOUNT_ATTR_IDMAP.
 */
export const mountAttributes = (set: number, namespace = 0): Data => words(8, [set, 0, 0, namespace])
