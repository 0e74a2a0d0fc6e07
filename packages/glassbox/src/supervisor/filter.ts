/**
 * The seccomp filter of a supervised program, and what the tracer does at its stops. The kernel
 * decides by itself whatever it can; only calls that need the tracer stop:
 * - calls that name files, if they have to be judged by path
 * - calls that a handler decides, or of which only so many are allowed
 * - calls that make processes, if their number is limited
 * - calls that end the program, so that the tracer can report them
 *
 * - calls that install a filter, because the data of later stops may be that filter's
 *
 * A stop outranks nothing but the log, so a filter that the program installs itself cannot make a
 * call that this one stops. A listener of its own would outrank the stop, and is refused
 * (policy/supervised-guard.ts).
 */
import { REFUSALS_WITHOUT_TRUNCATION } from '../landlock/rights.ts'
import type { DecideCall, Rule } from '../policy/policy.ts'
import type { PathRule, ResolvedPaths, ResolvedPolicy } from '../policy/resolved.ts'
import { SUPERVISED_GUARD } from '../policy/supervised-guard.ts'
import { AF_UNIX, PR_SET_SECCOMP, SECCOMP_SET_MODE_FILTER } from '../linux/constants.ts'
import { ERRNO } from '../linux/errno.ts'
import { allSyscalls } from '../linux/syscalls.ts'
import { compilePolicy, unknownAction } from '../seccomp/compile.ts'
import { is, refuse } from '../seccomp/conditions.ts'
import { NO_FILTERS } from '../seccomp/guard.ts'
import type { CallRule, Condition, KernelAction } from '../seccomp/policy.ts'
import type { Decisions, PathDecisions, StopAction } from './contract.ts'
import { type CallChain, chainOf, type Entry, type Outcome } from './filter/chain.ts'
import { PATH_REFUSALS } from './filter/path-refusals.ts'
import { pathStop } from './filter/path-stops.ts'

/** What a filter depends on beside the policy. */
export interface FilterTerms {
  /** For rules about paths. */
  readonly tier: 'silent' | 'named'
  /** Whether the number of processes is limited. */
  readonly countsProcesses: boolean
  /** `none`: only sockets between processes of this host (AF_UNIX), if the policy allows them. */
  readonly net: 'none' | 'host'
}

export interface SupervisedFilter {
  /** A sock_filter array. */
  readonly filter: Uint8Array
  /** Without `paths`, which differ between programs: see pathDecisions(). */
  readonly decisions: Decisions
  /** The handlers of the policy, by the index that a decision has. */
  readonly handlers: readonly DecideCall[]
}

/** The error is that of a kernel without the other families. */
const NO_NETWORK: readonly CallRule[] = [
  {
    syscalls: ['socket'],
    when: [{ arg: 0, op: 'ne', value: BigInt(AF_UNIX), width: 32 }],
    action: refuse(ERRNO.EAFNOSUPPORT),
  },
]

const MAKES_PROCESSES: ReadonlySet<string> = new Set(['fork', 'vfork', 'clone'])
const ALLOWED: Entry = { when: [], outcome: { kernel: { kind: 'allow' } } }
const BIRTH: Entry = { when: [], outcome: { stop: { kind: 'birth' } } }
const OWN_FILTER: Outcome = { stop: { kind: 'own-filter' } }
/** The calls that install a filter. */
const INSTALLS: Readonly<Record<string, Condition>> = {
  seccomp: is(0, SECCOMP_SET_MODE_FILTER),
  prctl: is(0, PR_SET_SECCOMP),
}
const KILL: StopAction = { kind: 'kill' }

const compiled = new WeakMap<ResolvedPolicy, Map<string, SupervisedFilter>>()

/**
 * Compiles a policy, once for the same terms. Throws InvalidOptionError if the policy is too large
 * for a filter.
 *
 * @example
 * const { filter, decisions, handlers } = supervisedFilter(policy, terms)
 * const paths = pathDecisions(policy.paths, { work: '/tmp/box', program: '/usr/bin/cat' })
 * await startProgram({ ...spec, filter, decisions: { ...decisions, paths } }, ask)
 */
export function supervisedFilter(policy: ResolvedPolicy, terms: FilterTerms): SupervisedFilter {
  const key = `${terms.tier} ${terms.countsProcesses} ${terms.net}`
  const known = compiled.get(policy) ?? new Map<string, SupervisedFilter>()
  compiled.set(policy, known)
  const made = known.get(key) ?? new FilterMaker(policy, terms).make()
  known.set(key, made)
  return made
}

/** What happens to every call, as supervisedFilter() compiles it: for people who want to know. */
export const supervisedChains = (policy: ResolvedPolicy, terms: FilterTerms): CallChain[] =>
  new FilterMaker(policy, terms).chains()

/** The names of calls that name files: which rules grant them, for one program. */
export function pathDecisions(
  { rules, statAll, denied, tier }: ResolvedPaths,
  { work, program }: { readonly work: string; readonly program: string },
): PathDecisions {
  const at = ({ path, ...rule }: PathRule): PathRule => ({
    ...rule,
    path: path.replace(/^\{work\}/, work).replace(/^\{program\}/, program),
  })
  return { rules: rules.map(at), work, statAll, isSilent: tier === 'silent', denied }
}

class FilterMaker {
  readonly #policy: ResolvedPolicy
  readonly #terms: FilterTerms
  readonly #refusals: readonly CallRule[]
  readonly #actions: StopAction[] = []
  readonly #indexes = new Map<string, number>()
  readonly #handlers: DecideCall[] = []
  readonly #budgets: Rule[] = []

  constructor(policy: ResolvedPolicy, terms: FilterTerms) {
    this.#policy = policy
    this.#terms = terms
    this.#refusals = [
      ...SUPERVISED_GUARD,
      ...(terms.net === 'none' ? NO_NETWORK : []),
      ...(policy.paths ? [...PATH_REFUSALS, ...REFUSALS_WITHOUT_TRUNCATION] : []),
      // The result of a second filter would take precedence over the report of a call.
      ...(kills(policy) ? NO_FILTERS : []),
    ]
  }

  make(): SupervisedFilter {
    const rules = this.chains().flatMap(({ syscalls, entries }) =>
      entries.map(({ when, outcome }) => ({ syscalls, when, action: this.#kernel(outcome) })),
    )
    const killed = this.#kernel({ stop: KILL })
    const unknown = unknownAction({ rules, otherwise: this.#policy.otherwise })
    const filter = compilePolicy(
      { rules, otherwise: killed },
      { foreign: killed, unknown: unknown.kind === 'errno' ? unknown : killed },
    )
    return { filter, decisions: { actions: this.#actions }, handlers: this.#handlers }
  }

  /** The chains of all calls. Calls with the same rules share a chain, and so its code. */
  chains(): CallChain[] {
    const rules = byCall(this.#policy.rules)
    const refusals = byCall(this.#refusals)
    const groups = new Map<string, string[]>()
    for (const { name } of allSyscalls()) {
      const key = `${rules.get(name)?.join(' ')}; ${refusals.get(name)?.join(' ')}; ${this.#kindOf(name)}`
      const group = groups.get(key) ?? []
      group.push(name)
      groups.set(key, group)
    }
    return [...groups.values()].map(syscalls => {
      const [name = ''] = syscalls
      const entries = chainOf(pick(this.#policy.rules, rules.get(name)), this.#policy.otherwise, {
        refusals: pick(this.#refusals, refusals.get(name)),
        allowed: this.#allowed(name),
        handler: handler => indexIn(this.#handlers, handler),
        budget: rule => indexIn(this.#budgets, rule),
      })
      return { syscalls, entries }
    })
  }

  /** Calls of the same kind are treated alike if the policy allows them. */
  #kindOf(name: string): string {
    return JSON.stringify(this.#allowed(name), (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value,
    )
  }

  /** What happens to a call that the policy allows. */
  #allowed(name: string): Entry[] {
    const { paths } = this.#policy
    if (MAKES_PROCESSES.has(name) && this.#terms.countsProcesses) return [BIRTH]
    const installs = INSTALLS[name]
    if (installs) return [{ when: [installs], outcome: OWN_FILTER }, ALLOWED]
    const stop = paths && pathStop(name, { tier: this.#terms.tier, statAll: paths.statAll })
    return stop ? [stop, ALLOWED] : [ALLOWED]
  }

  #kernel({ kernel, stop }: Outcome): KernelAction {
    return kernel ?? { kind: 'trace', data: this.#index(stop) }
  }

  #index(action: StopAction): number {
    const key = JSON.stringify(action)
    const known = this.#indexes.get(key)
    if (known !== undefined) return known
    this.#actions.push(action)
    this.#indexes.set(key, this.#actions.length - 1)
    return this.#actions.length - 1
  }
}

/** The indexes of the rules that name each call. */
function byCall(rules: readonly { readonly syscalls: readonly string[] }[]): Map<string, number[]> {
  const indexes = new Map<string, number[]>()
  for (const [index, { syscalls }] of rules.entries())
    for (const name of syscalls) {
      const before = indexes.get(name)
      if (before) before.push(index)
      else indexes.set(name, [index])
    }
  return indexes
}

const pick = <Value>(list: readonly Value[], indexes: readonly number[] = []): Value[] =>
  indexes.flatMap(index => list[index] ?? [])

function indexIn<Value>(list: Value[], value: Value): number {
  const index = list.indexOf(value)
  return index >= 0 ? index : list.push(value) - 1
}

/** Whether the program can be ended for a call. */
const kills = ({ rules, otherwise, paths }: ResolvedPolicy): boolean =>
  otherwise.kind === 'kill' ||
  rules.some(({ action }) => action.kind === 'kill') ||
  paths?.denied.kind === 'kill'
