/** The calls of tasks, for the dispatcher. */
import type { Family } from '../family.ts'
import { CLOCKS } from './time/clocks.ts'
import { CLONE } from './clone.ts'
import { CREDENTIALS } from './credentials.ts'
import { DESCRIPTORS } from './time/descriptors.ts'
import { EXEC } from './exec.ts'
import { FUTEX } from './futex.ts'
import { FUTEX2 } from './futex2.ts'
import { KILL } from './kill.ts'
import { LIMIT_CALLS } from './limits.ts'
import { PRCTL } from './prctl.ts'
import { PROCESS } from './process.ts'
import { REFUSED } from './refused.ts'
import { POLICIES } from './policies.ts'
import { SCHEDULER } from './scheduler.ts'
import { SIGNALS_OF_TASK } from './signal.ts'
import { SLEEP } from './time/sleep.ts'
import { SYSTEM } from './system.ts'
import { TIMERS } from './time/timers.ts'
import { WAIT } from './wait.ts'

export const TASK_FAMILIES: readonly Family[] = [
  ...[PROCESS, CLONE, EXEC, WAIT, KILL, SIGNALS_OF_TASK, FUTEX, FUTEX2, SLEEP, CLOCKS, TIMERS, DESCRIPTORS],
  ...[CREDENTIALS, LIMIT_CALLS, PRCTL, POLICIES, SCHEDULER, SYSTEM, REFUSED],
]
