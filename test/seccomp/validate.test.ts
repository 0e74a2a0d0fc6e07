/**
 * What a caller may not say in a policy, and what the presets and the disassembler make of one.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_POLICY, denyCalls, type Policy } from '#glassbox/index.js'
import { checkPolicy } from '#glassbox/seccomp/checked.js'
import { AUDIT_ARCH_X86_64 } from '#glassbox/seccomp/data.js'
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import { disassemble } from '#glassbox/seccomp/disassemble.js'
import { evaluatePolicy } from '#glassbox/seccomp/simulate.js'
import { validatePolicy } from '#glassbox/seccomp/validate.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'

const kill = { kind: 'kill' }
const allow = { kind: 'allow' }
const rule = (parts: object): object => ({
  rules: [{ syscalls: ['read'], action: kill, ...parts }],
  otherwise: allow,
})
const condition = (parts: object): object => rule({ when: [{ arg: 0, op: 'eq', value: 1n, ...parts }] })

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
  [condition({ op: '==' }), 'policy.rules[0].when[0].op', /'eq' or 'ne'.*got "=="/],
  [condition({ value: 1 }), 'policy.rules[0].when[0].value', /a bigint/],
  [condition({ value: -1n }), 'policy.rules[0].when[0].value', /a bigint from 0n/],
  [condition({ value: 2n ** 64n }), 'policy.rules[0].when[0].value', /2n \*\* 64n - 1n/],
  [condition({ width: 32, value: 2n ** 32n }), 'policy.rules[0].when[0]', /does not fit the 32 bits/],
  [condition({ width: 16 }), 'policy.rules[0].when[0].width', /32 or 64/],
  [condition({ mask: 1n }), 'policy.rules[0].when[0].mask', /eq takes no mask/],
  [condition({ op: 'masked-eq' }), 'policy.rules[0].when[0].mask', /a bigint.*got undefined/],
  [condition({ op: 'masked-eq', mask: 1n, value: 2n }), 'policy.rules[0].when[0]', /can never match/],
  [condition({ op: 'masked-ne', mask: 1n, value: 2n }), 'policy.rules[0].when[0]', /can only match/],
] as const) {
  test(`refused: ${String(message)}`, () => {
    assert.throws(() => validatePolicy(policy), { code: 'ERR_GLASSBOX_INVALID_OPTION', option, message })
  })
}

test('a policy that became something else after its first check is looked at again', () => {
  const policy = rule({}) as { rules: unknown; otherwise: unknown }
  const first = checkPolicy(policy as Policy)
  assert.equal(checkPolicy(policy as Policy), first)
  policy.otherwise = policy
  assert.throws(() => checkPolicy(policy as Policy), { option: 'policy.otherwise' })
  assert.deepEqual(first?.otherwise, allow, 'the copy is as it was')
})

test('the default policy and whole-range values are accepted', () => {
  assert.deepEqual(validatePolicy(DEFAULT_POLICY), DEFAULT_POLICY)
  validatePolicy(condition({ value: 2n ** 64n - 1n }))
  validatePolicy(condition({ width: 32, value: 2n ** 32n - 1n }))
})

test('denied calls come before everything else, and execve cannot be one of them', () => {
  const call = { nr: syscallNumber('socket'), arch: AUDIT_ARCH_X86_64, args: [1n, 1n, 0n, 0n, 0n, 0n] }
  assert.deepEqual(evaluatePolicy(DEFAULT_POLICY, call), allow)
  assert.deepEqual(evaluatePolicy(denyCalls(['socket']), call), kill)
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
    disassemble(compilePolicy(validatePolicy(policy)))
      .split('\n')
      .slice(0, 3)
      .join('\n'),
    '   0  load arch\n   1  jeq 0xc000003e ? 2 : 16\n   2  load nr',
  )
})
