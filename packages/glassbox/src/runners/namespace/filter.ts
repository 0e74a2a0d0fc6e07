/** The seccomp filter of a job, from its policy. */
import type { FilterSpec } from '../../launch/filter-steps.ts'
import { MAP_ANONYMOUS, MAP_PRIVATE } from '../../linux/constants.ts'
import { compilePolicy } from '../../seccomp/compile.ts'
import { permits } from '../../seccomp/forbids.ts'
import type { Action, Policy } from '../../seccomp/policy.ts'
import type { JobTerms } from '../../job/job.ts'

export interface Filter extends FilterSpec {
  /** What it was compiled from. */
  readonly policy: Policy
  /** Whether it lets a prepared child become the program: then it can be laid on before the program is known. */
  readonly early: boolean
}

/** Address 0, a page's worth or more (no rule asks), read and write, private and anonymous. */
const PRIVATE_MEMORY = [0n, 4096n, 3n, BigInt(MAP_PRIVATE | MAP_ANONYMOUS)]

/** What a prepared child does between its last preparations and execve, and after a failure; see native/init.c, launch-plan.ts. */
const STILL_TO_DO: Readonly<Record<string, readonly bigint[]>> = {
  ...{ sendto: [], recvmsg: [], recvfrom: [], mmap: PRIVATE_MEMORY, munmap: [], fcntl: [], close: [] },
  ...{
    dup2: [],
    close_range: [],
    openat2: [],
    fchdir: [],
    prlimit64: [0n],
    clock_gettime: [],
    execve: [],
    exit_group: [],
  },
}

const compiled = new WeakMap<Policy, Filter>()

/**
 * What a checked policy says, compiled once. "kill" becomes a report to init, which kills with the evidence in hand; so do calls
 * of another ABI, whose numbers no policy speaks of.
 */
export function compileFilter(policy: Policy | null): Filter | undefined {
  if (policy === null) return undefined
  const before = compiled.get(policy)
  if (before) return before
  const filter = {
    policy,
    bytes: compilePolicy(reportKills(policy), { foreign: { kind: 'notify' } }),
    listens: true,
    early: Object.entries(STILL_TO_DO).every(([call, known]) => permits(policy, call, known)),
  }
  compiled.set(policy, filter)
  return filter
}

/** The filter of a job. What makes a program traced must not be refused: its filter comes at the very last. */
export function filterOf({ policy, trace }: Pick<JobTerms, 'policy' | 'trace'>): Filter | undefined {
  const filter = compileFilter(policy)
  return filter && trace ? { ...filter, early: false } : filter
}

export function reportKills({ rules, otherwise }: Policy): Policy {
  const report = (action: Action): Action => (action.kind === 'kill' ? { kind: 'notify' } : action)
  return {
    rules: rules.map(rule => ({ ...rule, action: report(rule.action) })),
    otherwise: report(otherwise),
  }
}
