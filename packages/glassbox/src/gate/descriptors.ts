/**
 * Opens, writes and closes descriptors. Files are opened beneath the descriptor of a directory, so
 * no name above it can be exchanged meanwhile.
 */
import { writeSync } from 'node:fs'
import { F_GETFL, F_SETFL, O_CLOEXEC, O_NONBLOCK } from '../linux/constants.ts'
import { OPEN_HOW_BYTES } from '../linux/open-how.ts'
import { addon } from './addon.ts'
import { call, cString } from './gate.ts'

export interface OpenHow {
  readonly flags: number
  readonly mode?: number
  /** How the path is resolved: `RESOLVE_*`. */
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

/**
 * Hands a descriptor over to `take`, which makes a stream of Node of it; the stream closes it. If
 * `take` throws, the descriptor still belongs to the caller.
 *
 * Descriptors that raw calls open need no other care for the end of a thread: a worker that is
 * terminated closes them (`native/owned.c`).
 *
 * @example
 * const socket = handOver(fd, fd => new Socket({ fd }))
 */
export function handOver<T>(fd: number, take: (fd: number) => T): T {
  addon().handOver(fd)
  const taker = take(fd)
  addon().handOver(-1)
  return taker
}

/**
 * Closes a descriptor that a raw call opened. It costs a tenth of closeSync(), which in a worker
 * also warns about descriptors that `fs` has not opened.
 */
export function close(fd: number): void {
  call('close', [fd])
}

/** Runs `use` with a descriptor and closes it, also if `use` throws. */
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
