/**
 * From a job to what the supervisor starts: every path is one of the host's, and the policy has
 * become a filter, decisions and a Landlock ruleset.
 */
import { realpathSync } from 'node:fs'
import type { Job } from '../../job/job.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import type { CallDecision, CallToDecide } from '../../policy/policy.ts'
import type { Owner } from '../../stdio/pipe.ts'
import type { ProgramSpec } from '../../supervisor/contract.ts'
import { environment, placed } from './place.ts'
import { policyOf, wallOf } from './policy-terms.ts'
import { filterOf } from './filter.ts'
import type { LandlockSpec } from '../../landlock/types.ts'

/** The private directory, as programs see it. */
export interface Place {
  readonly work: string
  readonly owner: Owner | undefined
}

export interface ProgramTerms {
  /** All but its streams and the ruleset, which are descriptors. */
  readonly program: Omit<ProgramSpec, 'stdio' | 'ruleset'>
  /** The ruleset to make; undefined if the kernel has no Landlock and the policy needs none. */
  readonly wall: LandlockSpec | undefined
  readonly ask: (handler: number, call: CallToDecide) => CallDecision | Promise<CallDecision>
}

/** Looks at the program file, and starts nothing. */
export function programOf(job: Job, { net }: Pick<ResolvedBox, 'net'>, { work, owner }: Place): ProgramTerms {
  const { argv, limits } = job
  const path = placed(job.path, work)
  const policy = policyOf(job.policy, { work, program: realPath(path) })
  const { filter, decisions, handlers } = filterOf(policy, { net, limits })
  return {
    program: {
      path,
      argv,
      env: environment(job.env, work),
      cwd: placed(job.cwd, work),
      ...(owner ? { user: owner } : {}),
      limits,
      filter,
      decisions,
    },
    wall: wallOf(policy, work, path),
    ask: (handler, call) => handlers[handler]?.(call) ?? 'kill',
  }
}

/** The file without links. If it does not exist, execve will report that. */
function realPath(path: string): string {
  try {
    return realpathSync.native(path)
  } catch {
    return path
  }
}
