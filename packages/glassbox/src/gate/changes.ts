/** Whether files have changed: many are looked at in one call of the addon. */
import { addon } from './addon.ts'

/**
 * The index of the first path whose inode was changed at another time, or -1. `paths`: each ends
 * with a NUL. `times`: 8 bytes for each, the time in ns of its last change (`stx_ctime`).
 */
export const firstChanged = (paths: Uint8Array, times: Uint8Array): number =>
  addon().firstChanged(paths, times)
