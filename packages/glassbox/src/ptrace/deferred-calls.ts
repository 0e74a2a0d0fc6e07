/**
 * Calls past which the native step goes by itself, both stops, without coming back to JavaScript: those that nobody asked for are skipped, and those of
 * which handlers need no more than the record are told when the program has run on, many at a time: a turn through JavaScript at each stop costs more
 * than the text of a simple call. Only while one tracee runs, nothing is under way with it, and the tracer need not see them either.
 */
import { CALL_SET_BYTES, CALL_SETS_LAYOUT } from '../gate/generated/layouts.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { REVEALING_CALLS } from './cpu-affinity/observing-calls.ts'
import { USER_FAULT_CALLS } from './user-faults.ts'

const CALLS = CALL_SET_BYTES * 8
const RESTART_SYSCALL = syscallNumber('restart_syscall')
/** They change what a tracee is, what it would be shown of itself, or how its memory is to be read. */
const SEEN = ['execve', 'execveat', 'vfork', ...REVEALING_CALLS, ...USER_FAULT_CALLS].map(syscallNumber)

export const NONE_PASSED: Uint8Array = new Uint8Array(0)

/** `isWanted`: somebody asked for it. `mayRunOn`: and needs nothing but its records. */
export function passedCalls(
  isWanted: (nr: number) => boolean,
  mayRunOn: (nr: number) => boolean,
): Uint8Array {
  const sets = new Uint8Array(CALL_SETS_LAYOUT.SIZE)
  const add = (nr: number, first: number): void => {
    const at = first + (nr >> 3)
    sets[at] = (sets[at] ?? 0) | (1 << (nr & 7))
  }
  // It is shown by the name of the call that it goes on with: then all must be known.
  const skips = !isWanted(RESTART_SYSCALL)
  for (let nr = 0; nr < CALLS; nr++) {
    if (SEEN.includes(nr)) continue
    if (!isWanted(nr)) {
      if (skips) add(nr, CALL_SETS_LAYOUT.skipped)
    } else if (mayRunOn(nr)) add(nr, CALL_SETS_LAYOUT.deferred)
  }
  return sets.some(bits => bits !== 0) ? sets : NONE_PASSED
}
