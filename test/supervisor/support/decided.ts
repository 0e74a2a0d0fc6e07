/** Runs test/programs/files.c with every call that names files decided by rules. */
import type { TestContext } from 'node:test'
import type { PathRule } from '#glassbox/policy/resolved.js'
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import type { CallPolicy } from '#glassbox/seccomp/policy.js'
import type { PathDecision } from '#glassbox/supervisor/decision.js'
import { PathDecider } from '#glassbox/supervisor/paths/decide-call.js'
import { judgeOf } from '#glassbox/supervisor/paths/rule-names.js'
import { pathCalls } from '#glassbox/supervisor/paths/path-calls.js'
import { pathRule as rule } from '../../support/path-rule.js'
import { program } from '../../support/programs.js'
import { superviseGuest } from './tracer.js'

const traced: CallPolicy = {
  rules: [
    { syscalls: [...pathCalls().values()].map(({ name }) => name), action: { kind: 'trace', data: 1 } },
  ],
  otherwise: { kind: 'allow' },
}

/** Stops every call that names files. */
export const everyPathCall: Uint8Array = compilePolicy(traced)

/** What the program needs before and after its calls. */
export const BASE: readonly PathRule[] = [
  rule('execute', '/usr'),
  rule('read', '/etc/ld.so.cache', 'exact'),
  rule('read', '/etc/ld.so.preload', 'exact'),
]

export interface Decided {
  /** The lines of the program, one for each call. */
  readonly lines: readonly string[]
  /** What was denied: `PATH; RULE`. */
  readonly denied: readonly string[]
  readonly kinds: ReadonlySet<PathDecision['kind']>
}

export interface DecidedOptions {
  readonly rules?: readonly PathRule[]
  readonly statAll?: boolean
  readonly cwd?: string
  readonly work?: string
  readonly user?: { readonly uid: number; readonly gid: number }
  readonly program?: string
}

export function decided(
  context: TestContext,
  calls: readonly string[],
  { rules = [], statAll = false, cwd, work, user, program: path = program('files') }: DecidedOptions = {},
): Decided {
  const decider = new PathDecider({
    judge: judgeOf([...BASE, ...rules, rule('execute', path, 'exact')], work),
    statAll,
    ...(user ? { identity: user } : { isEqual: true }),
  })
  const denied: string[] = []
  const kinds = new Set<PathDecision['kind']>()
  const guest = {
    program: path,
    args: calls,
    filter: everyPathCall,
    ...(cwd === undefined ? {} : { cwd }),
    ...(user ? { user } : {}),
  }
  const { output } = superviseGuest(context, guest, call => {
    const decision = decider.decide(call)
    kinds.add(decision.kind)
    if (decision.kind === 'deny') denied.push(`${decision.path}; ${decision.rule}`)
    return decision
  })
  return { lines: output.split('\n').slice(0, -1), denied, kinds }
}
