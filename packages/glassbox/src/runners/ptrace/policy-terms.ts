/**
 * The policy of one program: that of its job, or the preset `default`. It has become a seccomp
 * filter, decisions of the tracer, and the rules of a Landlock ruleset.
 */
import type { Job } from '../../job/job.ts'
import { landlock } from '../../landlock/abi.ts'
import { scopesOfAbi } from '../../landlock/rights.ts'
import { landlockSpec } from '../../landlock/spec.ts'
import type { LandlockSpec } from '../../landlock/types.ts'
import { besideProgram } from '../../policy/beside-program.ts'
import { resolvePolicy } from '../../policy/resolve.ts'
import type { ResolvedPaths, ResolvedPolicy } from '../../policy/resolved.ts'
import type { Decisions } from '../../supervisor/contract.ts'
import {
  type FilterTerms,
  pathDecisions,
  type SupervisedFilter,
  supervisedFilter,
} from '../../supervisor/filter.ts'

/** What `policy: null` means: only the guard of supervised programs. */
const NO_POLICY: ResolvedPolicy = {
  name: undefined,
  rules: [],
  otherwise: { kind: 'allow' },
  paths: undefined,
  needsTracer: undefined,
}

/** What the patterns of the policy are relative to. */
export interface Bases {
  /** The working directory, without a final slash. */
  readonly work: string
  /** The program file, without links. */
  readonly program: string
}

export interface PolicyTerms extends Pick<SupervisedFilter, 'filter' | 'handlers'> {
  readonly decisions: Decisions
  /** The ruleset to make; undefined if the kernel has no Landlock and the policy needs none. */
  readonly wall: LandlockSpec | undefined
}

/** Programs with many working directories would fill the memory otherwise. */
const MOST_TERMS = 32

const known = new WeakMap<ResolvedPolicy, Map<string, PolicyTerms>>()

/**
 * The terms of a job's policy: the same object for the same policy and bases. The filter is
 * compiled once for equal policies.
 */
export function policyTerms(
  given: Job['policy'],
  { net, countsProcesses }: Pick<FilterTerms, 'net' | 'countsProcesses'>,
  bases: Bases,
): PolicyTerms {
  const policy = given === null ? NO_POLICY : (given ?? resolvePolicy('default'))
  const isDefault = given === undefined
  const key = [bases.work, bases.program, net, isDefault, countsProcesses].join('\0')
  const all = known.get(policy) ?? new Map<string, PolicyTerms>()
  known.set(policy, all)
  const terms = all.get(key) ?? termsOf(policy, isDefault, bases, { net, countsProcesses })
  if (all.size >= MOST_TERMS) all.clear()
  all.set(key, terms)
  return terms
}

function termsOf(
  policy: ResolvedPolicy,
  isDefault: boolean,
  bases: Bases,
  terms: Pick<FilterTerms, 'net' | 'countsProcesses'>,
): PolicyTerms {
  const paths = pathsOf(policy, isDefault, bases)
  const found = landlock()
  const abi = 'abi' in found ? found.abi : 0
  const tier = paths?.tier ?? 'named'
  const { filter, decisions, handlers } = supervisedFilter(policy, { ...terms, tier })
  // In the silent tier too: the tracer alone judges calls that change files and are not opens.
  const judged = paths ? { ...decisions, paths: pathDecisions(paths, bases) } : decisions
  return { filter, handlers, decisions: judged, wall: wallOf(paths, abi, bases) }
}

/** Without a policy of the caller's, the files beside the program may be read too. */
function pathsOf(
  { paths }: ResolvedPolicy,
  isDefault: boolean,
  { program }: Bases,
): ResolvedPaths | undefined {
  const beside = isDefault ? besideProgram(program) : undefined
  return paths && beside ? { ...paths, rules: [...paths.rules, beside] } : paths
}

/**
 * What Landlock has to enforce. Without paths, only that signals and abstract sockets stay inside,
 * if the kernel can do that.
 */
function wallOf(paths: ResolvedPaths | undefined, abi: number, bases: Bases): LandlockSpec | undefined {
  if (paths) return landlockSpec(paths, { ...bases, abi, scopes: true, withoutTruncation: true })
  const scoped = scopesOfAbi(abi)
  return scoped === 0 ? undefined : { abi, handled: 0, scoped, grants: [] }
}
