/**
 * What the rules of a policy mean now: the judge of names, and the names that the native step
 * knows. Both are made once for the same rules, and again only if a path of theirs leads elsewhere
 * than it did for the last program.
 */
import type { PathRule } from '../../policy/resolved.ts'
import type { PathDecisions } from '../contract.ts'
import { compileRules, type Judge } from './judge.ts'
import { Prefixes } from './prefixes.ts'
import { RulePaths } from './rule-paths.ts'

export interface RuleNames {
  readonly judge: Judge
  /** Undefined if no call stops that the native step could let pass. */
  readonly prefixes: Prefixes | undefined
}

/** The judge of rules that are used once. `work`: the working directory. */
export function judgeOf(rules: readonly PathRule[], work?: string): Judge {
  const places = new RulePaths(rules, work)
  return compileRules(rules, path => places.of(path))
}

interface Known {
  readonly places: RulePaths
  names: RuleNames
}

const known = new WeakMap<PathDecisions, Known>()

/**
 * Looks where the paths lead to, for the calling thread. The same object of rules has the same
 * answer as long as nothing has changed.
 */
export function ruleNames(paths: PathDecisions): RuleNames {
  const before = known.get(paths)
  if (before) {
    if (before.places.look()) before.names = namesOf(paths, before.places)
    return before.names
  }
  const places = new RulePaths(paths.rules, paths.work)
  const names = namesOf(paths, places)
  known.set(paths, { places, names })
  return names
}

function namesOf({ rules, statAll, isSilent }: PathDecisions, places: RulePaths): RuleNames {
  const real = (path: string): string => places.of(path)
  return {
    judge: compileRules(rules, real),
    // In the silent tier the only calls that stop are those that the tracer makes.
    prefixes: isSilent ? undefined : new Prefixes(rules, statAll, real),
  }
}
