/**
 * Which programs a container can be used again after. Files, IPC objects, processes, counters of the network and what init
 * hands on are looked at or replaced; keys are refused by the guard. Without a policy a program may make calls that nobody
 * thought of when that list was made.
 */
import { compileFilter } from './filter.ts'
import type { Policy } from '../../seccomp/policy.ts'

/** Throws where it is no policy. */
export function leavesNothingUnseen(policy: Policy | null | undefined): boolean {
  compileFilter(policy)
  return policy !== null
}
