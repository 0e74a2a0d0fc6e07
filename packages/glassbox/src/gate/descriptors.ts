/**
 * Descriptors: opened beneath a directory's descriptor, so that no name can be exchanged
 * meanwhile; written; closed.
 */
import { writeSync } from 'node:fs'
import { F_GETFL, F_SETFL, O_CLOEXEC, O_NONBLOCK } from '../linux/constants.ts'
import { OPEN_HOW_BYTES } from '../linux/structs.ts'
import { addon } from './addon.ts'
import { call, cString } from './gate.ts'
import { isMainThread } from './thread.ts'

export interface OpenHow {
  readonly flags: number
  readonly mode?: number
  /** Which names are followed: `RESOLVE_*`. */
  readonly resolve: number
}

/** openat2(2), Linux 5.6. The descriptor is not inherited by children. */
export function openat2(directory: number, path: string, { flags, mode = 0, resolve }: OpenHow): number {
  const how = BigUint64Array.of(BigInt(flags | O_CLOEXEC), BigInt(mode), BigInt(resolve))
  return call('openat2', [directory, cString(path), how, OPEN_HOW_BYTES], path)
}

/**
 * Removes O_NONBLOCK from a file that was opened with it, so that opening it waited for no other
 * process.
 */
export function makeBlocking(fd: number): void {
  call('fcntl', [fd, F_SETFL, call('fcntl', [fd, F_GETFL]) & ~O_NONBLOCK])
}

/**
 * Writes all of `bytes` at the descriptor's position. For regular files, and files of memory,
 * only: they take bytes without waiting for another process. A pipe or a socket could hold the
 * event loop until its reader reads.
 */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

/** `native/close-at-exit.c` is the other side. */
const FLAGS = 65_536
let flags: Uint8Array | undefined

/**
 * Marks a descriptor as this thread's: a worker that is terminated runs no JavaScript again, and
 * closes it then. To be called for what was opened by a raw call and is held while other things
 * happen. Returns `fd`.
 */
export function ownDescriptor(fd: number): number {
  if (isMainThread() || fd >= FLAGS) return fd
  if (!flags) addon().closeAtExit((flags = new Uint8Array(FLAGS)))
  flags[fd] = 1
  return fd
}

/**
 * To be called before a descriptor is given to a stream of Node's, which closes it from then on.
 * Returns `fd`.
 */
export function disownDescriptor(fd: number): number {
  if (flags) flags[fd] = 0
  return fd
}

/**
 * Closes what was opened by a raw call; at a tenth of the cost of closeSync(), which in a worker
 * warns of descriptors that `fs` has not opened.
 */
export function close(fd: number): void {
  disownDescriptor(fd)
  call('close', [fd])
}

/** Runs `use` with a descriptor and closes it, whatever happens. */
export function withDescriptor<T>(fd: number, use: (fd: number) => T): T {
  try {
    return use(fd)
  } finally {
    close(fd)
  }
}

/** Runs `use` with a descriptor and closes it only if `use` throws. */
export function keepDescriptor<T>(fd: number, use: (fd: number) => T): T {
  try {
    return use(fd)
  } catch (error) {
    close(fd)
    throw error
  }
}
