/** Structs of time in guest memory, and arrays of strings. */
import { E2BIG, EFAULT, EINVAL } from '../../../linux/errno-numbers.ts'
import type { UserMemory } from '../../mm/user-memory.ts'

const SECOND = 1_000_000_000

/**
 * A struct timespec as nanoseconds; −EFAULT or −EINVAL. Far times are Infinity, in effect never.
 */
export function readTimespec(memory: UserMemory, address: number): number {
  const seconds = memory.readInt64(address)
  const nanoseconds = memory.readInt64(address + 8)
  if (Number.isNaN(seconds) || Number.isNaN(nanoseconds)) return -EFAULT
  if (seconds < 0 || nanoseconds < 0 || nanoseconds >= SECOND) return -EINVAL
  return seconds >= MOST_SECONDS ? Infinity : seconds * SECOND + nanoseconds
}

/** A struct timeval as nanoseconds; −EFAULT or −EINVAL. */
export function readTimeval(memory: UserMemory, address: number): number {
  const seconds = memory.readInt64(address)
  const microseconds = memory.readInt64(address + 8)
  if (Number.isNaN(seconds) || Number.isNaN(microseconds)) return -EFAULT
  if (seconds < 0 || microseconds < 0 || microseconds >= 1_000_000) return -EINVAL
  return seconds >= MOST_SECONDS ? Infinity : seconds * SECOND + microseconds * 1000
}

/** About 285 years: nanoseconds beyond are not exact, and no program waits so long. */
const MOST_SECONDS = 9_000_000_000

/** Two words: seconds, and the rest in a unit of so many nanoseconds. */
function writeTime(memory: UserMemory, address: number, ns: number, unit: number): number {
  const whole = ns === Infinity ? 0 : Math.max(0, Math.floor(ns))
  const seconds = Math.floor(whole / SECOND)
  const error = memory.writeInt64(address, seconds)
  return error === 0 ? memory.writeInt64(address + 8, Math.floor((whole - seconds * SECOND) / unit)) : error
}

export const writeTimespec = (memory: UserMemory, address: number, ns: number): number =>
  writeTime(memory, address, ns, 1)

export const writeTimeval = (memory: UserMemory, address: number, ns: number): number =>
  writeTime(memory, address, ns, 1000)

/** MAX_ARG_STRLEN. */
const LONGEST_STRING = 131_072
const MOST_STRINGS = 0x7fff_ffff
const scratch = new Uint8Array(LONGEST_STRING)

/**
 * One string without its NUL. Longer ones are −E2BIG (−ENAMETOOLONG of a path is the caller's).
 */
export function readBytes(memory: UserMemory, address: number): Uint8Array | number {
  const length = memory.readString(address, scratch)
  if (length === -EFAULT) return -EFAULT
  return length < 0 ? -E2BIG : scratch.slice(0, length)
}

/** argv and envp: pointers up to a null one. A null array is an empty one. */
export function readStrings(memory: UserMemory, address: number, mostBytes: number): Uint8Array[] | number {
  const strings: Uint8Array[] = []
  if (address === 0) return strings
  let bytes = 0
  for (let i = 0; i < MOST_STRINGS; i++) {
    const pointer = memory.readInt64(address + 8 * i)
    if (Number.isNaN(pointer)) return -EFAULT
    if (pointer === 0) return strings
    const string = readBytes(memory, pointer)
    if (typeof string === 'number') return string
    bytes += string.length + 9
    if (bytes > mostBytes) return -E2BIG
    strings.push(string)
  }
  return -E2BIG
}
