/**
 * Calls past which the native step goes by itself, both stops, without coming back to JavaScript:
 * calls that were not asked for are skipped, and calls of which handlers need no more than the
 * record are deferred: handlers hear of them, many at a time, when the program has run on. A turn
 * through JavaScript at each stop costs more than the text of a simple call. It is done only while
 * one tracee runs that is neither being started nor ended, and for calls that the tracer itself
 * need not see.
 */
import { CALL_SET_BYTES, CALL_SETS_LAYOUT } from '../gate/generated/layouts.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { OBSERVING_CALLS } from './cpu-affinity/observing-calls.ts'
import { USER_FAULT_CALLS } from './tracee/user-faults.ts'

/** The first numbers of x86-64: a bit for each, for the skipped and for the deferred ones. */
const CALLS = CALL_SET_BYTES * 8
const RESTART_SYSCALL = syscallNumber('restart_syscall')
/**
 * They change what a tracee is, what it would be shown of itself, or how its memory is to be read.
 */
const SEEN = ['execve', 'execveat', 'vfork', ...OBSERVING_CALLS, ...USER_FAULT_CALLS].map(syscallNumber)

export const NONE_DEFERRED: Uint8Array = new Uint8Array(0)

/** `isWanted`: handlers are told of it. `mayDefer`: and they need nothing but its records. */
export function deferredCalls(
  isWanted: (nr: number) => boolean,
  mayDefer: (nr: number) => boolean,
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
    } else if (mayDefer(nr)) add(nr, CALL_SETS_LAYOUT.deferred)
  }
  return sets.some(bits => bits !== 0) ? sets : NONE_DEFERRED
}
