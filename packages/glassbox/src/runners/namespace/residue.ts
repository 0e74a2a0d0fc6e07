/**
 * Which programs leave something behind that no clean-up can see. Files, IPC objects, processes, network counters and what init
 * hands on are compared or replaced; keyrings are kept by user id in the kernel, and only that user may look at them.
 */
import { compileFilter, type Filter } from './filter.ts'
import { forbids } from '../../seccomp/forbids.ts'
import type { Policy } from '../../seccomp/policy.ts'

/** Calls that leave something behind which no clean-up of ours can see. */
const UNSEEN = ['add_key', 'request_key', 'keyctl']

const answers = new WeakMap<Filter, boolean>()

export function leavesNothingUnseen(policy: Policy | null): boolean {
  const filter = compileFilter(policy)
  if (!filter) return false
  const known = answers.get(filter)
  if (known !== undefined) return known
  const answer = UNSEEN.every(call => forbids(filter.policy, call))
  answers.set(filter, answer)
  return answer
}
