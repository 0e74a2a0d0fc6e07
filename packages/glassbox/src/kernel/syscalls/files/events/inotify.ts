/** inotify(7): instances, and what they watch. */
import {
  AT_FDCWD,
  IN_CLOEXEC,
  IN_DONT_FOLLOW,
  IN_EXCL_UNLINK,
  IN_MASK_ADD,
  IN_MASK_CREATE,
  IN_NONBLOCK,
  IN_ONESHOT,
  IN_ONLYDIR,
  O_CLOEXEC,
  O_NONBLOCK,
  S_IFDIR,
} from '../../../../linux/constants.ts'
import { EBADF, EEXIST, EINVAL, EMFILE, ENOTDIR } from '../../../../linux/errno-numbers.ts'
import { InotifyFile, instanceCount } from '../../../fs/notify/inotify-file.ts'
import { IN_ALL_EVENTS } from '../../../fs/notify/watches.ts'
import { walk } from '../../../fs/path/start.ts'
import { FOLLOW } from '../../../fs/path/walk.ts'
import { permits, READ } from '../../../fs/permissions.ts'
import type { Task } from '../../../task/types.ts'
import type { Family } from '../../family.ts'
import { addFile } from '../file.ts'
import { findPath } from '../support.ts'

/** /proc/sys/fs/inotify/max_user_instances. */
const MOST_INSTANCES = 128
/** What of the mask stays with a watch. */
const KEPT = IN_ALL_EVENTS | IN_ONESHOT | IN_EXCL_UNLINK

function inotifyInit1(task: Task, flags: number): number {
  if ((flags & ~(IN_CLOEXEC | IN_NONBLOCK)) !== 0) return -EINVAL
  if (instanceCount() >= MOST_INSTANCES) return -EMFILE
  const file = new InotifyFile((flags & IN_NONBLOCK) === 0 ? 0 : O_NONBLOCK)
  return addFile(task, file, (flags & IN_CLOEXEC) === 0 ? 0 : O_CLOEXEC)
}

function addWatch(task: Task, fd: number, path: number, mask: number): number {
  if ((mask & IN_ALL_EVENTS) === 0) return -EINVAL
  const file = task.files.get(fd)
  if (file === undefined) return -EBADF
  if ((mask & IN_MASK_ADD) !== 0 && (mask & IN_MASK_CREATE) !== 0) return -EINVAL
  if (!(file instanceof InotifyFile)) return -EINVAL
  const error = findPath(task, AT_FDCWD, path, (mask & IN_DONT_FOLLOW) === 0 ? FOLLOW : 0)
  if (error !== 0) return error
  const { inode } = walk.dentry
  if ((mask & IN_ONLYDIR) !== 0 && inode.type !== S_IFDIR) return -ENOTDIR
  const denied = permits(inode, READ, task.credentials)
  if (denied !== 0) return denied
  const known = file.watchOn(inode)
  if (known === undefined) return file.watch(inode, mask & KEPT)
  if ((mask & IN_MASK_CREATE) !== 0) return -EEXIST
  known.mask = (mask & KEPT) | ((mask & IN_MASK_ADD) === 0 ? 0 : known.mask)
  return known.descriptor
}

function removeWatch(task: Task, fd: number, descriptor: number): number {
  const file = task.files.get(fd)
  if (file === undefined) return -EBADF
  return file instanceof InotifyFile ? file.unwatch(descriptor) : -EINVAL
}

export const inotify: Family = {
  inotify_init: task => inotifyInit1(task, 0),
  inotify_init1: inotifyInit1,
  inotify_add_watch: {
    handler: addWatch,
    partly: 'It hears what the programs of the box do, and nothing of the host.',
  },
  inotify_rm_watch: removeWatch,
}
