/** The seccomp filter of a command, from its policy. */
import type { FilterSpec } from '../../launch/filter-steps.ts'
import { F_DUPFD_CLOEXEC, MAP_ANONYMOUS, MAP_PRIVATE } from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { BOX_DIRECTORY } from '../../run/program.ts'
import { compilePolicy } from '../../seccomp/compile.ts'
import { DEFAULT_POLICY } from '../../seccomp/defaults.ts'
import { permits } from '../../seccomp/permits.ts'
import { GUARD, GUARD_I386, guarded, NO_FILTERS, withRefusals } from '../../seccomp/guard.ts'
import type { Action, Policy } from '../../seccomp/policy.ts'
import { validatePolicy } from '../../seccomp/validate.ts'
import type { CommandOptions } from '../../job/options.ts'

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

/** What is left of a filter where the caller wants none: calls of i386 are as welcome as others. x32 is not. */
const NO_POLICY: Policy = { rules: GUARD, otherwise: { kind: 'allow' } }
const GUARD_ALONE: Filter = {
  policy: NO_POLICY,
  bytes: compilePolicy(NO_POLICY, {
    foreign: { kind: 'errno', errno: ERRNO.ENOSYS },
    i386: { ...NO_POLICY, rules: GUARD_I386 },
  }),
  listens: false,
  early: true,
}

/**
 * What `policy` says, compiled, and never less than the guard. "kill" becomes a report to init, which kills with the evidence in
 * hand; so do calls of another ABI, whose numbers no policy speaks of. A policy is a value: it is compiled once.
 */
export function compileFilter(policy: Policy | null | undefined): Filter {
  if (policy === null) return GUARD_ALONE
  const chosen = policy ?? DEFAULT_POLICY
  const before = compiled.get(chosen)
  if (before && isUnchanged(chosen, before)) return before.filter
  const checked = policy === undefined ? chosen : validatePolicy(policy)
  const kept = guarded(kills(checked) ? withRefusals(checked, NO_FILTERS) : checked)
  const filter = {
    policy: checked,
    bytes: compilePolicy(reportKills(kept), { foreign: { kind: 'notify' } }),
    listens: true,
    early: Object.entries(STILL_TO_DO).every(([call, known]) => permits(kept, call, known)),
  }
  compiled.set(chosen, { filter, text: textOf(chosen) })
  return filter
}

/**
 * The filter of a command. What makes a program traced must not be refused, nor how it gets to another directory than that of
 * the box: its filter comes at the very last.
 */
export function filterOf({ policy, trace, cwd = BOX_DIRECTORY }: CommandOptions): Filter {
  const filter = compileFilter(policy)
  return trace || cwd !== BOX_DIRECTORY ? { ...filter, early: false } : filter
}

const kills = ({ rules, otherwise }: Policy): boolean =>
  [...rules.map(({ action }) => action), otherwise].some(({ kind }) => kind === 'kill' || kind === 'notify')

interface Compiled {
  readonly filter: Filter
  readonly text: string
}

const compiled = new WeakMap<Policy, Compiled>()

/** Numbers of conditions may be bigint. */
const textOf = (policy: Policy): string =>
  JSON.stringify(policy, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))

/** A caller's object may be changed between two runs; ours is not. */
const isUnchanged = (policy: Policy, { text }: Compiled): boolean =>
  policy === DEFAULT_POLICY || textOf(policy) === text

export function reportKills({ rules, otherwise }: Policy): Policy {
  const report = (action: Action): Action => (action.kind === 'kill' ? { kind: 'notify' } : action)
  return {
    rules: rules.map(rule => ({ ...rule, action: report(rule.action) })),
    otherwise: report(otherwise),
  }
}
