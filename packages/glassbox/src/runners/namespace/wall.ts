/**
 * The wall of a job: the rules of its policy about paths, as a Landlock ruleset for the files of
 * the box. Such a policy has the silent tier here, because this runner has no tracer.
 *
 * The ruleset is made when the job starts: the files of the box are final then, and no program
 * runs that could exchange them.
 */
import type { Container } from '../../container/container.ts'
import { BOX_DIRECTORY } from '../../job/box-layout.ts'
import type { Job } from '../../job/job.ts'
import type { ResolvedBox } from '../../job/resolved.ts'
import { requireLandlock } from '../../landlock/abi.ts'
import { refusalsFor } from '../../landlock/rights.ts'
import { makeRuleset } from '../../landlock/ruleset.ts'
import { landlockSpec, type SpecContext } from '../../landlock/spec.ts'
import type { LandlockSpec, Ruleset } from '../../landlock/types.ts'
import type { ResolvedPolicy } from '../../policy/resolved.ts'
import type { CallRule } from '../../seccomp/policy.ts'

/** Where programs of a box can write, whatever the policy of the next one says. */
const SCRATCH = [BOX_DIRECTORY, '/tmp', '/dev/shm']

/** The directories of a box in which an earlier program may have made links. */
export const writableOf = ({ binds }: Pick<ResolvedBox, 'binds'>): readonly string[] => [
  ...SCRATCH,
  ...binds.filter(({ writable }) => writable).map(({ target }) => target),
]

/** Refusals that the wall needs from the filter. Throws MissingFeatureError without Landlock. */
export const wallRefusals = ({ paths }: ResolvedPolicy): readonly CallRule[] =>
  paths ? refusalsFor(requireLandlock()) : []

/** The last spec of each policy. A judge runs one program on many inputs. */
const specs = new WeakMap<ResolvedPolicy, { readonly context: SpecContext; readonly spec: LandlockSpec }>()

/** What the wall of a job handles and grants; undefined if its policy has no rules about paths. */
export function wallSpec(
  { policy, path, cwd }: Pick<Job, 'policy' | 'path' | 'cwd'>,
  writable: readonly string[],
): LandlockSpec | undefined {
  if (!policy?.paths) return undefined
  const last = specs.get(policy)
  const same =
    last?.context.work === cwd && last.context.program === path && last.context.writable === writable
  if (same) return last.spec
  // No scopes: the namespaces of the box keep signals and sockets inside.
  const context = { work: cwd, program: path, writable, abi: requireLandlock() }
  const spec = landlockSpec(policy.paths, context)
  specs.set(policy, { context, spec })
  return spec
}

/** The ruleset of a job. The caller closes its descriptor. */
export async function makeWall(
  container: Container,
  spec: LandlockSpec | undefined,
): Promise<Ruleset | undefined> {
  if (!spec) return undefined
  await container.ready // before, the root is still the host's
  return makeRuleset(spec, container.rootDirectory())
}
