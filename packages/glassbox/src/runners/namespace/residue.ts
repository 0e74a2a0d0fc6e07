/**
 * Whether a program may leave something behind that the clean-up of a pool cannot see. Files, IPC
 * objects, processes, network counters and the state that a child inherits from init are compared
 * or replaced; the guard refuses keys. Without a policy, a program can make calls that this list
 * does not cover.
 */
import type { Job } from '../../job/job.ts'

export const leavesNothingUnseen = (policy: Job['policy']): boolean => policy !== null
