/**
 * The gate of the kernel's ptrace platform: native/guest.c. Results are numbers, negative for
 * -errno; nothing throws. The numbers of pages, descriptors and stops come from native/guest.h.
 */
import { addon } from './addon.ts'

export {
  GUEST_BATCH_LAYOUT,
  GUEST_COMMAND_LAYOUT,
  GUEST_MODE,
  GUEST_RECORD_LAYOUT,
  GUEST_RESUME_LAYOUT,
  GUEST_STOP,
  STUB_CACHE_FD,
  STUB_CODE,
  STUB_PAGE,
  STUB_PAGE_BYTES,
  STUB_PAGE_FD,
  STUB_WORLD_FD,
} from './generated/layouts.ts'

/**
 * Resumes `count` threads, waits for a stop and takes all that are there. `running`: how many run
 * then; `only`: the one that runs, or -1. With WNOHANG among the options it does not wait. Returns
 * the number of records; -EINTR if it was woken.
 */
export function guestStep(
  resumes: Int32Array,
  count: number,
  records: Int32Array,
  running: number,
  only: number,
  wake: Int32Array,
  options: number,
): number {
  return addon().guestStep(resumes, count, records, running, only, wake, options)
}

/** Sends a stopped thread through the commands of its stub. 0, or -errno if it died or refused. */
export const guestBatch = (tid: number, registers: Int32Array, result: Int32Array): number =>
  addon().guestBatch(tid, registers, result)

/** Reads the extended state of a stopped thread; returns its length. */
export const readExtended = (tid: number, bytes: Uint8Array): number => addon().guestExtended(tid, bytes, 0)

export const writeExtended = (tid: number, bytes: Uint8Array): number => addon().guestExtended(tid, bytes, 1)

/**
 * Waits until one of the descriptors (struct pollfd) is ready, or the time is over (negative: no
 * limit). Returns how many are ready; -EINTR if it was woken.
 */
export const guestSleep = (descriptors: Int32Array, ns: number, wake: Int32Array): number =>
  addon().guestSleep(descriptors, ns, wake)

/**
 * A timer of CLOCK_MONOTONIC that sets this word and ends the steps of the calling thread. The
 * word's memory has to stay until the timer is deleted.
 */
export const guestTimer = (wake: Int32Array): number => addon().guestTimer(wake)

/** A shared mapping of a file. It is unmapped when the ArrayBuffer is collected. */
export const mapMemory = (fd: number, offset: number, length: number): ArrayBuffer | number =>
  addon().mapMemory(fd, offset, length)
