/**
 * Runs a guest of test/programs behind the wall of a policy, and without it for the control: the
 * same plan, but for the steps of Landlock.
 */
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { close } from '#glassbox/gate/descriptors.js'
import { runPlan } from '#glassbox/gate/gate.js'
import { makeRuleset } from '#glassbox/landlock/ruleset.js'
import { landlockSpec, type SpecContext } from '#glassbox/landlock/spec.js'
import { requireLandlock } from '#glassbox/landlock/abi.js'
import { addLandlockSteps } from '#glassbox/landlock/steps.js'
import type { LandlockSpec, Ruleset } from '#glassbox/landlock/types.js'
import { addExecuteStep } from '#glassbox/launch/exec-steps.js'
import { CLONE_VFORK, CLONE_VM, PR_SET_NO_NEW_PRIVS, SIGCHLD, __WALL } from '#glassbox/linux/constants.js'
import { addFilterSteps } from '#glassbox/launch/filter-steps.js'
import { PlanBuilder, text } from '#glassbox/plan/builder.js'
import { encodePlan } from '#glassbox/plan/encode.js'
import type { PathRule, PatternKind } from '#glassbox/policy/resolved.js'
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import type { CallRule } from '#glassbox/seccomp/policy.js'
import { pathRule } from '../../support/path-rule.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

/** Above every descriptor that a child of these tests has open. */
const SPARE = 200

const WAYS = { r: 'read', w: 'write', x: 'execute', l: 'list' } as const

/** A rule of a policy. The first argument is a sum of ways: `rwxl`. */
export const rule = (ways: string, kind: PatternKind, path: string): PathRule =>
  pathRule(
    Array.from(ways, way => WAYS[way as keyof typeof WAYS]),
    path,
    kind,
  )

/** What every dynamic guest needs. */
export const SYSTEM: readonly PathRule[] = [
  rule('x', 'tree', '/usr'),
  rule('x', 'tree', '/lib'),
  rule('x', 'tree', '/lib64'),
  rule('r', 'exact', '/etc/ld.so.cache'),
  rule('w', 'exact', '/dev/null'),
]

/** The spec of some rules, with what a guest needs to start. */
export const specOf = (rules: readonly PathRule[], context: Partial<SpecContext> = {}): LandlockSpec =>
  landlockSpec(
    { rules: [...SYSTEM, rule('x', 'exact', '{program}'), ...rules] },
    { work: '/nowhere', program: program('paths'), abi: requireLandlock(), ...context },
  )

export interface Behind {
  /** Undefined: no wall. */
  readonly spec?: LandlockSpec | undefined
  readonly cwd?: string
  /** A file that the guest inherits as its stdin. */
  readonly stdin?: string
  /** Refusals by a filter, next to the wall. */
  readonly refusals?: readonly CallRule[]
}

/** Runs a guest; returns its output and its wait status. */
export function runBehind(
  context: TestContext,
  behind: Behind,
  guest: string,
  args: readonly string[],
): { status: number; stdout: string } {
  const file = join(temporaryDirectory(context), 'stdout')
  const stdout = openSync(file, 'w')
  const stdin = openSync(behind.stdin ?? '/dev/null', 'r')
  const ruleset = behind.spec && makeRuleset(behind.spec)
  try {
    return {
      status: execute(behind, [guest, ...args], [stdin, stdout], ruleset),
      stdout: readFileSync(file, 'utf8'),
    }
  } finally {
    closeSync(stdin)
    closeSync(stdout)
    if (ruleset) close(ruleset.fd)
  }
}

function execute(
  { cwd = '/', refusals }: Behind,
  argv: readonly string[],
  stdio: readonly [stdin: number, stdout: number],
  ruleset: Ruleset | undefined,
): number {
  const [path = ''] = argv
  const builder = new PlanBuilder(`run ${path}`)
  const [stdin, stdout] = [builder.input('stdin'), builder.input('stdout')]
  const rules = builder.input('ruleset')
  const pid = builder.slot('pid')
  const status = { bytes: new Uint8Array(4) }
  const flags = BigInt(CLONE_VM | CLONE_VFORK)
  builder
    .clone({ flags, exitSignal: SIGCHLD, result: pid, label: 'clone' }, () => {
      builder
        .call('dup3', [stdin, 0, 0], 'stdin')
        .call('dup3', [stdout, 1, 0], 'stdout')
        .call('chdir', [text(cwd)], 'go there')
        .call('prctl', [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0], 'gain no privilege')
      if (ruleset) addLandlockSteps(builder, { ruleset: rules, own: ruleset.own, spare: SPARE })
      if (refusals) addFilterSteps(builder, compilePolicy({ rules: refusals, otherwise: { kind: 'allow' } }))
      addExecuteStep(builder, { path, argv, env: {} })
    })
    .call('wait4', [pid, status, __WALL, 0], 'wait')
  const { bytes, origin } = encodePlan(builder.build())
  const { failure } = runPlan(bytes, [...stdio, ruleset?.fd ?? -1])
  if (failure) throw new Error(`${origin[failure.step]?.label}: errno ${failure.errno}`)
  return statusIn(bytes)
}

/** The status is the last object of the plan's data that is one word long. */
function statusIn(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8).getInt32(0, true)
}

/** The errno of each call of `paths`, in order. */
export function errnos(context: TestContext, behind: Behind, calls: readonly string[]): number[] {
  const { stdout } = runBehind(context, behind, program('paths'), calls)
  return stdout.trim().split('\n').map(Number)
}
