/** The seccomp filter of a job, from its policy. */
import type { FilterSpec } from '../../launch/filter-steps.ts'
import { F_DUPFD_CLOEXEC, MAP_ANONYMOUS, MAP_PRIVATE } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { BOX_DIRECTORY } from '../../job/box-layout.ts'
import { compilePolicy } from '../../seccomp/compile.ts'
import { DEFAULT_POLICY } from '../../seccomp/defaults.ts'
import { DEFAULT_FILTER, DEFAULT_FILTER_IS_EARLY } from '../../seccomp/generated/default-filter.ts'
import { permits } from '../../seccomp/permits.ts'
import { GUARD, GUARD_I386, guarded, NO_FILTERS, withRefusals } from '../../seccomp/guard.ts'
import type { Action, Policy } from '../../seccomp/policy.ts'
import type { JobTerms } from '../../job/job.ts'

export interface Filter extends FilterSpec {
  /** What it was compiled from. */
  readonly policy: Policy
  /**
   * Whether it lets a prepared child become the program: then it can be laid on before the program
   * is known.
   */
  readonly early: boolean
}

/** Address 0, a page's worth or more (no rule asks), read and write, private and anonymous. */
const PRIVATE_MEMORY = [0n, 4096n, 3n, BigInt(MAP_PRIVATE | MAP_ANONYMOUS)]

/**
 * What a prepared child does between its last preparations and execve, and after a failure; see
 * native/init.c, launch-plan.ts.
 */
const STILL_TO_DO: Readonly<Record<string, readonly bigint[]>> = {
  ...{ sendto: [], recvmsg: [], recvfrom: [], mmap: PRIVATE_MEMORY, munmap: [], close: [] },
  ...{
    fcntl: [0n, BigInt(F_DUPFD_CLOEXEC)],
    dup2: [],
    close_range: [],
    prlimit64: [0n],
    clock_gettime: [],
    execve: [],
    exit_group: [],
  },
}

const NO_POLICY: Policy = { rules: GUARD, otherwise: { kind: 'allow' } }
let guardAlone: Filter | undefined

/**
 * What is left of a filter where the caller wants none: calls of i386 are as welcome as others.
 * x32 is not. Made when it is first asked for.
 */
function onlyGuard(): Filter {
  guardAlone ??= {
    policy: NO_POLICY,
    bytes: compilePolicy(NO_POLICY, {
      foreign: { kind: 'errno', errno: ERRNO.ENOSYS },
      i386: { ...NO_POLICY, rules: GUARD_I386 },
    }),
    listens: false,
    early: true,
  }
  return guardAlone
}

const compiled = new WeakMap<Policy, Filter>()

/** What a checked policy says, compiled once, and never less than the guard. */
export function compileFilter(policy: Policy | null): Filter {
  if (policy === null) return onlyGuard()
  const before = compiled.get(policy)
  if (before) return before
  const filter = policy === DEFAULT_POLICY ? compiledDefault() : compileAnew(policy)
  compiled.set(policy, filter)
  return filter
}

const compiledDefault = (): Filter => ({
  policy: DEFAULT_POLICY,
  bytes: Buffer.from(DEFAULT_FILTER, 'base64'),
  listens: true,
  early: DEFAULT_FILTER_IS_EARLY,
})

/**
 * "kill" becomes a report to init, which kills with the evidence in hand; so do calls of another
 * ABI, whose numbers no policy speaks of.
 */
export function compileAnew(policy: Policy): Filter {
  const kept = guarded(kills(policy) ? withRefusals(policy, NO_FILTERS) : policy)
  return {
    policy,
    bytes: compilePolicy(reportKills(kept), { foreign: { kind: 'notify' } }),
    listens: true,
    early: Object.entries(STILL_TO_DO).every(([call, known]) => permits(kept, call, known)),
  }
}

/**
 * The filter of a job. What makes a program traced must not be refused, nor how it gets to another
 * directory than that of the box: its filter comes at the very last.
 */
export function filterOf({ policy, trace, cwd }: Pick<JobTerms, 'policy' | 'trace' | 'cwd'>): Filter {
  const filter = compileFilter(policy)
  return trace || cwd !== BOX_DIRECTORY ? { ...filter, early: false } : filter
}

const kills = ({ rules, otherwise }: Policy): boolean =>
  [...rules.map(({ action }) => action), otherwise].some(({ kind }) => kind === 'kill' || kind === 'notify')

export function reportKills({ rules, otherwise }: Policy): Policy {
  const report = (action: Action): Action => (action.kind === 'kill' ? { kind: 'notify' } : action)
  return {
    rules: rules.map(rule => ({ ...rule, action: report(rule.action) })),
    otherwise: report(otherwise),
  }
}
