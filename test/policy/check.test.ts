/** What a caller may not say in a policy, and what becomes of a policy that changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_POLICY, denyCalls } from '#glassbox/index.js'
import { AUDIT_ARCH_X86_64 } from '#glassbox/seccomp/data.js'
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import { disassemble } from '#glassbox/seccomp/disassemble.js'
import { evaluatePolicy } from '#glassbox/seccomp/simulate.js'
import { callRulesOf } from '#glassbox/runners/namespace/call-rules.js'
import { validatePolicy } from '#glassbox/policy/check.js'
import { resolvePolicy } from '#glassbox/policy/resolve.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'

const kill = { kind: 'kill' }
const allow = { kind: 'allow' }
const rule = (parts: object): object => ({
  rules: [{ syscalls: ['read'], action: kill, ...parts }],
  otherwise: allow,
})
const condition = (parts: object): object => rule({ when: [{ arg: 0, op: 'eq', value: 1n, ...parts }] })

const decide = { kind: 'decide', handler: () => 'allow' }
const first = { arg: 0, op: 'eq', value: 1n }
const second = { arg: 1, op: 'eq', value: 1n }
const rules = (...parts: object[]): object => ({
  rules: parts.map(one => ({ syscalls: ['read'], action: kill, ...one })),
  otherwise: allow,
})
const paths = (given: object): object => ({ otherwise: allow, paths: given })

const endless: { extends: object[]; otherwise: object } = { extends: [], otherwise: allow }
endless.extends.push({ extends: endless })

const cyclic: Record<string, unknown> = { rules: [] }
cyclic['otherwise'] = cyclic

for (const [policy, option, message] of [
  [undefined, 'policy', /Expected policy to be a policy with rules/],
  [[], 'policy', /Expected policy to be a policy with rules/],
  [{ rules: [] }, 'policy.otherwise', /to be an action, got undefined/],
  [cyclic, 'policy.otherwise', /to be an action, got \{ rules: \[…\], otherwise: \{…\} \}/],
  [{ ...rule({}), default: allow }, 'policy.default', /A policy has no key called default/],
  [rule({ syscalls: ['raed'] }), 'policy.rules[0].syscalls[0]', /There is no system call called "raed"/],
  [rule({ syscalls: [5] }), 'policy.rules[0].syscalls[0]', /to be the name of a system call, got 5/],
  [rule({ syscalls: 'read' }), 'policy.rules[0].syscalls', /to be a list of system calls, got "read"/],
  [rule({ syscalls: [] }), 'policy.rules[0].syscalls', /has no effect/],
  [rule({ conditions: [] }), 'policy.rules[0].conditions', /A rule has no key called conditions/],
  [rule({ action: { kind: ['kill'] } }), 'policy.rules[0].action', /to be an action/],
  [
    rule({ action: { kind: 'kill', errno: 1 } }),
    'policy.rules[0].action.errno',
    /The action kill has no key/,
  ],
  [
    rule({ action: { kind: 'errno' } }),
    'policy.rules[0].action.errno',
    /a whole number of at least 0, got undefined/,
  ],
  [rule({ action: { kind: 'errno', errno: -1 } }), 'policy.rules[0].action.errno', /at least 0, got -1/],
  [rule({ action: { kind: 'errno', errno: 4096 } }), 'policy.rules[0].action.errno', /at most 4095/],
  [rule({ action: { kind: 'errno', errno: 1n } }), 'policy.rules[0].action.errno', /got 1n/],
  [rule({ action: { kind: 'trace', data: 65_536 } }), 'policy.rules[0].action.data', /at most 65535/],
  [condition({ arg: 6 }), 'policy.rules[0].when[0].arg', /at most 5, got 6/],
  [condition({ op: '==' }), 'policy.rules[0].when[0].op', /'eq', 'ne', .* or 'masked-ne', got "=="/],
  [condition({ value: 1 }), 'policy.rules[0].when[0].value', /a bigint/],
  [condition({ value: -1n }), 'policy.rules[0].when[0].value', /a bigint from 0n/],
  [condition({ value: 2n ** 64n }), 'policy.rules[0].when[0].value', /2n \*\* 64n - 1n/],
  [condition({ width: 32, value: 2n ** 32n }), 'policy.rules[0].when[0]', /does not fit the 32 bits/],
  [condition({ width: 16 }), 'policy.rules[0].when[0].width', /32 or 64/],
  [condition({ mask: 1n }), 'policy.rules[0].when[0].mask', /eq takes no mask/],
  [condition({ op: 'masked-eq' }), 'policy.rules[0].when[0].mask', /a bigint.*got undefined/],
  [condition({ op: 'masked-eq', mask: 1n, value: 2n }), 'policy.rules[0].when[0]', /can never match/],
  [condition({ op: 'masked-ne', mask: 1n, value: 2n }), 'policy.rules[0].when[0]', /can only match/],
  [rule({ atMost: 0 }), 'policy.rules[0].atMost', /above zero, got 0/],
  [rule({ atMost: 1.5 }), 'policy.rules[0].atMost', /whole number/],
  [rule({ action: { kind: 'decide' } }), 'policy.rules[0].action.handler', /a function, got undefined/],
  [
    rule({ syscalls: ['socket', 'openat'], action: decide }),
    'policy.rules[0].syscalls[1]',
    /no handler can decide openat.*its argument pathname/,
  ],
  [rule({ syscalls: ['ioctl'], action: decide }), 'policy.rules[0].syscalls[0]', /argument argp/],
  [rule({ syscalls: ['fcntl'], action: decide }), 'policy.rules[0].syscalls[0]', /argument arg/],
  [rule({ syscalls: ['read', 'write', 'read'] }), 'policy.rules[0].syscalls[2]', /read is already/],
  [
    rules({ syscalls: ['read', 'write'] }, { syscalls: ['write'], action: allow }),
    'policy.rules[1]',
    /rules\[1\] can never match: policy\.rules\[0\] decides every call of write/,
  ],
  [
    rules({ when: [first] }, { when: [second, { ...first, width: 64 }] }),
    'policy.rules[1]',
    /can never match/,
  ],
  [{ otherwise: decide }, 'policy.otherwise', /to be an action/],
  [{ extends: 'defualt' }, 'policy.extends', /no preset called "defualt"/],
  [{ extends: ['default', 'nodejs'] }, 'policy.extends[1]', /no preset called "nodejs"/],
  [{ extends: 5 }, 'policy.extends', /the name of a preset, or a policy, got 5/],
  [{ extends: [] }, 'policy.otherwise', /got undefined/],
  [{ extends: [{ rules: [] }] }, 'policy.extends[0].otherwise', /got undefined/],
  [{ extends: { ...rule({}), ruls: [] } }, 'policy.extends.ruls', /no key called ruls/],
  [endless, 'policy.extends[0].extends', /extends itself/],
  [paths({ raed: [] }), 'policy.paths.raed', /have no key called raed/],
  [paths({ read: '/usr/' }), 'policy.paths.read', /a list of path patterns, got "\/usr\/"/],
  [paths({ read: ['/', 'lib/'] }), 'policy.paths.read[1]', /"lib\/" is relative/],
  [paths({ write: [''] }), 'policy.paths.write[0]', /is empty/],
  [paths({ write: ['{wrok}/'] }), 'policy.paths.write[0]', /begins with \{wrok\}, which is not a base/],
  [paths({ write: ['{work}x'] }), 'policy.paths.write[0]', /needs a slash/],
  [paths({ execute: ['{program}/x'] }), 'policy.paths.execute[0]', /which is a file/],
  [paths({ read: ['/usr/../etc/'] }), 'policy.paths.read[0]', /has the component "\.\."/],
  [paths({ read: ['/usr//lib'] }), 'policy.paths.read[0]', /an empty component/],
  [paths({ read: ['/usr/a**'] }), 'policy.paths.read[0]', /has \*\* inside/],
  [paths({ read: ['/usr/[ab]*'] }), 'policy.paths.read[0]', /only \* and \? are wildcards/],
  [paths({ read: ['/usr/{a,b}'] }), 'policy.paths.read[0]', /only \* and \? are wildcards/],
  [paths({ read: ['/usr/*/'] }), 'policy.paths.read[0]', /ends with a slash/],
  [paths({ read: ['/a\0b'] }), 'policy.paths.read[0]', /a path pattern/],
  [paths({ list: ['/usr'] }), 'policy.paths.list[0]', /names no directory with those below/],
  [paths({ stat: 'none' }), 'policy.paths.stat', /'all' or a list/],
  [paths({ tier: 'loud' }), 'policy.paths.tier', /'silent' or 'named'/],
  [paths({ denied: { kind: 'errno', errno: 0 } }), 'policy.paths.denied.errno', /above zero, got 0/],
  [paths({ denied: { kind: 'allow' } }), 'policy.paths.denied', /errno or kill/],
  [paths({ tier: 'silent', stat: ['/usr/'] }), 'policy.paths.stat', /cannot be had in the tier silent/],
  [paths({ tier: 'silent', denied: kill }), 'policy.paths.denied', /cannot be had in the tier silent/],
] as const) {
  test(`refused: ${option}: ${String(message)}`, () => {
    assert.throws(() => validatePolicy(policy), { code: 'ERR_GLASSBOX_INVALID_OPTION', option, message })
  })
}

test('a policy that became something else after its first check is looked at again', () => {
  const policy = rule({}) as { rules: unknown; otherwise: unknown }
  const before = resolvePolicy(policy)
  assert.equal(resolvePolicy(policy), before)
  policy.otherwise = policy
  assert.throws(() => resolvePolicy(policy), { option: 'policy.otherwise' })
  assert.deepEqual(before.otherwise, allow, 'the copy is as it was')
})

test('another handler is another policy', () => {
  const action = { kind: 'decide', handler: (): string => 'allow' }
  const policy = rule({ syscalls: ['socket'], action })
  const before = resolvePolicy(policy)
  assert.equal(resolvePolicy(policy), before)
  action.handler = () => 'kill'
  assert.notEqual(resolvePolicy(policy), before)
})

test('the default policy and whole-range values are accepted', () => {
  assert.deepEqual(validatePolicy(DEFAULT_POLICY), DEFAULT_POLICY)
  validatePolicy(condition({ value: 2n ** 64n - 1n }))
  validatePolicy(condition({ width: 32, value: 2n ** 32n - 1n }))
})

test('rules before those of the default policy may replace some of them', () => {
  const socket = { syscalls: ['socket'], action: { kind: 'kill' } } as const
  const policy = { ...DEFAULT_POLICY, rules: [socket, ...DEFAULT_POLICY.rules] }
  assert.deepEqual(resolvePolicy(policy).rules, policy.rules)
})

test('a rule behind one with other conditions, or with an end, can match', () => {
  resolvePolicy(rules({ when: [first] }, { when: [second] }, {}))
  resolvePolicy(rules({ atMost: 3 }, {}))
  resolvePolicy(rules({ syscalls: ['write'] }, { syscalls: ['read', 'write'], action: allow }))
})

test('calls whose arguments are numbers can be decided by a handler', () => {
  const syscalls = ['socket', 'clone', 'kill', 'mmap', 'read', 'pipe2', 'dup', 'personality', 'semget']
  resolvePolicy(rule({ syscalls, action: decide }))
})

test('denied calls come before everything else, and execve cannot be one of them', () => {
  const call = { nr: syscallNumber('socket'), arch: AUDIT_ARCH_X86_64, args: [1n, 1n, 0n, 0n, 0n, 0n] }
  const denied = callRulesOf(resolvePolicy(denyCalls(['socket', 'socket'])))
  assert.deepEqual(evaluatePolicy(DEFAULT_POLICY, call), allow)
  assert.deepEqual(evaluatePolicy(denied, call), kill)
  assert.equal(denyCalls([]), DEFAULT_POLICY)
  assert.throws(() => denyCalls(['execve']), /execve cannot be denied/)
})

test('numbers in the gaps of the table are unknown, not allowed', () => {
  for (const nr of [340, 423, 600, 0xffffffff]) {
    const call = { nr, arch: AUDIT_ARCH_X86_64, args: [0n, 0n, 0n, 0n, 0n, 0n] }
    assert.deepEqual(evaluatePolicy(DEFAULT_POLICY, call), { kind: 'errno', errno: 38 }, String(nr))
  }
})

test('a filter as text', () => {
  const policy = {
    rules: [
      { syscalls: ['read'], when: [{ arg: 0, op: 'eq', value: 5n }], action: { kind: 'errno', errno: 1 } },
    ],
    otherwise: allow,
  }
  assert.equal(
    disassemble(compilePolicy(callRulesOf(resolvePolicy(policy))))
      .split('\n')
      .slice(0, 3)
      .join('\n'),
    '   0  load arch\n   1  jeq 0xc000003e ? 2 : 16\n   2  load nr',
  )
})
