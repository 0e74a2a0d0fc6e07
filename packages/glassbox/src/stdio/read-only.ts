/**
 * Gives a program a regular file of the host as stdin, without letting the program change it. A
 * descriptor that is open for reading is not safe enough: if the program's user may write to the
 * file, the program can open `/proc/self/fd/0` for writing, and the file's owner can fchmod(2) it.
 * So the program gets another descriptor:
 *
 * - With privilege: of the same file on a detached read-only mount (open_tree(2), Linux 5.2, and
 *   mount_setattr(2), 5.12). Both attempts then fail with EROFS, even after this process has
 *   closed the mount.
 * - Without privilege, or if the file's mount does not belong to this mount namespace: of a copy
 *   in memory, sealed against writing.
 */
import { close as closeLater } from 'node:fs'
import { createMemoryFile, sealMemoryFile } from '../gate/memory-file.ts'
import { GlassboxError } from '../errors.ts'
import { close } from '../gate/descriptors.ts'
import { cString, syscall, systemError } from '../gate/gate.ts'
import { isMainThread } from '../gate/thread.ts'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  MOUNT_ATTR_NODEV,
  MOUNT_ATTR_NOSUID,
  MOUNT_ATTR_RDONLY,
  O_CLOEXEC,
  O_RDONLY,
  OPEN_TREE_CLONE,
} from '../linux/constants.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { copyBytes } from './files/copy.ts'
import { Pace } from './files/pace.ts'

/** The largest copy in memory. */
export const MAX_COPY_BYTES: number = 2 ** 30
/** struct mount_attr: attributes to set, attributes to clear, propagation, user namespace. */
const READ_ONLY = BigUint64Array.of(
  BigInt(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV),
  ...[0n, 0n, 0n],
)
const NO_PATH = cString('')

/**
 * Opens the regular file `fd`, of `size` bytes, again, at its beginning. Both descriptors belong
 * to the caller.
 */
export async function openReadOnly(fd: number, size: number, privileged: boolean): Promise<number> {
  const mounted = privileged ? openOnReadOnlyMount(fd) : -1
  return mounted < 0 ? copyToMemory(fd, size) : mounted
}

const reopen = (fd: number): number =>
  syscall(syscallNumber('openat'), AT_FDCWD, cString(`/proc/self/fd/${fd}`), O_RDONLY | O_CLOEXEC, 0)

/** Returns a descriptor, or -errno. */
function openOnReadOnlyMount(fd: number): number {
  const flags = OPEN_TREE_CLONE | AT_EMPTY_PATH | O_CLOEXEC
  const mount = syscall(syscallNumber('open_tree'), fd, NO_PATH, flags)
  if (mount < 0) return mount
  const set = syscall(
    syscallNumber('mount_setattr'),
    ...([mount, NO_PATH, AT_EMPTY_PATH, READ_ONLY, READ_ONLY.byteLength] as const),
  )
  const opened = set < 0 ? set : reopen(mount)
  // In another thread: to close a mount, the kernel waits about half a millisecond for all
  // processors.
  if (isMainThread()) closeLater(mount, () => {})
  else close(mount) // in a worker, `fs` warns about a descriptor that it did not open
  return opened
}

async function copyToMemory(fd: number, size: number): Promise<number> {
  if (size > MAX_COPY_BYTES) throw tooLarge(size)
  const memory = createMemoryFile('stdin')
  try {
    // A file of /proc has the size 0. A file that grows meanwhile is copied up to its old size.
    await copyBytes(fd, memory, size || MAX_COPY_BYTES, new Pace())
    sealMemoryFile(memory)
    const opened = reopen(memory)
    if (opened < 0) throw systemError('openat', -opened, 'a copy of stdin')
    return opened
  } finally {
    close(memory)
  }
}

const tooLarge = (size: number): GlassboxError =>
  new GlassboxError(
    'ERR_GLASSBOX_FILE',
    `without root the file is copied into memory, and its ${size} bytes exceed the maximum of ${MAX_COPY_BYTES}`,
    { hint: 'Pipe the file in, or give a stream of it: the program then reads as much as it needs.' },
  )
