/**
 * The policy of one program: that of its job, or the preset `default`, with `{work}` and
 * `{program}` replaced by the paths that they stand for.
 */
import type { Job } from '../../job/job.ts'
import { landlock } from '../../landlock/abi.ts'
import { scopesOfAbi } from '../../landlock/rights.ts'
import { landlockSpec } from '../../landlock/spec.ts'
import type { LandlockSpec } from '../../landlock/types.ts'
import { besideProgram } from '../../policy/beside-program.ts'
import { resolvePolicy } from '../../policy/resolve.ts'
import type { PathRule, ResolvedPolicy } from '../../policy/resolved.ts'

export interface Bases {
  /** The working directory, without a final slash. */
  readonly work: string
  /** The program file, without links. */
  readonly program: string
}

/** `null`: only the guard of supervised programs applies. */
export function policyOf(policy: Job['policy'], bases: Bases): ResolvedPolicy | null {
  if (policy === null) return null
  const resolved = policy ?? resolvePolicy('default')
  if (!resolved.paths) return resolved
  const beside = policy === undefined ? besideProgram(bases.program) : undefined
  const rules = [...resolved.paths.rules.map(rule => withBases(rule, bases)), ...(beside ? [beside] : [])]
  return { ...resolved, paths: { ...resolved.paths, rules } }
}

function withBases(rule: PathRule, { work, program }: Bases): PathRule {
  const path = rule.path.replace(/^\{work\}/, () => work).replace(/^\{program\}$/, () => program)
  return path === rule.path ? rule : { ...rule, path }
}

/**
 * What Landlock has to enforce. Without paths, only that signals and abstract sockets stay inside,
 * if the kernel can do that.
 */
export function wallOf(
  policy: ResolvedPolicy | null,
  work: string,
  program: string,
): LandlockSpec | undefined {
  const found = landlock()
  if (!('abi' in found)) return undefined
  const { abi } = found
  if (policy?.paths) return landlockSpec(policy.paths, { work, program, abi, scopes: true })
  const scoped = scopesOfAbi(abi)
  return scoped === 0 ? undefined : { abi, handled: 0, scoped, grants: [] }
}
