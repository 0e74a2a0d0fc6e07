/** The filter of a supervised program decides as its policy says, or leaves it to the tracer. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { X32_BIT } from '#glassbox/linux/abi.js'
import {
  AF_INET,
  AF_UNIX,
  CLONE_UNTRACED,
  PR_SET_DUMPABLE,
  PR_SET_SECCOMP,
  SECCOMP_SET_MODE_FILTER,
} from '#glassbox/linux/constants.js'
import { allSyscalls, syscallNumber } from '#glassbox/linux/syscalls.js'
import type { DecideCall, Rule } from '#glassbox/policy/policy.js'
import { resolvePolicy } from '#glassbox/policy/resolve.js'
import type { ResolvedPolicy } from '#glassbox/policy/resolved.js'
import { SUPERVISED_GUARD } from '#glassbox/policy/supervised-guard.js'
import { AUDIT_ARCH_I386, AUDIT_ARCH_X86_64 } from '#glassbox/seccomp/data.js'
import { NO_FILTERS } from '#glassbox/seccomp/guard.js'
import type { CallRule, Condition, KernelAction } from '#glassbox/seccomp/policy.js'
import { holds } from '#glassbox/seccomp/holds.js'
import { runFilter } from '#glassbox/seccomp/simulate.js'
import type { StopAction } from '#glassbox/supervisor/contract.js'
import {
  type FilterTerms,
  pathDecisions,
  type SupervisedFilter,
  supervisedFilter,
} from '#glassbox/supervisor/filter.js'
import { PATH_REFUSALS } from '#glassbox/supervisor/filter/path-refusals.js'
import { CALL_CLASSES } from '#glassbox/supervisor/paths/call-classes.js'

const TERMS: FilterTerms = { tier: 'named', countsProcesses: true, net: 'host' }
const NO_HANDLER: DecideCall = () => 'allow'

type Answer = { readonly kernel: KernelAction } | { readonly stop: StopAction | undefined }

function answerOf(
  made: SupervisedFilter,
  nr: number,
  args: readonly bigint[],
  arch = AUDIT_ARCH_X86_64,
): Answer {
  const action = runFilter(made.filter, { nr, arch, args })
  return action.kind === 'trace' ? { stop: made.decisions.actions[action.data] } : { kernel: action }
}

const ask = (policy: ResolvedPolicy, name: string, args: readonly bigint[] = [], terms = TERMS): Answer =>
  answerOf(supervisedFilter(policy, terms), syscallNumber(name), args)

const policyOf = (rules: readonly Rule[], otherwise: 'allow' | 'kill', paths?: object): ResolvedPolicy =>
  resolvePolicy({ rules, otherwise: { kind: otherwise }, ...(paths ? { paths } : {}) })

/** Arguments at which the conditions of the rules differ. */
function samplesOf(conditions: readonly Condition[]): bigint[][] {
  const values = (arg: number): bigint[] => [
    ...new Set([
      0n,
      1n,
      ...conditions
        .filter(condition => condition.arg === arg)
        .flatMap(({ value, mask = 0n }) => [
          value,
          value + 1n,
          mask,
          value | mask,
          (value | mask) + 2n ** 32n,
        ]),
    ]),
  ]
  const used = [...new Set(conditions.map(({ arg }) => arg))]
  const samples: bigint[][] = [[0n, 0n, 0n, 0n, 0n, 0n]]
  for (const arg of used) {
    const before = samples.splice(0)
    for (const sample of before)
      for (const value of values(arg)) samples.push(sample.with(arg, BigInt.asUintN(64, value)))
    if (samples.length > 20_000) break
  }
  return samples
}

/** What the policy, the guard and the tracer's rules say, written without the filter's chain. */
function expected(
  policy: ResolvedPolicy,
  name: string,
  args: readonly bigint[],
  refusals: readonly CallRule[],
): Answer {
  const matches = ({ syscalls, when = [] }: CallRule | Rule): boolean =>
    syscalls.includes(name) && when.every(condition => holds(condition, args))
  const decide = (from: number): Answer => {
    const index = policy.rules.findIndex((rule, at) => at >= from && matches(rule))
    const rule = policy.rules[index]
    const answer = settle(rule?.action ?? policy.otherwise)
    if (!rule || rule.atMost === undefined) return answer
    const after = decide(index + 1)
    if (
      'kernel' in answer &&
      'kernel' in after &&
      answer.kernel.kind === 'errno' &&
      after.kernel.kind === 'errno'
    )
      if (answer.kernel.errno === after.kernel.errno) return answer
    return {
      stop: { kind: 'count', budget: 0, atMost: rule.atMost, within: stopOf(answer), after: stopOf(after) },
    }
  }
  const settle = (action: Rule['action']): Answer => {
    if (action.kind === 'kill') return { stop: { kind: 'kill' } }
    if (action.kind === 'errno') return { kernel: action }
    if (action.kind === 'trace' || action.kind === 'notify') return { kernel: { kind: 'errno', errno: 38 } }
    const refusal = refusals.find(matches)
    if (refusal) return { kernel: refusal.action }
    const stop = stopOfAllowed(name, args)
    if (action.kind === 'decide')
      return { stop: { kind: 'ask', handler: 0, within: stop ?? { kind: 'allow' } } }
    return stop ? { stop } : { kernel: action }
  }
  const stopOfAllowed = (call: string, registers: readonly bigint[]): StopAction | undefined => {
    if (['fork', 'vfork', 'clone'].includes(call)) return { kind: 'birth' }
    if (installsFilter(call, registers)) return { kind: 'own-filter' }
    return policy.paths && isJudged(policy, call, registers) ? { kind: 'paths' } : undefined
  }
  return decide(0)
}

const stopOf = (answer: Answer): StopAction => {
  if ('stop' in answer) return answer.stop ?? { kind: 'kill' }
  return answer.kernel.kind === 'errno' ? { kind: 'errno', errno: answer.kernel.errno } : { kind: 'allow' }
}

const installsFilter = (name: string, [first = 0n]: readonly bigint[]): boolean =>
  ({ seccomp: SECCOMP_SET_MODE_FILTER, prctl: PR_SET_SECCOMP })[name] === Number(BigInt.asUintN(32, first))

function isJudged({ paths }: ResolvedPolicy, name: string, args: readonly bigint[]): boolean {
  const row = CALL_CLASSES.get(name)
  const family = Number(BigInt.asUintN(32, args[0] ?? 0n))
  if (name === 'socket') return family === AF_UNIX
  if (name === 'socketpair') return family === AF_UNIX && ![1n, 5n].includes((args[1] ?? 0n) & 15n)
  return row !== undefined && (row.use !== 'stat' || paths?.statAll === false)
}

const POLICIES: Readonly<Record<string, ResolvedPolicy>> = {
  'allows all': policyOf([], 'allow'),
  'kills all but a few': policyOf(
    [{ syscalls: ['read', 'write', 'exit_group', 'openat'], action: { kind: 'allow' } }],
    'kill',
  ),
  'has paths': policyOf([], 'allow', { read: ['/usr/'] }),
  'has paths and a list of attributes': policyOf([], 'allow', { read: ['/usr/'], stat: ['/etc/'] }),
  'is the preset default': resolvePolicy('default'),
  'asks and counts': policyOf(
    [
      {
        syscalls: ['socket'],
        when: [{ arg: 0, op: 'eq', value: BigInt(AF_INET), width: 32 }],
        action: { kind: 'decide', handler: NO_HANDLER },
      },
      { syscalls: ['getppid', 'mmap', 'prctl', 'openat', 'clone'], atMost: 3, action: { kind: 'allow' } },
      { syscalls: ['getppid'], when: [{ arg: 1, op: 'gt', value: 7n }], action: { kind: 'errno', errno: 1 } },
      { syscalls: ['getppid'], when: [{ arg: 1, op: 'gt', value: 5n }], action: { kind: 'kill' } },
      { syscalls: ['openat'], action: { kind: 'errno', errno: 2 } },
      { syscalls: ['uname', 'times'], action: { kind: 'trace', data: 3 } },
      { syscalls: ['umask', 'fork'], action: { kind: 'log' } },
      { syscalls: ['vfork', 'fchmod'], action: { kind: 'decide', handler: NO_HANDLER } },
    ],
    'allow',
    { write: ['/tmp/'], stat: ['/etc/'] },
  ),
}

for (const [name, policy] of Object.entries(POLICIES))
  test(`a policy that ${name}: for every call the filter decides as the policy says`, () => {
    const made = supervisedFilter(policy, TERMS)
    const kills =
      policy.otherwise.kind === 'kill' || policy.rules.some(({ action }) => action.kind === 'kill')
    const refusals = [
      ...SUPERVISED_GUARD,
      ...(policy.paths ? PATH_REFUSALS : []),
      ...(kills ? NO_FILTERS : []),
    ]
    for (const call of allSyscalls()) {
      const conditions = [...policy.rules, ...refusals]
        .filter(({ syscalls }) => syscalls.includes(call.name))
        .flatMap(({ when = [] }) => when)
      for (const args of samplesOf(conditions))
        assert.deepEqual(
          answerOf(made, call.nr, args),
          expected(policy, call.name, args, refusals),
          `${call.name}(${args.join(', ')})`,
        )
    }
  })

test('calls of other ABIs end the program at a stop that has the evidence', () => {
  const made = supervisedFilter(policyOf([], 'allow'), TERMS)
  assert.deepEqual(answerOf(made, 20, [], AUDIT_ARCH_I386), { stop: { kind: 'kill' } })
  assert.deepEqual(answerOf(made, X32_BIT + 1, []), { stop: { kind: 'kill' } })
})

test('a call that does not exist yet is killed if others are killed, and is not there if others are allowed', () => {
  const unknown = [400, 5000, 0xffffffff]
  for (const nr of unknown) {
    assert.deepEqual(answerOf(supervisedFilter(policyOf([], 'kill'), TERMS), nr, []), {
      stop: { kind: 'kill' },
    })
    assert.deepEqual(answerOf(supervisedFilter(policyOf([], 'allow'), TERMS), nr, []), {
      kernel: { kind: 'errno', errno: 38 },
    })
  }
})

test('the silent tier stops only changes and watches, which Landlock does not cover', () => {
  const policy = policyOf([], 'allow', { read: ['/usr/'] })
  const silent = { ...TERMS, tier: 'silent', countsProcesses: false } as const
  const made = supervisedFilter(policy, silent)
  const stopped = allSyscalls().filter(({ nr }) => 'stop' in answerOf(made, nr, [1n, 2n, 0n, 0n, 0n, 0n]))
  const changes = [...CALL_CLASSES].filter(([, { maker, use }]) => maker === 'tracer' && use !== 'stat')
  const others = ['seccomp', ...changes.map(([name]) => name)]
  assert.deepEqual(stopped.map(({ name }) => name).toSorted(), others.toSorted())
  assert.deepEqual(ask(policy, 'socket', [BigInt(AF_UNIX), 1n], silent), {
    kernel: { kind: 'errno', errno: 13 },
  })
  assert.deepEqual(ask(policy, 'socket', [BigInt(AF_INET), 1n], silent), { kernel: { kind: 'allow' } })
})

test('the ways past the tracer are refused under a policy that allows everything', () => {
  const policy = policyOf([], 'allow')
  const refused: readonly (readonly [name: string, args: readonly bigint[], errno: number])[] = [
    ['seccomp', [1n, 8n], 16],
    ['seccomp', [1n, 9n], 16],
    ['prctl', [BigInt(PR_SET_DUMPABLE), 0n], 0],
    ['clone', [BigInt(CLONE_UNTRACED)], 1],
    ['clone3', [], 38],
    ['prlimit64', [1n], 1],
    ['io_uring_setup', [], 38],
  ]
  for (const [name, args, errno] of refused)
    assert.deepEqual(ask(policy, name, args), { kernel: { kind: 'errno', errno } }, name)
  // The data of its own filters must not be trusted.
  assert.deepEqual(ask(policy, 'seccomp', [1n, 0n]), { stop: { kind: 'own-filter' } })
  const killing = policyOf([{ syscalls: ['socket'], action: { kind: 'kill' } }], 'allow')
  assert.deepEqual(ask(killing, 'seccomp', [1n, 0n]), { kernel: { kind: 'errno', errno: 22 } })
})

test('handlers and budgets have one index each, however many calls and conditions they have', () => {
  const counted: Rule = { syscalls: ['getppid', 'getpid'], atMost: 2, action: { kind: 'allow' } }
  const decided: Rule = { syscalls: ['getuid', 'geteuid'], action: { kind: 'decide', handler: NO_HANDLER } }
  const later: Rule = {
    syscalls: ['getpid'],
    when: [{ arg: 0, op: 'eq', value: 1n }],
    action: { kind: 'kill' },
  }
  const { decisions, handlers } = supervisedFilter(policyOf([counted, decided, later], 'allow'), TERMS)
  assert.deepEqual(handlers, [NO_HANDLER])
  const budgets = decisions.actions.flatMap(action => (action.kind === 'count' ? [action.budget] : []))
  assert.deepEqual(budgets, [0, 0])
})

test('a policy is compiled once for the same terms', () => {
  const policy = policyOf([], 'allow')
  assert.equal(supervisedFilter(policy, TERMS), supervisedFilter(policy, { ...TERMS }))
  assert.notEqual(
    supervisedFilter(policy, TERMS),
    supervisedFilter(policy, { ...TERMS, countsProcesses: false }),
  )
})

test('`{work}` and `{program}` are replaced for each program', () => {
  const { paths } = policyOf([], 'allow', { read: ['{work}/', '{program}'], write: ['/tmp/{work}'] })
  assert.ok(paths)
  const { rules } = pathDecisions(paths, { work: '/tmp/a', program: '/bin/b' })
  assert.deepEqual(rules.map(({ path }) => path).toSorted(), ['/bin/b', '/tmp/a', '/tmp/{work}'])
})
