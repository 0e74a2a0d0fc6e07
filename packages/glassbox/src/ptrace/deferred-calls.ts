/**
 * Calls past which the native step goes by itself, both stops, without coming back to JavaScript:
 * those that nobody asked for are skipped, and those of which handlers need no more than the
 * record are told when the program has run on, many at a time: a turn through JavaScript at each
 * stop costs more than the text of a simple call. Only while one tracee runs, nothing is under way
 * with it, and the tracer need not see them either.
 */
import { syscallNumber } from '../linux/syscalls.ts'
import { OBSERVING_CALLS } from './cpu-affinity/observing-calls.ts'
import { USER_FAULT_CALLS } from './tracee/user-faults.ts'

/**
 * A bit for each of the first 512 numbers of x86-64, twice: the skipped ones, then those that are
 * told later. native/trace.c has the same.
 */
const CALLS = 512
const BYTES = CALLS / 8
const RESTART_SYSCALL = syscallNumber('restart_syscall')
/**
 * They change what a tracee is, what it would be shown of itself, or how its memory is to be read.
 */
const SEEN = ['execve', 'execveat', 'vfork', ...OBSERVING_CALLS, ...USER_FAULT_CALLS].map(syscallNumber)

export const NONE_DEFERRED: Uint8Array = new Uint8Array(0)

/** `isWanted`: somebody asked for it. `mayDefer`: and needs nothing but its records. */
export function deferredCalls(
  isWanted: (nr: number) => boolean,
  mayDefer: (nr: number) => boolean,
): Uint8Array {
  const sets = new Uint8Array(BYTES * 2)
  const add = (nr: number, first: number): void => {
    const at = first + (nr >> 3)
    sets[at] = (sets[at] ?? 0) | (1 << (nr & 7))
  }
  // It is shown by the name of the call that it goes on with: then all must be known.
  const skips = !isWanted(RESTART_SYSCALL)
  for (let nr = 0; nr < CALLS; nr++) {
    if (SEEN.includes(nr)) continue
    if (!isWanted(nr)) {
      if (skips) add(nr, 0)
    } else if (mayDefer(nr)) add(nr, BYTES)
  }
  return sets.some(bits => bits !== 0) ? sets : NONE_DEFERRED
}
