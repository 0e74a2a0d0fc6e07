/** The calls of System V IPC and of POSIX message queues, for the dispatcher. */
import type { Family } from '../family.ts'
import { MESSAGES } from './messages.ts'
import { POSIX_MESSAGES } from './posix-messages.ts'
import { SEMAPHORES_OF_SETS } from './semaphores.ts'
import { SHARED_MEMORY } from './shared-memory.ts'

export const IPC_FAMILIES: readonly Family[] = [SHARED_MEMORY, SEMAPHORES_OF_SETS, MESSAGES, POSIX_MESSAGES]
