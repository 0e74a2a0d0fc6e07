/** Why a bind cannot be shown as the property of the box's user, and what to do instead. */
import { type Stats, statfsSync } from 'node:fs'
import type { Mappable } from '../../../container/idmap/probe.ts'
import * as linux from '../../../linux/constants.ts'
import { ERRNO, errnoName } from '../../../linux/errno.ts'
import { remedyFor } from '../../../place/remedies.ts'
import type { BindMount } from '../../../rootfs/types.ts'

/** Names of file systems by the type that statfs(2) reports. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [linux.OVERLAYFS_SUPER_MAGIC, 'overlay'],
  [linux.EXT2_SUPER_MAGIC, 'ext2, ext3 or ext4'],
  [linux.XFS_SUPER_MAGIC, 'xfs'],
  [linux.BTRFS_SUPER_MAGIC, 'btrfs'],
  [linux.F2FS_SUPER_MAGIC, 'f2fs'],
  [linux.TMPFS_MAGIC, 'tmpfs'],
  [linux.RAMFS_MAGIC, 'ramfs'],
  [linux.NFS_SUPER_MAGIC, 'nfs'],
  [linux.V9FS_MAGIC, '9p'],
  [linux.CIFS_SUPER_MAGIC, 'cifs'],
  [linux.SMB2_SUPER_MAGIC, 'smb'],
  [linux.CEPH_SUPER_MAGIC, 'ceph'],
  [linux.FUSE_SUPER_MAGIC, 'fuse'],
  [linux.SQUASHFS_MAGIC, 'squashfs'],
  [linux.ISOFS_SUPER_MAGIC, 'iso9660'],
  [linux.MSDOS_SUPER_MAGIC, 'vfat'],
  [linux.EXFAT_SUPER_MAGIC, 'exfat'],
  [linux.PROC_SUPER_MAGIC, 'proc'],
  [linux.SYSFS_MAGIC, 'sysfs'],
  [linux.CGROUP_SUPER_MAGIC, 'cgroup'],
  [linux.CGROUP2_SUPER_MAGIC, 'cgroup2'],
  [linux.DEVPTS_SUPER_MAGIC, 'devpts'],
  [linux.HUGETLBFS_MAGIC, 'hugetlbfs'],
])

function fileSystemOf(path: string): string {
  const { type } = statfsSync(path)
  return NAMES.get(type) ?? `a file system of type 0x${type.toString(16)}`
}

type Refused = Exclude<Mappable, { readonly recursive: boolean }>

/** How the reason goes on after "Cannot show /data to the box as yours: ". */
function reasonOf(source: string, { errno, syscall }: Refused): string {
  if (syscall !== 'mount_setattr') return `no user namespace can be made for its id map`
  if (errno === ERRNO.EINVAL)
    return `it lies on ${fileSystemOf(source)}, which takes no id-mapped mounts here`
  if (errno === ERRNO.EPERM)
    return `it lies on ${fileSystemOf(source)}, on a mount that is id-mapped already or belongs to another user namespace`
  return 'the kernel makes no id-mapped mounts'
}

/** What helps against the reason itself. */
function remedyOf({ errno, syscall, hint }: Refused): string {
  if (syscall !== 'mount_setattr') return hint ?? `${remedyFor('namespaces')}.`
  if (errno === ERRNO.ENOSYS) return 'Use Linux 5.12 or later.'
  return (
    'Put it on ext4, xfs, btrfs or tmpfs; in a container that is a volume (docker run -v), ' +
    'because the root of a container is an overlay.'
  )
}

export function whyUnmappable(
  { source, writable }: BindMount,
  { uid }: Stats,
  refused: Refused,
): { readonly message: string; readonly hint: string } {
  const reason = `${reasonOf(source, refused)} (${errnoName(refused.errno)})`
  const copying = writable
    ? 'copy files in and out instead (files and collect; --copy-in and --copy-out)'
    : 'copy it in instead (files; --copy-in)'
  const owner = uid === 0 ? '' : `, or run glassbox as user ${uid}, who owns it`
  return {
    message: `Cannot show ${source} to the box as yours: ${reason}.`,
    hint: `${remedyOf(refused)} Or ${copying}${owner}.`,
  }
}
