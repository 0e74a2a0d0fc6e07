/**
 * The bytes that pipes and sockets hold for their readers, beside a little that each may always
 * hold: /proc/sys/fs/pipe-user-pages-soft. They are memory of the kernel, not of the world, so
 * they have a limit of their own, whatever the number of descriptors is.
 */
const MOST_BYTES = 16_384 * 4096

let held = 0

/** Whether so many bytes more are within the limit. */
export const mayHold = (bytes: number): boolean => held + bytes <= MOST_BYTES

/** Adds to what is held, or takes away from it. */
export function holds(bytes: number): void {
  held += bytes
}
