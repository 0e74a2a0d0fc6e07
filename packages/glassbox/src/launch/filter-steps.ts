/** The steps that lay a compiled seccomp filter upon the process that runs them; see seccomp(2). */
import { SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_SET_MODE_FILTER } from '../linux/constants.ts'
import type { PlanBuilder } from '../plan/builder.ts'
import type { Data, Slot } from '../plan/types.ts'

export interface FilterSpec {
  /** An array of sock_filter. */
  readonly bytes: Uint8Array
  /** Whether it reports calls, so that somebody must listen. */
  readonly listens: boolean
}

/** struct sock_fprog: the number of instructions, and a pointer to them. */
export function addFilterSteps(builder: PlanBuilder, filter: Uint8Array, listener: Slot | undefined): void {
  const program = new Uint8Array(16)
  new DataView(program.buffer).setUint16(0, filter.length / 8, true)
  const data: Data = { bytes: program, pointers: [{ offset: 8, to: { bytes: filter } }] }
  builder.call(
    'seccomp',
    [SECCOMP_SET_MODE_FILTER, listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0, data],
    'install the filter',
    listener ? { result: listener } : {},
  )
}
