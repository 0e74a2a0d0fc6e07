/** What closing a descriptor does to locks: fcntl_locking(2), "Record locking". */
import type { Inode } from '../vfs.ts'
import { FileLocks } from './file-locks.ts'

/** The locks of an owner on this file go: a process has closed one of its descriptors. */
export function releaseLocksOf(inode: Inode, owner: object): void {
  if (inode.locks instanceof FileLocks) inode.locks.release(owner)
}
