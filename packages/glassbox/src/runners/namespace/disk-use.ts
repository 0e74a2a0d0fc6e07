/**
 * Which capacities of the writable directories of a box are used up. Asked after a program has
 * failed, while no process of it runs.
 */
import { statfsSync } from 'node:fs'
import type { Container } from '../../container/container.ts'
import { DEFAULT_DISK_BYTES, DEFAULT_DISK_FILES } from '../../job/box-layout.ts'
import type { DiskUse } from '../../job/possible-limit.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import { TMPFS_MAGIC } from '../../linux/constants.ts'
import { SCRATCH } from '../root/binds/targets.ts'

/** The capacities of a box. */
export type Disk = Omit<DiskUse, 'full'>

export const diskOf = ({ diskBytes, diskFiles }: ResolvedBox): Disk => ({
  diskBytes: diskBytes ?? DEFAULT_DISK_BYTES,
  diskFiles: diskFiles ?? DEFAULT_DISK_FILES,
})

/** A directory that a bind of the caller replaces has no capacity of ours. */
export function diskUse(container: Container, disk: Disk): DiskUse {
  const full = Object.values(SCRATCH).flatMap(path => usedUp(container, path, disk))
  return { ...disk, full: [...new Set(full)] }
}

function usedUp(container: Container, path: string, { diskFiles }: Disk): DiskUse['full'] {
  try {
    const root = container.rootDirectory()
    const { type, files, ffree, bfree } = statfsSync(`/proc/self/fd/${root}${path}`)
    if (type !== TMPFS_MAGIC || files !== diskFiles) return []
    return [
      ...(bfree === 0 ? (['diskBytes'] as const) : []),
      ...(ffree === 0 ? (['diskFiles'] as const) : []),
    ]
  } catch {
    return [] // the box is gone
  }
}
