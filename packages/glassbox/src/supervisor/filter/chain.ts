/**
 * The rules of one system call as a list of what happens under which conditions. The first entry
 * whose conditions hold decides, and one always holds.
 */
import type { DecideCall, Rule } from '../../policy/policy.ts'
import type { CallRule, Condition, KernelAction } from '../../seccomp/policy.ts'
import { ENOSYS } from '../../seccomp/conditions.ts'
import type { StopAction } from '../contract.ts'

/** What the kernel does by itself, or what the tracer does at a stop. */
export type Outcome =
  | { readonly kernel: KernelAction; readonly stop?: undefined }
  | { readonly kernel?: undefined; readonly stop: StopAction }

export interface Entry {
  readonly when: readonly Condition[]
  readonly outcome: Outcome
  /** The reason of the rule or refusal that decides. */
  readonly why?: string | undefined
}

/** Calls that are treated alike, and how. */
export interface CallChain {
  readonly syscalls: readonly string[]
  readonly entries: readonly Entry[]
}

/** What a chain needs to know beyond the rules of the call. */
export interface ChainContext {
  /** Refusals that no rule lifts. */
  readonly refusals: readonly CallRule[]
  /** What happens to the call if the policy allows it. */
  readonly allowed: readonly Entry[]
  /** The index of a handler. */
  readonly handler: (handler: DecideCall) => number
  /** The index of a rule's budget. */
  readonly budget: (rule: Rule) => number
}

const always = (outcome: Outcome): Entry[] => [{ when: [], outcome }]

const isSame = (a: Condition, b: Condition): boolean =>
  a.arg === b.arg && a.op === b.op && a.value === b.value && a.mask === b.mask && a.width === b.width

/** Both lists of conditions, each condition once. */
const both = (a: readonly Condition[], b: readonly Condition[]): Condition[] => [
  ...a,
  ...b.filter(condition => !a.some(other => isSame(other, condition))),
]

/** Ends a list after its first entry without conditions. */
function untilAlways(entries: readonly Entry[]): Entry[] {
  const last = entries.findIndex(({ when }) => when.length === 0)
  return last < 0 ? [...entries] : entries.slice(0, last + 1)
}

/** An outcome as the tracer sees it, when the filter has stopped the call in any case. */
function asStop({ kernel, stop }: Outcome): StopAction {
  if (stop) return stop
  if (kernel.kind === 'errno') return { kind: 'errno', errno: kernel.errno }
  return { kind: 'allow' }
}

/** What an action means, with everything that holds for an allowed call. */
function outcomes(action: Rule['action'], context: ChainContext): Entry[] {
  const { refusals, allowed } = context
  switch (action.kind) {
    case 'allow':
    case 'log':
    case 'decide':
      return untilAlways([
        ...refusals.map(({ when = [], action: kernel, why }) => ({ when, outcome: { kernel }, why })),
        ...allowed.map(({ when, outcome }) => ({ when, outcome: passed(action, outcome, context) })),
      ])
    case 'kill':
      return always({ stop: { kind: 'kill' } })
    // No other tracer and no listener exist, and then the kernel fails these calls (seccomp(2)).
    case 'trace':
    case 'notify':
      return always({ kernel: ENOSYS })
    default:
      return always({ kernel: action })
  }
}

/** A call that is allowed so far: by the kernel, by a handler, or at a stop. */
function passed(action: Rule['action'], outcome: Outcome, context: ChainContext): Outcome {
  const isRefused = outcome.kernel !== undefined && outcome.kernel.kind !== 'allow'
  if (action.kind === 'decide' && !isRefused)
    return { stop: { kind: 'ask', handler: context.handler(action.handler), within: asStop(outcome) } }
  return action.kind === 'log' && outcome.kernel?.kind === 'allow' ? { kernel: action } : outcome
}

/** The chain of a call: `rules` are those that name it, in their order. */
export function chainOf(rules: readonly Rule[], otherwise: KernelAction, context: ChainContext): Entry[] {
  const [rule, ...others] = rules
  if (!rule) return outcomes(otherwise, context)
  const { when = [], atMost } = rule
  const own = outcomes(rule.action, context)
  const rest = chainOf(others, otherwise, context)
  if (atMost === undefined) {
    const entries = own.map(entry => ({ why: rule.why, ...entry, when: both(when, entry.when) }))
    return untilAlways([...entries, ...rest])
  }
  // Whether the budget is used up is known only at the stop. So each entry says what happens in
  // both cases, under the conditions of both.
  const budget = context.budget(rule)
  const counted = own.flatMap(within =>
    rest.map(after => ({
      when: both(both(when, within.when), after.when),
      outcome: counting(budget, atMost, within.outcome, after.outcome),
      why: within.why ?? rule.why,
    })),
  )
  return untilAlways([...counted, ...rest])
}

/** A call that is refused in both cases takes nothing from the budget. */
function counting(budget: number, atMost: number, within: Outcome, after: Outcome): Outcome {
  if (
    within.kernel?.kind === 'errno' &&
    after.kernel?.kind === 'errno' &&
    within.kernel.errno === after.kernel.errno
  )
    return within
  return { stop: { kind: 'count', budget, atMost, within: asStop(within), after: asStop(after) } }
}
