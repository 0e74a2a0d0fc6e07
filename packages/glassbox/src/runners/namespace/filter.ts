/** The seccomp filter of a job, from its policy and from what its box shows. */
import type { FilterSpec } from '../../launch/filter-steps.ts'
import {
  AT_FDCWD,
  F_DUPFD_CLOEXEC,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  O_CLOEXEC,
  O_PATH,
} from '../../linux/constants.ts'
import { ERRNO } from '../../linux/errno.ts'
import { BOX_DIRECTORY } from '../../job/box-layout.ts'
import { DEFAULT_RESOLVED } from '../../policy/default.ts'
import type { ResolvedPolicy } from '../../policy/resolved.ts'
import { compilePolicy } from '../../seccomp/compile.ts'
import { ENOSYS } from '../../seccomp/conditions.ts'
import { DEFAULT_POLICY } from '../../seccomp/defaults.ts'
import { DEFAULT_FILTER, DEFAULT_FILTER_IS_EARLY } from '../../seccomp/generated/default-filter.ts'
import { permits } from '../../seccomp/permits.ts'
import { forI386, GUARD, guarded, NO_FILTERS, NO_USER_NAMESPACES, withRefusals } from '../../seccomp/guard.ts'
import type { CallPolicy, CallRule, KernelAction } from '../../seccomp/policy.ts'
import { TRACED_REFUSALS } from '../../seccomp/traced.ts'
import type { JobTerms } from '../../job/job.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import { callRulesOf } from './call-rules.ts'
import { wallRefusals } from './wall.ts'

export interface Filter extends FilterSpec {
  /** The policy that it was compiled from. */
  readonly policy: CallPolicy
  /**
   * Whether it permits every call with which a prepared child becomes the program. It can then be
   * installed before the program is known.
   */
  readonly early: boolean
}

/**
 * The arguments of mmap: address 0, PROT_READ | PROT_WRITE, private and anonymous. The length
 * stands for any; no rule tests it.
 */
const PRIVATE_MEMORY = [0n, 4096n, 3n, BigInt(MAP_PRIVATE | MAP_ANONYMOUS)]

/**
 * The calls of a prepared child after its preparation: until execve, or until it exits after a
 * failure. See native/init.c and launch-plan.ts.
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

/** The further calls of a child that enters a wall; see landlock/steps.ts. */
const WALL_TO_DO: Readonly<Record<string, readonly bigint[]>> = {
  landlock_restrict_self: [],
  landlock_add_rule: [],
  openat: [BigInt(AT_FDCWD), 0n, BigInt(O_PATH | O_CLOEXEC)],
  dup3: [],
}

/** What a box adds to the policies of its programs. */
export interface FilterContext {
  /** Whether programs may write to files of the host: a bind is writable. */
  readonly writesHost: boolean
  /** Whether a tracer of ours is attached to the program. */
  readonly traced?: boolean
}

const BOX_ALONE: FilterContext = { writesHost: false }

export const contextOf = ({ binds }: Pick<ResolvedBox, 'binds'>): FilterContext => ({
  writesHost: binds.some(({ writable }) => writable),
})

const addedRefusals = ({ writesHost, traced }: FilterContext): readonly CallRule[] => [
  ...(writesHost ? NO_USER_NAMESPACES : []),
  ...(traced ? TRACED_REFUSALS : []),
]

/** Keeps what `make` returns for a context. */
function perContext<Value>(make: (context: FilterContext) => Value): (context: FilterContext) => Value {
  const made = new Map<string, Value>()
  return context => {
    const key = `${context.writesHost} ${context.traced ?? false}`
    const value = made.get(key) ?? make(context)
    made.set(key, value)
    return value
  }
}

/**
 * The filter if the caller wants none: only the guard. i386 calls are allowed; x32 calls fail with
 * ENOSYS.
 */
const onlyGuard = perContext((context): Filter => {
  const rules = [...addedRefusals(context), ...GUARD]
  const policy: CallPolicy = { rules, otherwise: { kind: 'allow' } }
  return {
    policy,
    bytes: compilePolicy(policy, {
      foreign: { kind: 'errno', errno: ERRNO.ENOSYS },
      i386: { ...policy, rules: forI386(rules) },
    }),
    listens: false,
    early: true,
  }
})

const compiled = new WeakMap<ResolvedPolicy, (context: FilterContext) => Filter>()

/**
 * Compiles the rules about calls of a policy, once, together with the guard. Throws
 * InvalidOptionError for a policy that needs a tracer. `traced`: whether a tracer of ours is
 * attached to the program.
 */
export function compileFilter(
  policy: ResolvedPolicy | null | undefined,
  context: FilterContext = BOX_ALONE,
): Filter {
  if (policy === null) return onlyGuard(context)
  const resolved = policy ?? DEFAULT_RESOLVED
  const ofPolicy =
    compiled.get(resolved) ??
    perContext(at =>
      // The default policy refuses all namespaces itself.
      resolved === DEFAULT_RESOLVED && !at.traced ? compiledDefault() : compileFor(resolved, at),
    )
  compiled.set(resolved, ofPolicy)
  return ofPolicy(context)
}

/** The rules about calls of a policy, and what the wall for its paths needs. */
function compileFor(policy: ResolvedPolicy, context: FilterContext): Filter {
  const rules = callRulesOf(policy)
  const refusals = [...wallRefusals(policy), ...addedRefusals(context)]
  const filter = compileAnew(withRefusals(rules, refusals))
  return filter.early && policy.paths ? { ...filter, early: permitsAll(rules, WALL_TO_DO) } : filter
}

let theDefault: Filter | undefined

const compiledDefault = (): Filter =>
  (theDefault ??= {
    policy: DEFAULT_POLICY,
    bytes: Buffer.from(DEFAULT_FILTER, 'base64'),
    listens: true,
    early: DEFAULT_FILTER_IS_EARLY,
  })

/**
 * Compiles a policy. "kill" becomes a report to init, which kills the program and has the
 * evidence. Calls of another ABI are reported too, because a policy says nothing about their
 * numbers. "trace" becomes ENOSYS, the kernel's answer if no tracer asks for such calls: one of
 * the program's own would ask for them and let them pass.
 */
export function compileAnew(policy: CallPolicy): Filter {
  const kept = guarded(kills(policy) ? withRefusals(policy, NO_FILTERS) : policy)
  return {
    policy,
    bytes: compilePolicy(inBox(kept), { foreign: { kind: 'notify' } }),
    listens: true,
    early: permitsAll(kept, STILL_TO_DO),
  }
}

const permitsAll = (policy: CallPolicy, calls: Readonly<Record<string, readonly bigint[]>>): boolean =>
  Object.entries(calls).every(([call, known]) => permits(policy, call, known))

/**
 * The filter of a job. If the job is traced, or starts in a directory other than `/box`, its child
 * makes calls for that which the filter must not refuse. Its filter is then installed last.
 */
export function filterOf(
  { policy, trace, cwd }: Pick<JobTerms, 'policy' | 'trace' | 'cwd'>,
  context: FilterContext,
): Filter {
  const filter = compileFilter(policy, { ...context, traced: trace !== undefined })
  return trace || cwd !== BOX_DIRECTORY ? { ...filter, early: false } : filter
}

const kills = ({ rules, otherwise }: CallPolicy): boolean =>
  [...rules.map(({ action }) => action), otherwise].some(({ kind }) => kind === 'kill' || kind === 'notify')

/** An action as a box carries it out: see `compileAnew`. */
const boxAction = (action: KernelAction): KernelAction =>
  action.kind === 'kill' ? { kind: 'notify' } : action.kind === 'trace' ? ENOSYS : action

function inBox({ rules, otherwise }: CallPolicy): CallPolicy {
  return {
    rules: rules.map(rule => ({ ...rule, action: boxAction(rule.action) })),
    otherwise: boxAction(otherwise),
  }
}
