/**
 * Copies bytes from one open file to another inside the kernel (sendfile(2)), in pieces. The
 * descriptors belong to the caller. Reading starts at offset 0; the position of `from` is neither
 * used nor changed.
 */
import { fstatSync, readSync } from 'node:fs'
import { GlassboxError } from '../../errors.ts'
import { writeAll } from '../../gate/descriptors.ts'
import { syscall, systemError } from '../../gate/gate.ts'
import { ERRNO } from '../../linux/errno.ts'
import { syscallNumber } from '../../linux/syscalls.ts'
import type { Pace } from './pace.ts'

/** About 0.1 ms of work if the file is in memory. */
const PIECE_BYTES = 256 << 10

/**
 * Copies a regular file to the position of `to`. A file of size 0 is read to its end, because
 * files of /proc have that size. Any other file is copied up to its size at the start. Resolves
 * with the number of bytes. Rejects if the file shrinks meanwhile.
 */
export async function copyFile(from: number, to: number, pace: Pace): Promise<number> {
  const { size } = fstatSync(from)
  const copied = await copyBytes(from, to, size || Infinity, pace)
  if (copied < size && fstatSync(from).size < size) throw shrunk(size, copied)
  return copied
}

/** Copies at most `most` bytes. Resolves with the number of bytes copied. */
export async function copyBytes(from: number, to: number, most: number, pace: Pace): Promise<number> {
  const position = new BigInt64Array(1)
  let copied = 0
  while (copied < most) {
    const piece = Math.min(most - copied, PIECE_BYTES)
    const moved = syscall(syscallNumber('sendfile'), to, from, position, piece)
    if (moved === -ERRNO.EINVAL && copied === 0) return copyThroughHere(from, to, most, pace)
    if (moved < 0) throw systemError('sendfile', -moved)
    if (moved === 0) break
    copied += moved
    if (copied < most) await pace.rest()
  }
  return copied
}

/** Copies through this process, for files that sendfile(2) refuses, such as some of /proc. */
async function copyThroughHere(from: number, to: number, most: number, pace: Pace): Promise<number> {
  const piece = new Uint8Array(65_536)
  let copied = 0
  while (copied < most) {
    const length = readSync(from, piece, 0, Math.min(piece.length, most - copied), copied)
    if (length === 0) break
    writeAll(to, piece.subarray(0, length))
    copied += length
    await pace.rest()
  }
  return copied
}

/** Writes bytes of this process in pieces. */
export async function writeBytes(to: number, bytes: Uint8Array, pace: Pace): Promise<void> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    if (at > 0) await pace.rest()
    writeAll(to, bytes.subarray(at, at + PIECE_BYTES))
  }
}

/**
 * Reads at most `size` bytes from the beginning. Rejects with a RangeError if that is more than a
 * Uint8Array can hold.
 */
export async function readBytes(from: number, size: number, pace: Pace): Promise<Uint8Array> {
  const bytes = new Uint8Array(size)
  let at = 0
  while (at < size) {
    const length = readSync(from, bytes, at, Math.min(PIECE_BYTES, size - at), at)
    if (length === 0) break
    at += length
    if (at < size) await pace.rest()
  }
  return bytes.subarray(0, at)
}

const shrunk = (size: number, copied: number): GlassboxError =>
  new GlassboxError(
    'ERR_GLASSBOX_FILE',
    `it became shorter while it was copied: ${copied} of ${size} bytes were there`,
    { hint: 'Make sure that no other program changes the file during the copy.' },
  )
