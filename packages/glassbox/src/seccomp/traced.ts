/**
 * What the filter of a traced box refuses beyond its policy: a child that the kernel would not
 * attach to the tracer, and whose calls no one would then report. In other boxes the leak check of
 * sanitizers uses the flag.
 */
import { CLONE_UNTRACED } from '../linux/constants.ts'
import { anyBit, because, EPERM } from './conditions.ts'
import type { CallRule } from './policy.ts'

export const TRACED_REFUSALS: readonly CallRule[] = because('the child would leave the trace', [
  { syscalls: ['clone'], when: [anyBit(0, CLONE_UNTRACED)], action: EPERM },
])
