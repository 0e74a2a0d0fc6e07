/**
 * Calls past which the native step goes by itself, both stops, without coming back to JavaScript: those that nobody asked for and that the tracer need not
 * see either. Only while there is one tracee, and nothing is under way with it.
 */
import { syscallNumber } from '../linux/syscalls.ts'
import { REVEALING_CALLS } from './revealing.ts'
import { USER_FAULT_CALLS } from './user-faults.ts'

/** A bit for each of the first 512 numbers of x86-64; native/trace.c has the same. */
const BYTES = 64
const RESTART_SYSCALL = syscallNumber('restart_syscall')
/** They change what a tracee is, what it would be shown of itself, or how its memory is to be read. */
const SEEN = ['execve', 'execveat', 'vfork', ...REVEALING_CALLS, ...USER_FAULT_CALLS].map(syscallNumber)

export const NONE_SKIPPED: Uint8Array = new Uint8Array(0)

export function skippedCalls(isWanted: (nr: number) => boolean): Uint8Array {
  // It is shown by the name of the call that it goes on with: then all must be known.
  if (isWanted(RESTART_SYSCALL)) return NONE_SKIPPED
  const bits = new Uint8Array(BYTES)
  for (let nr = 0; nr < BYTES * 8; nr++)
    if (!isWanted(nr) && !SEEN.includes(nr)) bits[nr >> 3] = (bits[nr >> 3] ?? 0) | (1 << (nr & 7))
  return bits
}
