/**
 * A regular file of the host as the stdin of a program, which must not change it. Reading is not
 * all that a descriptor gives: it keeps the mount on which the file was opened, so a program whose
 * user may write the file opens `/proc/self/fd/0` for writing, and its owner may fchmod(2) it. The
 * program gets another descriptor instead:
 *
 * - with privilege one of the same file on a mount of its own, which is read-only and seen nowhere
 *   (open_tree(2), Linux 5.2, and mount_setattr(2), 5.12): both attempts end in EROFS, also when
 *   nothing else holds that mount any more
 * - without, or where the file's mount is not one of this namespace's, one of a copy in memory
 *   that is sealed against writing
 */
import { close as closeLater } from 'node:fs'
import { createMemoryFile, sealMemoryFile } from '../gate/memory-file.ts'
import { GlassboxError } from '../errors.ts'
import { close, ownDescriptor } from '../gate/descriptors.ts'
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

/** What a copy may take of the memory of this process's user. */
export const MAX_COPY_BYTES: number = 2 ** 30
/** struct mount_attr: set, clear, propagation, user namespace. */
const READ_ONLY = BigUint64Array.of(
  BigInt(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV),
  ...[0n, 0n, 0n],
)
const NO_PATH = cString('')

/**
 * A descriptor of the regular file `fd`, of `size` bytes, that stands at its beginning. Both are
 * the caller's.
 */
export async function openReadOnly(fd: number, size: number, privileged: boolean): Promise<number> {
  const mounted = privileged ? openOnReadOnlyMount(fd) : -1
  return mounted < 0 ? copyToMemory(fd, size) : ownDescriptor(mounted)
}

const reopen = (fd: number): number =>
  syscall(syscallNumber('openat'), AT_FDCWD, cString(`/proc/self/fd/${fd}`), O_RDONLY | O_CLOEXEC, 0)

/** Negative where it cannot be had. */
function openOnReadOnlyMount(fd: number): number {
  const flags = OPEN_TREE_CLONE | AT_EMPTY_PATH | O_CLOEXEC
  const mount = syscall(syscallNumber('open_tree'), fd, NO_PATH, flags)
  if (mount < 0) return mount
  const set = syscall(
    syscallNumber('mount_setattr'),
    ...([mount, NO_PATH, AT_EMPTY_PATH, READ_ONLY, READ_ONLY.byteLength] as const),
  )
  const opened = set < 0 ? set : reopen(mount)
  // In another thread: to let go of a mount the kernel waits half a millisecond for all
  // processors.
  if (isMainThread()) closeLater(mount, () => {})
  else close(mount) // `fs` would warn: it did not open it
  return opened
}

async function copyToMemory(fd: number, size: number): Promise<number> {
  if (size > MAX_COPY_BYTES) throw tooLarge(size)
  const memory = createMemoryFile('stdin')
  try {
    // A file that says it is empty may be one of /proc. One that grows meanwhile is what it was.
    await copyBytes(fd, memory, size || MAX_COPY_BYTES, new Pace())
    sealMemoryFile(memory)
    const opened = reopen(memory)
    if (opened < 0) throw systemError('openat', -opened, 'a copy of stdin')
    return ownDescriptor(opened)
  } finally {
    close(memory)
  }
}

const tooLarge = (size: number): GlassboxError =>
  new GlassboxError(
    'ERR_GLASSBOX_FILE',
    `without root a file is copied into memory, and its ${size} bytes are more than the ${MAX_COPY_BYTES} that may be`,
    { hint: 'Pipe it in, or give a stream of it: then the program reads what it needs.' },
  )
