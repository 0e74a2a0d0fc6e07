/** Disk quotas of the user of a box, on the file system of its directory: quotactl_fd(2). */
import { openSync } from 'node:fs'
import { withDescriptor } from '../../../gate/descriptors.ts'
import { call } from '../../../gate/gate.ts'
import { O_CLOEXEC, O_DIRECTORY, O_RDONLY, Q_SETQUOTA, USRQUOTA } from '../../../linux/constants.ts'
import type { BoxPaths } from './paths.ts'
import { attempt } from '../complaint.ts'

/** struct if_dqblk: hard and soft limit of blocks, their use, the same of inodes, two times. */
const DQBLK = { SIZE: 72, blockHard: 0, blockSoft: 8, inodeHard: 24, inodeSoft: 32, valid: 64 } as const
/** QIF_BLIMITS and QIF_ILIMITS of linux/quota.h. */
const QIF_LIMITS = 1 | 4
const SUBCMD_SHIFT = 8

/** Blocks are of 1 KiB. The user keeps the quota when the box is removed. */
export function setQuota(
  { top, ids }: BoxPaths,
  { blocks, inodes }: { readonly blocks: number; readonly inodes: number },
): void {
  const limits = Buffer.alloc(DQBLK.SIZE)
  for (const at of [DQBLK.blockHard, DQBLK.blockSoft]) limits.writeBigUInt64LE(BigInt(blocks), at)
  for (const at of [DQBLK.inodeHard, DQBLK.inodeSoft]) limits.writeBigUInt64LE(BigInt(inodes), at)
  limits.writeUInt32LE(QIF_LIMITS, DQBLK.valid)
  attempt('set disk quota', () =>
    withDescriptor(openSync(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd =>
      call('quotactl_fd', [fd, (Q_SETQUOTA << SUBCMD_SHIFT) | USRQUOTA, ids.uid, limits], top),
    ),
  )
}
