/**
 * Operations on names beneath an open directory. Every name is resolved from the descriptor of
 * that directory (openat2(2), Linux 5.6): it cannot lead above the directory, and no symbolic or
 * magic link is followed. Checks, changes and reads use the descriptor that was opened, because a
 * program may exchange names at any time.
 */
import { fstatSync, type Stats } from 'node:fs'
import { openat2, withDescriptor } from '../../gate/descriptors.ts'
import { call, cString, syscall } from '../../gate/gate.ts'
import {
  AT_REMOVEDIR,
  O_DIRECTORY,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  RESOLVE_NO_XDEV,
} from '../../linux/constants.ts'
import { pathOfBytes } from '../../linux/path-bytes.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

/** Flags of openat2: beneath the directory, on any file system. */
export const BENEATH: number = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
/**
 * The same, on the directory's own mount only. A bind in a box shows files of the host, which are
 * not the box's.
 */
export const BENEATH_ON_ONE_MOUNT: number = BENEATH | RESOLVE_NO_XDEV

const LINK_BYTES = 4096
const DIRENT_BYTES = 32 << 10
/** Offsets in struct linux_dirent64 (getdents64(2)): d_reclen, d_type and d_name. */
const DIRENT = { length: 16, type: 18, name: 19 } as const
/** DT_* of dirent.h. */
const UNKNOWN = 0
const TYPES: Readonly<Record<number, EntryType>> = { 4: 'directory', 8: 'file', 10: 'link' }

export type EntryType = 'file' | 'directory' | 'link' | 'other'

/** One entry of a directory. */
export interface Dirent {
  readonly name: Buffer
  readonly type: EntryType
}

/**
 * Opens a file or directory for reading. Does not block, even for a FIFO. The caller closes the
 * descriptor.
 */
export const openToRead = (directory: number, path: string, resolve: number): number =>
  openat2(directory, path, { flags: O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY, resolve })

/** Opens a directory for listing. The caller closes the descriptor. */
export const openDirectory = (directory: number, path: string, resolve: number): number =>
  openat2(directory, path, { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve })

/** Opens an entry of any type, even a link, with O_PATH. The caller closes the descriptor. */
export const openToLook = (directory: number, path: string, resolve: number): number =>
  openat2(directory, path, { flags: O_PATH | O_NOFOLLOW, resolve })

export const lookAt = (directory: number, path: string, resolve: number): Stats =>
  withDescriptor(openToLook(directory, path, resolve), fd => fstatSync(fd))

export function typeOf(stats: Stats): EntryType {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isSymbolicLink() ? 'link' : 'other'
}

/** The word for an entry that is neither a file nor a directory. */
export function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return 'FIFO'
  return stats.isSocket() ? 'socket' : stats.isSymbolicLink() ? 'symbolic link' : 'device'
}

/** The target of the symbolic link `name`. */
export function linkTarget(directory: number, name: string): Buffer {
  const target = Buffer.alloc(LINK_BYTES)
  return target.subarray(0, call('readlinkat', [directory, cString(name), target, target.length], name))
}

/**
 * The next entries of a directory that is open for listing; none at its end. If a signal comes,
 * the kernel returns the entries that it has so far, which may be "." and ".." alone.
 */
export function nextNames(directory: number): Dirent[] {
  const buffer = Buffer.alloc(DIRENT_BYTES)
  for (;;) {
    const length = call('getdents64', [directory, buffer, buffer.length])
    const names = namesIn(directory, buffer, length)
    if (length === 0 || names.length > 0) return names
  }
}

function namesIn(directory: number, buffer: Buffer, length: number): Dirent[] {
  const names: Dirent[] = []
  for (let at = 0; at < length; at += buffer.readUInt16LE(at + DIRENT.length)) {
    const name = buffer.subarray(at + DIRENT.name, buffer.indexOf(0, at + DIRENT.name))
    if (name.equals(HERE) || name.equals(ABOVE)) continue
    const known = buffer[at + DIRENT.type] ?? UNKNOWN
    names.push({ name, type: known === UNKNOWN ? askFor(directory, name) : (TYPES[known] ?? 'other') })
  }
  return names
}

/** The type of an entry, for file systems whose directories do not store it. */
function askFor(directory: number, name: Uint8Array): EntryType {
  try {
    return typeOf(lookAt(directory, pathOfBytes(name), BENEATH))
  } catch {
    return 'other'
  }
}

const HERE = Buffer.from('.')
const ABOVE = Buffer.from('..')

/**
 * Sets the permissions of an open file, which may be open with O_PATH. fchmod(2) refuses that, so
 * this goes through /proc.
 */
export function setMode(fd: number, mode: number): void {
  const path = `/proc/self/fd/${fd}`
  call('chmod', [cString(path), mode], path)
}

/** Removes an entry that is not a directory. Returns 0 or -errno. */
export const unlink = (directory: number, name: string): number =>
  syscall(syscallNumber('unlinkat'), directory, cString(name), 0)

/** Removes an empty directory. Returns 0 or -errno. */
export const removeDirectory = (directory: number, name: string): number =>
  syscall(syscallNumber('unlinkat'), directory, cString(name), AT_REMOVEDIR)
