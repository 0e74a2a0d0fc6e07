/** The argument of mount_setattr(2): struct mount_attr. */
import { words } from '../plan/builder.ts'
import type { Data } from '../plan/types.ts'

export const MOUNT_ATTR_BYTES = 32

/** Sets these attributes (MOUNT_ATTR_*) and clears none. */
export const mountAttributes = (set: number): Data => words(8, [set, 0, 0, 0])
