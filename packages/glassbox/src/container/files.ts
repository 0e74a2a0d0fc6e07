/**
 * Files into and out of a box, by descriptors: every name is resolved beneath the box's directory, without following a
 * symbolic or magic link and without crossing a mount (openat2(2), Linux 5.6). What was opened is what is checked, changed and
 * read: no program of the box runs meanwhile, but one of another box may have been handed a descriptor of its directory, and
 * exchange names at any time.
 */
import { chmodSync, fchmodSync, fchownSync, fstatSync, read as readCallback } from 'node:fs'
import { promisify } from 'node:util'
import { GlassboxError } from '../errors.ts'
import { close, openat2, withDescriptor, writeAll } from '../gate/descriptors.ts'
import { call, cString, syscall } from '../gate/gate.ts'
import {
  AT_EMPTY_PATH,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_WRONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from '../linux/constants.ts'
import { pathComponents } from '../job/box-path.ts'
import { ERRNO } from '../linux/errno.ts'
import { syscallNumber } from '../linux/syscalls.ts'

const read = promisify(readCallback)
const RESOLVE = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV
const CHUNK_BYTES = 1 << 20
const DIRECTORY_MODE = 0o755

export interface Owner {
  readonly uid: number
  readonly gid: number
}

export interface Ownership {
  /** Ids of the host. Left out where this process is the box's user itself: in a user namespace of its own. */
  readonly owner?: Owner
  readonly mode?: number
}

function openBeneath(directory: number, path: string, flags: number, mode = 0): number {
  return openat2(directory, path, { flags, mode, resolve: RESOLVE })
}

/** Makes the directories above a file, each by the descriptor of the one before, and calls `use` with the last. */
function inParent<T>(
  directory: number,
  names: readonly string[],
  owner: Owner | undefined,
  use: (parent: number) => T,
): T {
  const [first, ...rest] = names
  if (first === undefined || rest.length === 0) return use(directory)
  const made = syscall(syscallNumber('mkdirat'), directory, cString(first), DIRECTORY_MODE)
  if (made < 0 && made !== -ERRNO.EEXIST) call('mkdirat', [directory, cString(first), DIRECTORY_MODE], first)
  return withDescriptor(openBeneath(directory, first, O_PATH | O_DIRECTORY | O_NOFOLLOW), next => {
    if (made === 0) own(next, owner)
    return inParent(next, rest, owner, use)
  })
}

/**
 * What mkdir did not do: it took away what the umask of this process says. By the descriptor, since the name may lead elsewhere by
 * now; through /proc, since fchmod(2) takes no O_PATH, without which the directory might not be ours to open.
 */
function own(directory: number, owner: Owner | undefined): void {
  chmodSync(`/proc/self/fd/${directory}`, DIRECTORY_MODE)
  if (owner) call('fchownat', [directory, cString(''), owner.uid, owner.gid, AT_EMPTY_PATH])
}

/** Puts a file into the box; a file, link or special file of that name is replaced, never followed. */
export function copyIn(directory: number, path: string, bytes: Uint8Array, ownership: Ownership = {}): void {
  try {
    writeBeneath(directory, path, bytes, ownership)
  } catch (error) {
    throw notCopied(path, bytes.length, error)
  }
}

/** A full box is the caller's news, with what to do; so is every other failure of Node's own calls. */
function notCopied(path: string, size: number, error: unknown): unknown {
  const { code, errno, message } = error as NodeJS.ErrnoException
  const full = code === 'ENOSPC' || errno === ERRNO.ENOSPC
  if (!full && error instanceof GlassboxError) return error
  return new GlassboxError(
    'ERR_GLASSBOX_FILE',
    `Cannot put ${path} (${size} bytes) into the box: ${message}`,
    {
      path,
      cause: error,
      hint: full
        ? 'Raise diskBytes or diskFiles, or put fewer files into the box.'
        : 'Check the name of the file.',
      ...(errno === undefined ? {} : { errno: Math.abs(errno) }),
    },
  )
}

function writeBeneath(
  directory: number,
  path: string,
  bytes: Uint8Array,
  { owner, mode = 0o644 }: Ownership,
): void {
  const names = pathComponents(path)
  const name = names.at(-1) ?? ''
  inParent(directory, names, owner, parent => {
    syscall(syscallNumber('unlinkat'), parent, cString(name), 0)
    const fd = openBeneath(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
    withDescriptor(fd, file => {
      writeAll(file, bytes)
      if (owner) fchownSync(file, owner.uid, owner.gid)
      fchmodSync(file, mode)
    })
  })
}

export interface CopiedFile {
  readonly bytes: Uint8Array
  /** Permissions only: set-user-ID and its like do not leave a box. */
  readonly mode: number
}

/** Reads a regular file of at most `maxBytes` out of the box. Fails for anything else, in words. */
export async function copyOut(directory: number, path: string, maxBytes: number): Promise<CopiedFile> {
  const name = pathComponents(path).join('/')
  // Not blocking, so that a FIFO cannot hold a thread of ours.
  const fd = openBeneath(directory, name, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
  try {
    const stats = fstatSync(fd)
    if (!stats.isFile()) throw new GlassboxError('ERR_GLASSBOX_FILE', `${path}: not a regular file`, { path })
    if (stats.size > maxBytes) {
      throw new GlassboxError(
        'ERR_GLASSBOX_FILE',
        `${path}: ${stats.size} bytes, more than the ${maxBytes} that may be collected`,
        {
          path,
          hint: 'Raise collectBytes.',
        },
      )
    }
    return { bytes: await readAll(fd, stats.size), mode: stats.mode & 0o777 }
  } catch (error) {
    throw error instanceof GlassboxError ? error : notRead(path, error)
  } finally {
    close(fd)
  }
}

/** As large as no memory is, for one: the caller may allow it, and a program make it, without a byte in it. */
function notRead(path: string, cause: unknown): GlassboxError {
  return new GlassboxError('ERR_GLASSBOX_FILE', `${path}: cannot be read: ${(cause as Error).message}`, {
    path,
    cause,
    hint: 'Lower collectBytes where it is more than this process has memory for.',
  })
}

async function readAll(fd: number, size: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let at = 0
  while (at < size) {
    const { bytesRead } = await read(fd, bytes, at, Math.min(CHUNK_BYTES, size - at), at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return bytes.subarray(0, at)
}

/** Whether there is a regular file of that name, without following links. */
export function hasFile(directory: number, path: string): boolean {
  try {
    const name = pathComponents(path).join('/')
    return withDescriptor(openBeneath(directory, name, O_PATH | O_NOFOLLOW), fd => fstatSync(fd).isFile())
  } catch {
    return false
  }
}
