/** The calls of tasks, for the dispatcher. */
import type { Family } from '../family.ts'
import { LIMIT_CALLS } from './limits.ts'
import { PRCTL } from './prctl.ts'
import { PROCESS } from './process.ts'
import { SYSTEM } from './system.ts'

export const TASK_FAMILIES: readonly Family[] = [PROCESS, LIMIT_CALLS, PRCTL, SYSTEM]
