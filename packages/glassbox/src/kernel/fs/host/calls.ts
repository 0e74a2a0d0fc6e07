/**
 * Calls of the host that file systems need. Each answers with a result or a negative errno, and
 * never throws: a guest's file that cannot be opened is no fault of the kernel.
 *
 * Names are opened beneath a directory that is open already: no link, no `..` and no mount of a
 * process can lead out of it.
 */
import { addon } from '../../../gate/addon.ts'
import {
  AT_EMPTY_PATH,
  AT_FDCWD,
  AT_REMOVEDIR,
  AT_SYMLINK_NOFOLLOW,
  O_CLOEXEC,
  O_NOFOLLOW,
  O_PATH,
  RESOLVE_BENEATH,
  RESOLVE_NO_MAGICLINKS,
  RESOLVE_NO_SYMLINKS,
  STATX_ALL,
} from '../../../linux/constants.ts'
import { OPEN_HOW_BYTES } from '../../../linux/open-how.ts'
import { syscallNumber } from '../../../linux/syscalls.ts'
import type { Attributes, DirectoryEntry } from '../vfs.ts'
import { directoryEntries } from './dirents.ts'

const NR = {
  chmod: syscallNumber('chmod'),
  close: syscallNumber('close'),
  fchmod: syscallNumber('fchmod'),
  fstatfs: syscallNumber('fstatfs'),
  ftruncate: syscallNumber('ftruncate'),
  fsync: syscallNumber('fsync'),
  getdents64: syscallNumber('getdents64'),
  fallocate: syscallNumber('fallocate'),
  mknodat: syscallNumber('mknodat'),
  linkat: syscallNumber('linkat'),
  lseek: syscallNumber('lseek'),
  mkdirat: syscallNumber('mkdirat'),
  openat: syscallNumber('openat'),
  openat2: syscallNumber('openat2'),
  pread64: syscallNumber('pread64'),
  pwrite64: syscallNumber('pwrite64'),
  readlinkat: syscallNumber('readlinkat'),
  renameat2: syscallNumber('renameat2'),
  statx: syscallNumber('statx'),
  symlinkat: syscallNumber('symlinkat'),
  unlinkat: syscallNumber('unlinkat'),
  utimensat: syscallNumber('utimensat'),
} as const

const call = (nr: number, ...args: (number | bigint | NodeJS.TypedArray)[]): number =>
  addon().syscall(nr, ...args)

const cName = (name: string): Uint8Array => Buffer.from(`${name}\0`, 'latin1')

const EMPTY = cName('')
const RESOLVE = BigInt(RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS)
const how = new BigUint64Array(3)

/** Opens one name beneath a directory. The descriptor is closed at execve. */
export function openBeneath(directory: number, name: string, flags: number, mode = 0): number {
  how[0] = BigInt(flags | O_CLOEXEC | O_NOFOLLOW)
  how[1] = BigInt(mode)
  how[2] = RESOLVE
  return call(NR.openat2, directory, cName(name), how, OPEN_HOW_BYTES)
}

/** Opens a path of the host (bytes and NUL): the beginning of a tree, named by the caller. */
export const openHost = (path: Uint8Array, flags: number): number =>
  call(NR.openat, AT_FDCWD, path, flags | O_CLOEXEC, 0)

/** A descriptor that stands for the inode of the name, also if it is a link. */
export const findBeneath = (directory: number, name: string): number => openBeneath(directory, name, O_PATH)

export const closeHost = (fd: number): number => call(NR.close, fd)

export const readAt = (fd: number, target: Uint8Array, offset: number): number =>
  call(NR.pread64, fd, target, target.length, offset)

export const writeAt = (fd: number, source: Uint8Array, offset: number): number =>
  call(NR.pwrite64, fd, source, source.length, offset)

export const truncateHost = (fd: number, size: number): number => call(NR.ftruncate, fd, size)
export const syncHost = (fd: number): number => call(NR.fsync, fd)
export const changeMode = (fd: number, mode: number): number => call(NR.fchmod, fd, mode)
/** The mode of what a name stands for, which is no link. */
export function changeModeBeneath(directory: number, name: string, mode: number): number {
  const fd = findBeneath(directory, name)
  if (fd < 0) return fd
  // fchmod(2) does not take such a descriptor.
  const error = call(NR.chmod, Buffer.from(`/proc/self/fd/${fd}\0`), mode)
  closeHost(fd)
  return error
}

export const seekHost = (fd: number, offset: number, whence: number): number =>
  call(NR.lseek, fd, offset, whence)

export const makeDirectory = (directory: number, name: string, mode: number): number =>
  call(NR.mkdirat, directory, cName(name), mode)

/** A FIFO or a socket: `mode` has the type. */
export const makeNode = (directory: number, name: string, mode: number): number =>
  call(NR.mknodat, directory, cName(name), mode, 0)

export const allocateHost = (fd: number, mode: number, offset: number, length: number): number =>
  call(NR.fallocate, fd, mode, offset, length)

export const makeLink = (directory: number, name: string, target: string): number =>
  call(NR.symlinkat, cName(target), directory, cName(name))

export const linkBeneath = (fromDirectory: number, from: string, directory: number, name: string): number =>
  call(NR.linkat, fromDirectory, cName(from), directory, cName(name), 0)

export const removeName = (directory: number, name: string, isDirectory: boolean): number =>
  call(NR.unlinkat, directory, cName(name), isDirectory ? AT_REMOVEDIR : 0)

export const renameBeneath = (
  directory: number,
  name: string,
  target: number,
  newName: string,
  flags: number,
): number => call(NR.renameat2, directory, cName(name), target, cName(newName), flags)

/** `times`: two pairs of seconds and nanoseconds, as utimensat(2) takes them. */
export const changeTimes = (directory: number, name: string, times: BigInt64Array): number =>
  call(NR.utimensat, directory, cName(name), times, AT_SYMLINK_NOFOLLOW)

/** The same for an open file. */
export const changeTimesOf = (fd: number, times: BigInt64Array): number => call(NR.utimensat, fd, 0, times, 0)

const linkText = Buffer.alloc(4097)

/** The text of the link that a descriptor of findBeneath stands for. */
export function readLink(fd: number): string | number {
  const length = call(NR.readlinkat, fd, EMPTY, linkText, linkText.length)
  return length < 0 ? length : linkText.toString('latin1', 0, length)
}

const STATX_BYTES = 256
const statxBuffer = new Uint8Array(STATX_BYTES)
const statxView = new DataView(statxBuffer.buffer)

/** The attributes of an open descriptor, also of one of findBeneath. */
export function attributesOf(fd: number): Attributes | number {
  const error = call(NR.statx, fd, EMPTY, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_ALL, statxBuffer)
  return error < 0 ? error : attributesFromStatx()
}

/** The attributes of a name, without following it. */
export function attributesAt(directory: number, name: string): Attributes | number {
  const error = call(NR.statx, directory, cName(name), AT_SYMLINK_NOFOLLOW, STATX_ALL, statxBuffer)
  return error < 0 ? error : attributesFromStatx()
}

function attributesFromStatx(): Attributes {
  const u32 = (at: number): number => statxView.getUint32(at, true)
  const u64 = (at: number): number => u32(at) + u32(at + 4) * 2 ** 32
  const time = (at: number): { seconds: number; nanoseconds: number } => ({
    seconds: u32(at) + statxView.getInt32(at + 4, true) * 2 ** 32,
    nanoseconds: u32(at + 8),
  })
  return {
    blockSize: u32(4),
    nlink: u32(16),
    uid: u32(20),
    gid: u32(24),
    mode: statxView.getUint16(28, true),
    ino: u64(32),
    size: u64(40),
    blocks: u64(48),
    atime: time(64),
    btime: time(80),
    ctime: time(96),
    mtime: time(112),
    rdev: u32(132) | (u32(128) << 8),
    dev: u32(140) | (u32(136) << 8),
  }
}

const namesBuffer = new Uint8Array(64 * 1024)

/** All names of a directory that is open for reading, without `.` and `..`. */
export function namesOf(fd: number): DirectoryEntry[] | number {
  const entries: DirectoryEntry[] = []
  const start = seekHost(fd, 0, 0)
  if (start < 0) return start
  for (;;) {
    const length = call(NR.getdents64, fd, namesBuffer, namesBuffer.length)
    if (length < 0) return length
    if (length === 0) return entries
    entries.push(...directoryEntries(namesBuffer, length))
  }
}

const statfsBuffer = new Uint8Array(120)
const statfsView = new DataView(statfsBuffer.buffer)

export interface HostStatistics {
  readonly type: number
  readonly blockSize: number
  readonly blocks: number
  readonly freeBlocks: number
  readonly files: number
  readonly freeFiles: number
  readonly nameLength: number
}

export function statisticsOf(fd: number): HostStatistics | number {
  const error = call(NR.fstatfs, fd, statfsBuffer)
  if (error < 0) return error
  const word = (at: number): number => Number(statfsView.getBigUint64(at, true))
  return {
    type: word(0),
    blockSize: word(8),
    blocks: word(16),
    freeBlocks: word(24),
    files: word(40),
    freeFiles: word(48),
    nameLength: word(64),
  }
}
