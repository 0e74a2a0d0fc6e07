/** The step that installs a compiled seccomp filter; see seccomp(2). */
import { SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_SET_MODE_FILTER } from '../linux/constants.ts'
import type { PlanBuilder } from '../plan/builder.ts'
import type { Data, Slot } from '../plan/types.ts'

export interface FilterSpec {
  /** An array of sock_filter. */
  readonly bytes: Uint8Array
  /** Whether it reports calls, which a process must then listen for. */
  readonly listens: boolean
}

/**
 * sizeof(struct sock_filter), and of struct sock_fprog: a number of instructions, and a pointer
 * to them.
 */
const INSTRUCTION_BYTES = 8
const PROGRAM = { SIZE: 16, length: 0, filter: 8 } as const

/** Adds the step. `listener` is the slot for the listener of a filter that reports calls. */
export function addFilterSteps(builder: PlanBuilder, filter: Uint8Array, listener?: Slot): void {
  const bytes = new Uint8Array(PROGRAM.SIZE)
  new DataView(bytes.buffer).setUint16(PROGRAM.length, filter.length / INSTRUCTION_BYTES, true)
  const program: Data = { bytes, pointers: [{ offset: PROGRAM.filter, to: { bytes: filter } }] }
  builder.call(
    'seccomp',
    [SECCOMP_SET_MODE_FILTER, listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, program],
    'install the filter',
    listener ? { result: listener } : {},
  )
}
