/**
 * Which capacities of the writable directories of a box are used up. Asked after a program has
 * failed, while no process of it runs.
 */
import { statfsSync } from 'node:fs'
import { DEFAULT_DISK_BYTES, DEFAULT_DISK_FILES } from '../../job/box-layout.ts'
import type { DiskUse } from '../../job/possible-limit.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import { TMPFS_MAGIC } from '../../linux/constants.ts'
import { SCRATCH } from './binds/targets.ts'

/** The capacities of a box. */
export type Disk = Omit<DiskUse, 'full'>

export const diskOf = ({ diskBytes, diskFiles }: ResolvedBox): Disk => ({
  diskBytes: diskBytes ?? DEFAULT_DISK_BYTES,
  diskFiles: diskFiles ?? DEFAULT_DISK_FILES,
})

/**
 * `pid`: init of the box. A directory that a bind of the caller replaces has no capacity of ours.
 */
export function diskUse(pid: number, disk: Disk): DiskUse {
  const full = Object.values(SCRATCH).flatMap(path => usedUp(`/proc/${pid}/root${path}`, disk))
  return { ...disk, full: [...new Set(full)] }
}

function usedUp(path: string, { diskFiles }: Disk): DiskUse['full'] {
  try {
    const { type, files, ffree, bfree } = statfsSync(path)
    if (type !== TMPFS_MAGIC || files !== diskFiles) return []
    return [
      ...(bfree === 0 ? (['diskBytes'] as const) : []),
      ...(ffree === 0 ? (['diskFiles'] as const) : []),
    ]
  } catch {
    return [] // the box is gone
  }
}
