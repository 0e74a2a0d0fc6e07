/** The calls about memory that the kernel serves. */
import type { Family } from '../family.ts'
import { HEAP } from './heap.ts'
import { MAPPING } from './map.ts'
import { PROTECTION } from './protect.ts'

export const MEMORY_FAMILIES: readonly Family[] = [MAPPING, HEAP, PROTECTION]
