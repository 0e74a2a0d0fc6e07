/**
 * inotify_add_watch: the watch is added to the program's own inotify instance, of which the tracer
 * takes a copy. Where that is forbidden (Docker's default seccomp profile), the call fails.
 */
import { syscall } from '../../../gate/gate.ts'
import { IN_DONT_FOLLOW, SO_LINGER, SOL_SOCKET } from '../../../linux/constants.ts'
import { ERRNO } from '../../../linux/errno.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import { closeObject, nameOf, pathOfDescriptor } from '../object.ts'
import type { Arguments, Make, Performers } from './performer.ts'

const INOTIFY_ADD_WATCH = syscallNumber('inotify_add_watch')
const PIDFD_OPEN = syscallNumber('pidfd_open')
const PIDFD_GETFD = syscallNumber('pidfd_getfd')
const SETSOCKOPT = syscallNumber('setsockopt')
/** Linux 6.9: a thread, which may have descriptors of its own. Not in the headers yet. */
const PIDFD_THREAD = 0o200

function openThread({ tid, pid }: Arguments['call']): number {
  const thread = syscall(PIDFD_OPEN, tid, PIDFD_THREAD)
  return thread === -ERRNO.EINVAL ? syscall(PIDFD_OPEN, pid, 0) : thread
}

/** What the call itself answers for a wrong descriptor. */
const OF_THE_CALL: readonly number[] = [ERRNO.EBADF, ERRNO.EINVAL]
const INOTIFY = 'anon_inode:inotify'
/** struct linger: off. */
const NO_LINGER = new Int32Array(2)

/**
 * The program may have given another file, and may close it, so that this thread closes it last. A
 * socket that lingers would keep this thread waiting then, and all programs that it serves.
 */
function dropCopy(copy: number): void {
  syscall(SETSOCKOPT, copy, SOL_SOCKET, SO_LINGER, NO_LINGER, NO_LINGER.byteLength)
  closeObject(copy)
}

/** A copy of an inotify instance of the thread, or -errno. */
function copyOf(call: Arguments['call'], descriptor: number): number {
  const thread = openThread(call)
  if (thread < 0) return thread
  const copy = syscall(PIDFD_GETFD, thread, descriptor, 0)
  closeObject(thread)
  if (copy < 0 || nameOf(copy) === INOTIFY) return copy
  dropCopy(copy)
  return -ERRNO.EINVAL
}

const watch = ({ call, int }: Arguments): Make | number => {
  const mask = int('mask') & ~IN_DONT_FOLLOW
  const instance = copyOf(call, int('fd'))
  if (instance < 0) return OF_THE_CALL.includes(-instance) ? -instance : ERRNO.EACCES
  return {
    on: ({ fd }) => ({ result: syscall(INOTIFY_ADD_WATCH, instance, pathOfDescriptor(fd), mask) }),
    close: () => closeObject(instance),
  }
}

export const WATCHES: Performers = { inotify_add_watch: watch }
