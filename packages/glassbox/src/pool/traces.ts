/**
 * Which programs a container can be used again after. Files, IPC objects, processes, counters of the network and what init
 * hands on are looked at or replaced; keyrings are kept by user id in the kernel, where nobody but that user may look.
 */
import { DEFAULT_POLICY } from '../seccomp/defaults.ts'
import { forbids } from '../seccomp/forbids.ts'
import type { Policy } from '../seccomp/policy.ts'
import { validatePolicy } from '../seccomp/validate.ts'

/** Calls that leave something behind which no clean-up of ours can see. */
const UNSEEN = ['add_key', 'request_key', 'keyctl']

/** Throws where it is no policy. */
export function leavesNothingUnseen(policy: Policy | null | undefined): boolean {
  if (policy === null) return false
  const checked = policy === undefined ? DEFAULT_POLICY : validatePolicy(policy)
  return UNSEEN.every(call => forbids(checked, call))
}
