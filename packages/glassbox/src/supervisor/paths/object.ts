/**
 * An object of the file system by a descriptor with O_PATH: opening one waits for nobody and has
 * no effect on the object. The functions return descriptors or -errno, as the kernel does, and
 * throw if this process has no free descriptor. Whoever opens a descriptor closes it.
 */
import { call, syscall, systemError } from '../../gate/gate.ts'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  O_CLOEXEC,
  O_NOFOLLOW,
  O_PATH,
  PROC_SUPER_MAGIC,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
} from '../../linux/constants.ts'
import { bytesOfPath, pathOfBytes } from '../../linux/path-bytes.ts'
import { ERRNO } from '../../linux/errno.ts'
import { OPEN_HOW_BYTES } from '../../linux/open-how.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

const OPENAT = syscallNumber('openat')
const OPENAT2 = syscallNumber('openat2')
const CLOSE = syscallNumber('close')
const READLINKAT = syscallNumber('readlinkat')
const NEWFSTATAT = syscallNumber('newfstatat')
const FSTATFS = syscallNumber('fstatfs')

const OBJECT = O_PATH | O_CLOEXEC
const FOLLOWED = BigUint64Array.of(BigInt(OBJECT), 0n, BigInt(RESOLVE_NO_MAGICLINKS))
const UNFOLLOWED = BigUint64Array.of(BigInt(OBJECT | O_NOFOLLOW), 0n, BigInt(RESOLVE_NO_MAGICLINKS))
const RESOLVE_PLAIN = BigInt(RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS)
const PLAIN_FOLLOWED = BigUint64Array.of(BigInt(OBJECT), 0n, RESOLVE_PLAIN)
const PLAIN_UNFOLLOWED = BigUint64Array.of(BigInt(OBJECT | O_NOFOLLOW), 0n, RESOLVE_PLAIN)
const OWN_DESCRIPTORS = Buffer.from('/proc/self/fd\0', 'latin1')
const EMPTY = new Uint8Array(1)
/** The kernel's own limit for the text of a name, PATH_MAX, and room for " (deleted)". */
const text = new Uint8Array(4096 + 64)
const stat = new Uint8Array(144)
const statView = new DataView(stat.buffer)
const statfs = new Uint8Array(120)
const statfsView = new DataView(statfs.buffer)
const SIZE_OFFSET = 48
const LINKS_OFFSET = 16
const MODE_OFFSET = 24

/** A path as the kernel takes it. The text came from the kernel, so it contains no NUL. */
export const pathBytes = (path: string): Uint8Array => bytesOfPath(`${path}\0`)

/** The path of an open descriptor of this process. It leads to the object itself, even a link. */
export const pathOfDescriptor = (fd: number): Uint8Array => Buffer.from(`/proc/self/fd/${fd}\0`, 'latin1')

/** This process has no free descriptor, which says nothing about the file. */
const isExhausted = (result: number): boolean => result === -ERRNO.EMFILE || result === -ERRNO.ENFILE

/**
 * A descriptor or -errno. Throws if this process has no free descriptor: then nothing can be
 * decided about the object.
 */
function opened(result: number): number {
  if (isExhausted(result)) throw systemError('openat', -result, 'a file that a program named')
  return result
}

/** Opens what a path leads to. A link of /proc that leads to an open file gives -ELOOP. */
export const openObject = (directory: number, path: Uint8Array, follow: boolean): number =>
  opened(syscall(OPENAT2, directory, path, follow ? FOLLOWED : UNFOLLOWED, OPEN_HOW_BYTES))

/** The same for an absolute path. A link on the way gives -ELOOP. */
export const openPlain = (path: Uint8Array, follow: boolean): number =>
  opened(syscall(OPENAT2, AT_FDCWD, path, follow ? PLAIN_FOLLOWED : PLAIN_UNFOLLOWED, OPEN_HOW_BYTES))

/** Opens one entry of a directory, even a link. */
export const openEntry = (directory: number, name: Uint8Array): number =>
  opened(syscall(OPENAT, directory, name, OBJECT | O_NOFOLLOW, 0))

/** Opens what a path leads to, also by the links of /proc that lead to open files. */
export const openThrough = (directory: number, path: Uint8Array): number =>
  opened(syscall(OPENAT, directory, path, OBJECT, 0))

export function closeObject(fd: number): void {
  if (fd >= 0) syscall(CLOSE, fd)
}

/** The text of a link; undefined if the object is not a link. */
export function textOfLink(fd: number): string | undefined {
  const length = syscall(READLINKAT, fd, EMPTY, text, text.length)
  return length < 0 ? undefined : pathOfBytes(text.subarray(0, length))
}

/** The directory of this process's descriptors, which stays open: a name then costs half. */
let descriptors = -1
/** Names of descriptors below it. */
const names: Uint8Array[] = []

/**
 * What a descriptor leads to, as the kernel names it: a path without links, or `pipe:[4711]`.
 * Empty if the path is longer than a page.
 */
export function nameOf(fd: number): string {
  if (descriptors < 0) descriptors = call('openat', [AT_FDCWD, OWN_DESCRIPTORS, OBJECT, 0])
  const name = (names[fd] ??= Buffer.from(`${fd}\0`, 'latin1'))
  const length = syscall(READLINKAT, descriptors, name, text, text.length)
  return length < 0 ? '' : pathOfBytes(text.subarray(0, length))
}

/** The name of an entry of that directory; empty if that of the directory is. */
export const entryName = (directory: string, entry: string): string =>
  directory === '' ? '' : `${directory === '/' ? '' : directory}/${entry}`

export type ObjectType = 'link' | 'directory' | 'file' | 'other'

const TYPES: Readonly<Record<number, ObjectType>> = {
  [S_IFLNK]: 'link',
  [S_IFDIR]: 'directory',
  [S_IFREG]: 'file',
}

const isStated = (fd: number): boolean => syscall(NEWFSTATAT, fd, EMPTY, stat, AT_EMPTY_PATH) === 0

export function typeOf(fd: number): ObjectType {
  if (!isStated(fd)) return 'other'
  return TYPES[statView.getUint32(MODE_OFFSET, true) & S_IFMT] ?? 'other'
}

/** The size of a regular file in bytes; undefined for anything else. */
export const sizeOfFile = (fd: number): bigint | undefined =>
  typeOf(fd) === 'file' ? statView.getBigInt64(SIZE_OFFSET, true) : undefined

/** Whether no name leads to the object any more. */
export const isUnlinked = (fd: number): boolean =>
  isStated(fd) && statView.getBigUint64(LINKS_OFFSET, true) === 0n

/** Whether the object belongs to a proc(5) file system. */
export const isOfProc = (fd: number): boolean =>
  syscall(FSTATFS, fd, statfs) === 0 && statfsView.getBigInt64(0, true) === BigInt(PROC_SUPER_MAGIC)

/** The root of a proc(5) file system has inode 1 (PROC_ROOT_INO). */
export const isRootOfProc = (fd: number): boolean =>
  isOfProc(fd) && isStated(fd) && statView.getBigUint64(8, true) === 1n

export const rootDirectory = (): number => openThrough(AT_FDCWD, Uint8Array.of(0x2f, 0))
