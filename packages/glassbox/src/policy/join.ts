/**
 * Joins a checked policy with the policies that it extends. Rules and path patterns are joined in
 * order; of everything else, what is said first counts.
 */
import type { KernelAction } from '../seccomp/policy.ts'
import { ERRNO } from '../linux/errno.ts'
import { tracerKey } from './path-kinds.ts'
import { parsePattern } from './patterns.ts'
import type { PathRules, Policy, PresetName } from './policy.ts'
import { PRESETS } from './presets/presets.ts'
import {
  ACCESS,
  type PathRule,
  type ResolvedPaths,
  type ResolvedPolicy,
  type TracerNeed,
} from './resolved.ts'

/** A policy of the chain, with the path of its keys. */
interface Link {
  readonly policy: Policy
  readonly path: string
}

function* basesOf({ extends: bases = [] }: Policy, path: string): Generator<[PresetName | Policy, string]> {
  if (typeof bases === 'string' || !Array.isArray(bases)) {
    yield [bases as PresetName | Policy, `${path}.extends`]
    return
  }
  for (const [index, base] of (bases as readonly (PresetName | Policy)[]).entries())
    yield [base, `${path}.extends[${index}]`]
}

/** The policy, then those that it extends. A policy that is reached twice counts once. */
function chainOf(policy: Policy, path: string, seen = new Set<Policy>()): Link[] {
  if (seen.has(policy)) return []
  seen.add(policy)
  const bases = [...basesOf(policy, path)]
  return [
    { policy, path },
    ...bases.flatMap(([base, place]) =>
      chainOf(typeof base === 'string' ? PRESETS[base] : base, place, seen),
    ),
  ]
}

const first = <T>(chain: readonly Link[], of: (policy: Policy) => T | undefined): T | undefined =>
  chain.map(({ policy }) => of(policy)).find(value => value !== undefined)

/** What a key of the path rules grants. */
const GRANTS = {
  read: ACCESS.read | ACCESS.list,
  write: ACCESS.read | ACCESS.write | ACCESS.list,
  execute: ACCESS.read | ACCESS.execute | ACCESS.list,
  list: ACCESS.list,
  stat: ACCESS.stat,
} as const

function rulesOf(paths: PathRules): PathRule[] {
  return (Object.keys(GRANTS) as (keyof typeof GRANTS)[]).flatMap(key => {
    const patterns = paths[key] ?? []
    if (patterns === 'all') return []
    return patterns.map(pattern => {
      const { kind, path } = parsePattern(pattern, key)
      // Landlock grants the listing of a directory only together with those below it.
      const access = kind === 'tree' ? GRANTS[key] : GRANTS[key] & ~ACCESS.list
      return { text: `${key}: ${pattern}`, kind, path, access: access | ACCESS.stat }
    })
  })
}

const EACCES: ResolvedPaths['denied'] = { kind: 'errno', errno: ERRNO.EACCES }

function pathsOf(chain: readonly Link[]): ResolvedPaths | undefined {
  const all = chain.flatMap(({ policy }) => policy.paths ?? [])
  if (all.length === 0) return undefined
  const stat = all.map(paths => paths.stat).find(value => value !== undefined)
  const kept = stat === 'all' || stat === undefined ? all.map(paths => ({ ...paths, stat: [] })) : all
  const needs = chain.some(({ policy }) => policy.paths && tracerKey(policy.paths) !== undefined)
  return {
    tier: needs ? 'named' : all.map(({ tier }) => tier).find(value => value !== undefined),
    rules: kept.flatMap(rulesOf),
    statAll: stat === 'all' || stat === undefined,
    denied: all.map(({ denied }) => denied).find(value => value !== undefined) ?? EACCES,
  }
}

/** The first key of the chain that only a tracer can do. */
function tracerNeed(chain: readonly Link[]): TracerNeed | undefined {
  for (const { policy, path } of chain) {
    for (const [index, { atMost, action }] of (policy.rules ?? []).entries()) {
      if (atMost !== undefined) return { key: `${path}.rules[${index}].atMost`, why: 'it counts calls' }
      if (action.kind === 'decide')
        return { key: `${path}.rules[${index}].action`, why: 'it stops calls to ask a handler' }
    }
    const key = policy.paths && tracerKey(policy.paths)
    if (key) return { key: `${path}.paths.${key}`, why: 'it looks at the paths of calls' }
  }
  return undefined
}

/** For a chain in which no policy has it, which the check excludes. */
const KILL: KernelAction = { kind: 'kill' }

/** The resolved policy of a checked one. `path` is the path of the option. */
export function join(policy: Policy, path: string): ResolvedPolicy {
  const chain = chainOf(policy, path)
  return Object.freeze({
    name: policy.name,
    rules: chain.flatMap(link => link.policy.rules ?? []),
    otherwise: first(chain, link => link.otherwise) ?? KILL,
    paths: pathsOf(chain),
    needsTracer: tracerNeed(chain),
  })
}
