/** The calls about memory that the kernel serves. */
import type { Family } from '../family.ts'
import { ADVISING } from './advise.ts'
import { BARRIER } from './barrier.ts'
import { HEAP } from './heap.ts'
import { LOCKING } from './lock.ts'
import { MAPPING } from './map.ts'
import { OTHER_PROCESS } from './other-process.ts'
import { POLICY } from './policy.ts'
import { PROTECTION } from './protect.ts'
import { REMAPPING } from './remap.ts'
import { RESIDENCY } from './residency.ts'

export const MEMORY_FAMILIES: readonly Family[] = [
  ...[MAPPING, HEAP, PROTECTION, REMAPPING, ADVISING, LOCKING, RESIDENCY],
  ...[OTHER_PROCESS, BARRIER, POLICY],
]
