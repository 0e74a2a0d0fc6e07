/** Descriptors: opened by one instead of by a name that somebody may change, written to, and closed whatever happens. */
import { writeSync } from 'node:fs'
import { F_GETFL, F_SETFL, O_CLOEXEC, O_NONBLOCK } from '../linux/constants.ts'
import { OPEN_HOW_BYTES } from '../linux/structs.ts'
import { call, cString } from './gate.ts'

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

/** Takes O_NONBLOCK away, with which a file was opened so that opening it waits for nobody. */
export function makeBlocking(fd: number): void {
  call('fcntl', [fd, F_SETFL, call('fcntl', [fd, F_GETFL]) & ~O_NONBLOCK])
}

/** All of `bytes`, from where the descriptor stands. */
export function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at)
}

/** As closeSync(), at a tenth of its cost. */
export function close(fd: number): void {
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

/** Keeps a descriptor that `use` has worked on; closes it where that failed. */
export function keepDescriptor<T>(fd: number, use: (fd: number) => T): T {
  try {
    return use(fd)
  } catch (error) {
    close(fd)
    throw error
  }
}
