/**
 * Names beneath an open directory. Every name is resolved from the descriptor of that directory
 * (openat2(2), Linux 5.6): nothing leads above it, no symbolic or magic link is followed. What was
 * opened is what is checked, changed and read: a program may exchange names at any time.
 */
import { chmodSync, fstatSync, type Stats } from 'node:fs'
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

/** On any file system below. */
export const BENEATH: number = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS
/** On the file system of the directory alone: a bind of the host's in a box is not the box's. */
export const BENEATH_ON_ONE_MOUNT: number = BENEATH | RESOLVE_NO_XDEV

const LINK_BYTES = 4096
const DIRENT_BYTES = 32 << 10
/** struct linux_dirent64 (getdents64(2)): d_reclen, d_type and d_name. */
const DIRENT = { length: 16, type: 18, name: 19 } as const
/** DT_* of dirent.h. */
const UNKNOWN = 0
const TYPES: Readonly<Record<number, EntryType>> = { 4: 'directory', 8: 'file', 10: 'link' }

export type EntryType = 'file' | 'directory' | 'link' | 'other'

/** One name of a directory, as it is there. */
export interface Dirent {
  readonly name: Buffer
  readonly type: EntryType
}

/**
 * Opens a file or directory for reading. Never waits: a FIFO cannot hold this thread. The caller
 * closes it.
 */
export const openToRead = (directory: number, path: string, resolve: number): number =>
  openat2(directory, path, { flags: O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY, resolve })

/** Opens a directory to be listed. The caller closes it. */
export const openDirectory = (directory: number, path: string, resolve: number): number =>
  openat2(directory, path, { flags: O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve })

/** Opens whatever has that name, a link too, to look at it. The caller closes it. */
export const openToLook = (directory: number, path: string, resolve: number): number =>
  openat2(directory, path, { flags: O_PATH | O_NOFOLLOW, resolve })

export const lookAt = (directory: number, path: string, resolve: number): Stats =>
  withDescriptor(openToLook(directory, path, resolve), fd => fstatSync(fd))

export function typeOf(stats: Stats): EntryType {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  return stats.isSymbolicLink() ? 'link' : 'other'
}

/** What an entry that is neither file, directory nor link is called. */
export function kindOf(stats: Stats): string {
  if (stats.isFIFO()) return 'FIFO'
  return stats.isSocket() ? 'socket' : stats.isSymbolicLink() ? 'symbolic link' : 'device'
}

/** What the link `name` says. */
export function linkTarget(directory: number, name: string): Buffer {
  const target = Buffer.alloc(LINK_BYTES)
  return target.subarray(0, call('readlinkat', [directory, cString(name), target, target.length], name))
}

/** Some names of a directory that is open to be listed; none at its end. */
export function nextNames(directory: number): Dirent[] {
  const buffer = Buffer.alloc(DIRENT_BYTES)
  const length = call('getdents64', [directory, buffer, buffer.length])
  const names: Dirent[] = []
  for (let at = 0; at < length; at += buffer.readUInt16LE(at + DIRENT.length)) {
    const name = buffer.subarray(at + DIRENT.name, buffer.indexOf(0, at + DIRENT.name))
    if (name.equals(HERE) || name.equals(ABOVE)) continue
    const known = buffer[at + DIRENT.type] ?? UNKNOWN
    names.push({ name, type: known === UNKNOWN ? askFor(directory, name) : (TYPES[known] ?? 'other') })
  }
  return names
}

/** Some file systems keep no types beside their names. */
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
 * Sets permissions of what is open, also with O_PATH: fchmod(2) does not take that, so it goes
 * through /proc.
 */
export const setMode = (fd: number, mode: number): void => chmodSync(`/proc/self/fd/${fd}`, mode)

/** Removes a name that is no directory. Returns 0 or -errno. */
export const unlink = (directory: number, name: string): number =>
  syscall(syscallNumber('unlinkat'), directory, cString(name), 0)

/** Removes an empty directory. Returns 0 or -errno. */
export const removeDirectory = (directory: number, name: string): number =>
  syscall(syscallNumber('unlinkat'), directory, cString(name), AT_REMOVEDIR)
