/**
 * The CPUs on which a thread may run: sched_setaffinity(2). Masks are bytes in the kernel's
 * layout.
 */
import { syscall } from './gate.ts'
import { syscallNumber } from '../linux/syscalls.ts'

const SET = syscallNumber('sched_setaffinity')
const GET = syscallNumber('sched_getaffinity')
const GETCPU = syscallNumber('getcpu')
/** Room for 8 192 CPUs, the most that Linux supports. */
const MOST_BYTES = 1024
const room = new Uint8Array(MOST_BYTES)
const cpu = new Uint32Array(1)

/** The mask of a thread (0: the calling one); `undefined` if the thread has ended. */
export function affinity(tid: number): Uint8Array | undefined {
  const length = syscall(GET, tid, MOST_BYTES, room)
  return length > 0 ? room.slice(0, length) : undefined
}

/**
 * Sets the mask of a thread. Returns false if the thread has ended or the kernel refuses the
 * mask.
 */
export function setAffinity(tid: number, mask: Uint8Array): boolean {
  return syscall(SET, tid, mask.length, mask) === 0
}

export function currentCpu(): number {
  return syscall(GETCPU, cpu, 0, 0) === 0 ? (cpu[0] ?? 0) : 0
}

export const hasCpu = (mask: Uint8Array, number: number): boolean =>
  ((mask[number >> 3] ?? 0) & (1 << (number & 7))) !== 0

export function onlyCpu(number: number, length: number): Uint8Array {
  const mask = new Uint8Array(length)
  mask[number >> 3] = 1 << (number & 7)
  return mask
}

export function withoutCpu(mask: Uint8Array, number: number): Uint8Array {
  const rest = mask.slice()
  rest[number >> 3] = (rest[number >> 3] ?? 0) & ~(1 << (number & 7))
  return rest
}

/** The number of CPUs in a mask. */
export function cpuCount(mask: Uint8Array): number {
  let count = 0
  for (const byte of mask) for (let bits = byte; bits !== 0; bits &= bits - 1) count++
  return count
}
