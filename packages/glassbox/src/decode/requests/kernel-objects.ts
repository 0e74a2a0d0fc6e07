/** Commands for the objects of System V IPC and for disk quotas. See commands.ts. */
import type { Commands } from './commands.ts'

export const MSGCTL: Commands = {
  3: ['ptr>msginfo'],
  12: ['ptr>msginfo'],
  1: ['ptr<msqid_set'],
  2: ['ptr>msqid_ds'],
  11: ['ptr>msqid_ds'],
  13: ['ptr>msqid_ds'],
}
export const SHMCTL: Commands = {
  3: ['ptr>shminfo64'],
  14: ['ptr>shm_info'],
  1: ['ptr<shmid_set'],
  2: ['ptr>shmid_ds'],
  13: ['ptr>shmid_ds'],
  15: ['ptr>shmid_ds'],
}

/** semctl(2) of 3 and of 19, IPC_INFO and SEM_INFO; others print an address. */
export const SEMCTL: Commands = { 3: ['ptr>seminfo'], 19: ['ptr>seminfo'] }

const QUOTA_ID = 'id'
/**
 * quotactl(2), by the command without its type: from the id on. Sources:
 * linux/{quota,dqblk_xfs}.h.
 */
export const QUOTACTL: Readonly<Record<number, readonly string[]>> = {
  0x800001: [],
  0x800002: ['=quota_format', 'path'],
  0x800003: [],
  0x800004: ['', 'cell>=quota_format'],
  0x800005: ['', 'ptr>dqinfo'],
  0x800006: ['', 'ptr<dqinfo'],
  0x800007: [QUOTA_ID, 'ptr>dqblk'],
  0x800008: [QUOTA_ID, 'ptr<dqblk'],
  0x800009: [QUOTA_ID, 'ptr>nextdqblk'],
  0x5801: ['', 'cell<|xfs_quota'],
  0x5802: ['', 'cell<|xfs_quota'],
  0x5803: [QUOTA_ID, 'ptr>fs_disk_quota'],
  0x5804: [QUOTA_ID, 'ptr<fs_disk_quota'],
  0x5805: ['', 'addr'],
  0x5806: ['', 'cell<|xfs_dquot'],
  0x5807: [],
  0x5808: ['', 'addr'],
  0x5809: [QUOTA_ID, 'ptr>fs_disk_quota'],
}
