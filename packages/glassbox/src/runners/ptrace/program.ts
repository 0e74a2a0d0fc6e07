/**
 * From a job to what the supervisor starts: every path is one of the host's, and the policy has
 * become terms.
 */
import type { Job } from '../../job/job.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import type { LandlockSpec } from '../../landlock/types.ts'
import { DECISION } from '../../policy/action-kinds.ts'
import type { CallDecision, CallToDecide } from '../../policy/policy.ts'
import type { Owner } from '../../stdio/pipe.ts'
import type { ProgramSpec } from '../../supervisor/contract.ts'
import { realPath } from '../../supervisor/paths/real-path.ts'
import { environment, placed } from './place.ts'
import { policyTerms } from './policy-terms.ts'

/** The private directory, as programs see it. */
export interface Place {
  readonly work: string
  readonly owner: Owner | undefined
}

export interface ProgramTerms {
  /** All but its streams, its cgroup and the ruleset, which are descriptors. */
  readonly program: Omit<ProgramSpec, 'stdio' | 'ruleset' | 'group'>
  /** The ruleset to make; undefined if there is none. */
  readonly wall: LandlockSpec | undefined
  readonly ask: (handler: number, call: CallToDecide) => CallDecision | Promise<CallDecision>
}

/**
 * Looks at the program file, and starts nothing. `isGrouped`: a cgroup limits the number of
 * processes, so the calls that make one need not stop.
 */
export function programOf(
  job: Job,
  box: Pick<ResolvedBox, 'net'>,
  { work, owner }: Place,
  isGrouped: boolean,
): ProgramTerms {
  const path = placed(job.path, work)
  const countsProcesses = !isGrouped && job.limits.processes !== Infinity
  const terms = policyTerms(job.policy, { ...box, countsProcesses }, { work, program: realPath(path) })
  const { filter, decisions, handlers, wall } = terms
  const { argv, limits } = job
  const places = { env: environment(job.env, work), cwd: placed(job.cwd, work) }
  return {
    program: { path, argv, ...places, ...(owner ? { user: owner } : {}), limits, filter, decisions },
    wall,
    ask: async (handler, call) => {
      const decide = handlers[handler]
      return decide ? DECISION.read(await decide(call), answerAbout(call)) : 'kill'
    },
  }
}

const answerAbout = ({ syscall }: CallToDecide): string => `the handler's answer about ${syscall}`
