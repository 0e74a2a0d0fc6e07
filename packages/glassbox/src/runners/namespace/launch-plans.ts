/**
 * The launch plans of the commands of one container. A judge runs one program on many inputs, so
 * the last plan is kept. A plan is a value: it can be reused as long as the facts that it was made
 * from are equal.
 */
import { type LaunchPlan, launchPlan } from '../../container/launch-plan.ts'
import type { Filter } from './filter.ts'
import { BOX_DIRECTORY } from '../../job/box-layout.ts'
import type { OwnGrant } from '../../landlock/types.ts'
import { resourceLimits } from './resource-limits.ts'
import type { Limits } from '../../job/options.ts'

/** The facts that a plan is made from. */
export interface LaunchFacts {
  readonly path: string
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly limits: Required<Limits>
  /** Whether a cgroup counts the processes. */
  readonly counted: boolean
  /** The filter that is yet to be installed. */
  readonly filter: Filter | undefined
  readonly traced: boolean
  /** The rules that the program adds to its Landlock ruleset, if it has one. */
  readonly wall: readonly OwnGrant[] | undefined
}

export class LaunchPlans {
  #last: { readonly facts: LaunchFacts; readonly plan: LaunchPlan } | undefined

  planFor(facts: LaunchFacts): LaunchPlan {
    if (this.#last && same(this.#last.facts, facts)) return this.#last.plan
    const plan = makePlan(facts)
    // Copies: the caller's array and record may change.
    this.#last = { facts: { ...facts, argv: [...facts.argv], env: { ...facts.env } }, plan }
    return plan
  }
}

function makePlan({ limits, counted, filter, traced, cwd, wall, ...spec }: LaunchFacts): LaunchPlan {
  return launchPlan({
    ...spec,
    ...(cwd === BOX_DIRECTORY ? {} : { cwd }),
    rlimits: resourceLimits(limits, { processes: counted }),
    ...(filter ? { filter } : {}),
    ...(wall ? { wall } : {}),
    ...(traced ? { traced } : {}),
  })
}

const same = (a: LaunchFacts, b: LaunchFacts): boolean =>
  a.path === b.path &&
  a.cwd === b.cwd &&
  a.filter === b.filter &&
  a.traced === b.traced &&
  a.counted === b.counted &&
  sameGrants(a.wall, b.wall) &&
  sameRecord(a.limits, b.limits) &&
  sameRecord(a.argv, b.argv) &&
  sameRecord(a.env, b.env)

function sameGrants(a: LaunchFacts['wall'], b: LaunchFacts['wall']): boolean {
  if (!a || !b) return a === b
  const pairs = a.map((grant, index) => [grant, b[index]] as const)
  return (
    a.length === b.length &&
    pairs.every(([ours, theirs]) => ours.path === theirs?.path && ours.access === theirs.access)
  )
}

/** The same names in the same order, with the same values. */
function sameRecord(a: object, b: object): boolean {
  if (a === b) return true
  const [ours, theirs] = [Object.entries(a), Object.entries(b)]
  return (
    ours.length === theirs.length &&
    ours.every(([name, value], index) => theirs[index]?.[0] === name && theirs[index][1] === value)
  )
}
