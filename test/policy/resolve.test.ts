/** What becomes of a policy that extends others, and what the namespace runner refuses. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Policy, type Rule, run } from '#glassbox/index.js'
import { DEFAULT_RESOLVED } from '#glassbox/policy/default.js'
import { resolvePolicy } from '#glassbox/policy/resolve.js'
import { ACCESS } from '#glassbox/policy/resolved.js'
import { DEFAULT_POLICY } from '#glassbox/seccomp/defaults.js'
import { callRulesOf } from '#glassbox/runners/namespace/call-rules.js'

const denied = (syscall: string): Rule => ({ syscalls: [syscall], action: { kind: 'kill' } })
const allow = { kind: 'allow' } as const

test('own rules come first, and what is said first counts', () => {
  const grand: Policy = { name: 'grand', rules: [denied('read')], otherwise: { kind: 'kill' } }
  const one: Policy = { extends: grand, rules: [denied('write')] }
  const other: Policy = { rules: [denied('close')], otherwise: allow, paths: { read: ['/b'] } }
  const mine: Policy = { extends: [one, other, grand], rules: [denied('socket')], paths: { read: ['/a'] } }
  const resolved = resolvePolicy(mine)
  assert.deepEqual(
    resolved.rules.map(({ syscalls }) => syscalls[0]),
    ['socket', 'write', 'read', 'close'],
  )
  assert.deepEqual(resolved.otherwise, { kind: 'kill' })
  assert.deepEqual(
    resolved.paths?.rules.map(({ text }) => text),
    ['read: /a', 'read: /b'],
  )
  assert.equal(resolved.name, undefined)
})

test('a policy without rules about paths has none', () => {
  assert.equal(resolvePolicy({ otherwise: allow }).paths, undefined)
  const none = resolvePolicy({ otherwise: allow, paths: {} }).paths
  assert.deepEqual(none, { tier: undefined, rules: [], statAll: true, denied: { kind: 'errno', errno: 13 } })
})

test('patterns are parsed, and each key grants what it says', () => {
  const paths = {
    read: ['/usr/', '/etc/passwd'],
    write: ['{work}/*'],
    execute: ['{program}'],
    list: ['/srv/'],
  }
  const { rules = [] } = resolvePolicy({ otherwise: allow, paths }).paths ?? {}
  const { read, write, execute, list, stat } = ACCESS
  assert.deepEqual(
    rules.map(({ kind, path, access }) => [kind, path, access]),
    [
      ['tree', '/usr', read | list | stat],
      ['exact', '/etc/passwd', read | stat],
      ['level', '{work}', read | write | stat],
      ['exact', '{program}', read | execute | stat],
      ['tree', '/srv', list | stat],
    ],
  )
})

test('stat: what is said first decides between all and a list; lists are joined', () => {
  const strict: Policy = { otherwise: allow, paths: { stat: ['/a'] } }
  const all: Policy = { otherwise: allow, paths: { stat: 'all' } }
  const of = (policy: Policy): unknown => {
    const { statAll, rules } = resolvePolicy(policy).paths ?? {}
    return [statAll, rules?.map(({ path }) => path)]
  }
  assert.deepEqual(of({ extends: strict, paths: { stat: ['/b'] } }), [false, ['/b', '/a']])
  assert.deepEqual(of({ extends: all, paths: { stat: ['/b'] } }), [false, ['/b']])
  assert.deepEqual(of({ extends: strict, paths: { stat: 'all' } }), [true, []])
  assert.deepEqual(of({ extends: strict }), [false, ['/a']])
})

test('the default policy as it is and the names of presets give the same object each time', () => {
  assert.equal(resolvePolicy(DEFAULT_POLICY), DEFAULT_RESOLVED)
  assert.equal(resolvePolicy('default'), resolvePolicy('default'))
})

for (const [name, policy, option] of [
  ['a count', { rules: [{ ...denied('read'), atMost: 1 }] }, 'policy.rules[0].atMost'],
  [
    'a handler',
    { extends: { rules: [{ syscalls: ['socket'], action: { kind: 'decide', handler: () => 'allow' } }] } },
    'policy.extends.rules[0].action',
  ],
  ['the tier named', { paths: { tier: 'named' } }, 'policy.paths.tier'],
  ['another errno', { paths: { denied: { kind: 'errno', errno: 2 } } }, 'policy.paths.denied'],
  ['attributes of some files', { extends: [{ paths: { stat: [] } }] }, 'policy.extends[0].paths.stat'],
] as const) {
  test(`the namespace runner refuses ${name} and says where it can be had`, async () => {
    const whole = (given: Record<string, unknown>): object => {
      const base = given['extends'] as Record<string, unknown> | Record<string, unknown>[] | undefined
      const inner = Array.isArray(base) ? base.map(one => whole(one)) : base && whole(base)
      return { otherwise: allow, ...given, ...(base ? { extends: inner } : {}) }
    }
    const refused = async (): Promise<unknown> => run('true', [], { policy: whole(policy) as Policy })
    await assert.rejects(refused, {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
      option,
      hint: "Use runner: 'ptrace'.",
    })
  })
}

test('a policy without a need for a tracer has only rules of the kernel', () => {
  const { rules } = callRulesOf(resolvePolicy({ extends: DEFAULT_POLICY, rules: [denied('socket')] }))
  assert.deepEqual(rules, [denied('socket'), ...DEFAULT_POLICY.rules])
})
