/**
 * Which programs leave something behind that no clean-up can see. Files, IPC objects, processes,
 * network counters and what init hands on are compared or replaced; keys are refused by the guard.
 * Without a policy a program may make calls that were not thought of when that list was made.
 */
import type { Policy } from '../../seccomp/policy.ts'

export const leavesNothingUnseen = (policy: Policy | null): boolean => policy !== null
