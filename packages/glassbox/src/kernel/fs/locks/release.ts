/** What closing a descriptor does to locks: fcntl_locking(2), "Record locking". */
import type { Inode, OpenFile } from '../vfs.ts'
import { FileLocks } from './file-locks.ts'

/** The locks of an owner on this file go: a process has closed one of its descriptors. */
export function releaseLocksOf(inode: Inode, owner: object): void {
  if (inode.locks instanceof FileLocks) inode.locks.release(owner)
}

/** The locks of an open file go with it. */
export const releaseFlock = (file: OpenFile): void => releaseLocksOf(file.inode, file)

/** The locks of a file, made when they are first needed. */
export function locksOf(inode: Inode): FileLocks {
  if (!(inode.locks instanceof FileLocks)) inode.locks = new FileLocks()
  return inode.locks as FileLocks
}
