/**
 * What the rules of a policy mean now: the judge of names, and the names that the native step
 * knows. Both are made once for the same rules, and again only if a path of theirs leads elsewhere
 * than it did for the last program.
 */
import { ACCESS, type PathRule } from '../../policy/resolved.ts'
import type { PathDecisions } from '../contract.ts'
import { compileRules, type Judge, withIncluded } from './judge.ts'
import { Prefixes } from './prefixes.ts'
import { RulePaths } from './rule-paths.ts'

export interface RuleNames {
  readonly judge: Judge
  readonly prefixes: Prefixes
}

/** The judge of rules that are used once. `work`: the working directory. */
export function judgeOf(rules: readonly PathRule[], work?: string): Judge {
  const places = new RulePaths(rules, work)
  return compileRules(rules, path => places.of(path))
}

/** What was made of rules, and where their paths led to then. */
interface Known<Value> {
  readonly places: RulePaths
  value: Value
}

/** What is made of the rules, anew if a path leads elsewhere than when it was made last. */
function current<Value>(
  before: Known<Value> | undefined,
  look: () => RulePaths,
  make: (real: (path: string) => string) => Value,
): Known<Value> {
  const places = before?.places ?? look()
  const real = (path: string): string => places.of(path)
  if (!before) return { places, value: make(real) }
  if (places.look()) before.value = make(real)
  return before
}

const known = new WeakMap<PathDecisions, Known<RuleNames>>()

/**
 * Looks where the paths lead to, for the calling thread. The same object of rules has the same
 * answer as long as nothing has changed.
 */
export function ruleNames(paths: PathDecisions): RuleNames {
  const { rules, work, statAll } = paths
  const names = current(
    known.get(paths),
    () => new RulePaths(rules, work),
    real => ({ judge: compileRules(rules, real), prefixes: new Prefixes(rules, statAll, real) }),
  )
  known.set(paths, names)
  return names.value
}

/** By the access that is asked for. */
const knownJudges = new WeakMap<PathDecisions, Map<number, Known<Judge>>>()

/**
 * A judge of one program that asks little. To look where the paths of all rules lead to takes
 * longer than everything else that a question takes. So for each access this is done when the
 * first question about it comes, and only for the rules that could grant it.
 */
export function judgeWhenAsked(paths: PathDecisions): Judge {
  const judges = new Map<number, Judge>()
  return {
    match(name, access) {
      const judge = judges.get(access) ?? judgeFor(paths, access)
      judges.set(access, judge)
      return judge.match(name, access)
    },
  }
}

function judgeFor(paths: PathDecisions, access: number): Judge {
  const { rules, work } = paths
  const before = knownJudges.get(paths) ?? new Map<number, Known<Judge>>()
  knownJudges.set(paths, before)
  // Every rule tells the attributes of what is above its file, too.
  const granting = rules.filter(rule => (withIncluded(rule.access | ACCESS.stat) & access) === access)
  const judge = current(
    before.get(access),
    () => new RulePaths(rules, work, granting),
    real => compileRules(granting, real),
  )
  before.set(access, judge)
  return judge.value
}
