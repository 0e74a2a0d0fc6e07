/**
 * Calls at which the native step restarts the tracee itself, at entry and exit, without returning
 * to JavaScript. Calls that were not asked for are skipped. Calls of which handlers need only the
 * record are deferred: the handlers are called for many of them at once, after the program has
 * run on. A return to JavaScript at each stop costs more than formatting a simple call. This is
 * done only while one tracee runs, the trace is neither starting nor ending, and the tracer does
 * not need to see the call itself.
 */
import { CALL_SET_BYTES, CALL_SETS_LAYOUT } from '../gate/generated/layouts.ts'
import { syscallNumber } from '../linux/syscalls.ts'
import { OBSERVING_CALLS } from './cpu-affinity/observing-calls.ts'
import { USER_FAULT_CALLS } from './tracee/user-faults.ts'

/**
 * The lowest call numbers of x86-64: one bit for each, in the set of skipped and the set of
 * deferred calls.
 */
const CALLS = CALL_SET_BYTES * 8
const RESTART_SYSCALL = syscallNumber('restart_syscall')
/**
 * The tracer must see these: they change what a tracee is, what it would see of itself, or how
 * its memory must be read.
 */
const SEEN = ['execve', 'execveat', 'vfork', ...OBSERVING_CALLS, ...USER_FAULT_CALLS].map(syscallNumber)

export const NONE_DEFERRED: Uint8Array = new Uint8Array(0)

/**
 * `isWanted`: whether handlers are called for it. `mayDefer`: whether they then need only its
 * records.
 */
export function deferredCalls(
  isWanted: (nr: number) => boolean,
  mayDefer: (nr: number) => boolean,
): Uint8Array {
  const sets = new Uint8Array(CALL_SETS_LAYOUT.SIZE)
  const add = (nr: number, first: number): void => {
    const at = first + (nr >> 3)
    sets[at] = (sets[at] ?? 0) | (1 << (nr & 7))
  }
  // restart_syscall is shown under the name of the call that it resumes, so every call must be
  // known.
  const skips = !isWanted(RESTART_SYSCALL)
  for (let nr = 0; nr < CALLS; nr++) {
    if (SEEN.includes(nr)) continue
    if (!isWanted(nr)) {
      if (skips) add(nr, CALL_SETS_LAYOUT.skipped)
    } else if (mayDefer(nr)) add(nr, CALL_SETS_LAYOUT.deferred)
  }
  return sets.some(bits => bits !== 0) ? sets : NONE_DEFERRED
}
