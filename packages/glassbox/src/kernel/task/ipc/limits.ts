/** The limits of System V IPC: those that Linux begins with, and what the kernel may hold. */

/** Segments, sets and queues of a world. */
export const SEGMENTS = 4096
export const SETS = 32_000
export const QUEUES = 32_000
/** The largest segment in bytes, and the most pages of all together: ULONG_MAX − 2^24. */
export const SEGMENT_BYTES: number = 2 ** 64 - 2 ** 24
/** Semaphores of a set, of all sets; operations of a call; the largest value and adjustment. */
export const SET_SIZE = 32_000
export const SEMAPHORES: number = SETS * SET_SIZE
export const OPERATIONS = 500
export const SEMAPHORE_VALUE = 32_767
/** Bytes of a message, and of all messages of a new queue. */
export const MESSAGE_BYTES = 8192
export const QUEUE_BYTES = 16_384

/** What sets and messages of a world may take of the kernel's memory: Linux allows gigabytes. */
const KERNEL_BYTES = 64 * 1024 * 1024

/** Memory of the kernel that guests fill: each `take` has its `give`. */
export class HeldMemory {
  #bytes = 0

  /** False, and nothing is taken, if it is more than the kernel may hold: ENOMEM. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > KERNEL_BYTES) return false
    this.#bytes += bytes
    return true
  }

  give(bytes: number): void {
    this.#bytes -= bytes
  }
}
