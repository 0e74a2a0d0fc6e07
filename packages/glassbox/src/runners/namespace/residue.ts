/**
 * Which programs a container can be used again after. Files, IPC objects, processes, counters of the network and what init
 * hands on are looked at or replaced; keyrings are kept by user id in the kernel, where nobody but that user may look.
 */
import { compileFilter, type Filter } from './filter.ts'
import { forbids } from '../../seccomp/forbids.ts'
import type { Policy } from '../../seccomp/policy.ts'

/** Calls that leave something behind which no clean-up of ours can see. */
const UNSEEN = ['add_key', 'request_key', 'keyctl']

const answers = new WeakMap<Filter, boolean>()

/** Throws where it is no policy. */
export function leavesNothingUnseen(policy: Policy | null | undefined): boolean {
  const filter = compileFilter(policy)
  if (!filter) return false
  const known = answers.get(filter)
  if (known !== undefined) return known
  const answer = UNSEEN.every(call => forbids(filter.policy, call))
  answers.set(filter, answer)
  return answer
}
