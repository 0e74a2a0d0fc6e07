/** What a caller may not say in a policy, and what the presets and the disassembler make of one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_POLICY, denyCalls } from '#glassbox/index.js'
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

for (const [policy, message] of [
  [undefined, /Expected a policy with rules/],
  [{ rules: [] }, /otherwise: expected an action/],
  [rule({ syscalls: ['raed'] }), /rules\[0\]\.syscalls\[0\]: There is no system call called "raed"/],
  [rule({ syscalls: [] }), /does nothing/],
  [rule({ conditions: [] }), /rules\[0\]: there is no conditions here/],
  [rule({ action: { kind: ['kill'] } }), /rules\[0\]\.action: expected an action/],
  [rule({ action: { kind: 'errno', errno: 4096 } }), /errno: expected a whole number from 0 to 4095/],
  [condition({ op: 'masked-ne', mask: 1n, value: 2n }), /can only match/],
  [rule({ action: { kind: 'errno', errno: 1n } }), /got 1n/],
  [rule({ action: { kind: 'trace', data: 65_536 } }), /from 0 to 65535/],
  [condition({ arg: 6 }), /when\[0\]\.arg: expected a whole number from 0 to 5/],
  [condition({ op: '==' }), /no operator "=="/],
  [condition({ value: 1 }), /expected a bigint/],
  [condition({ value: -1n }), /expected a bigint from 0n/],
  [condition({ value: 2n ** 64n }), /2n \*\* 64n - 1n/],
  [condition({ width: 32, value: 2n ** 32n }), /does not fit the 32 bits/],
  [condition({ width: 16 }), /expected 32 or 64/],
  [condition({ mask: 1n }), /eq takes no mask/],
  [condition({ op: 'masked-eq', mask: 1n, value: 2n }), /bits outside the mask/],
] as const) {
  test(`refused: ${String(message)}`, () => {
    assert.throws(() => validatePolicy(policy), {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
      option: 'policy',
      message,
    })
  })
}

test('the default policy and whole-range values are accepted', () => {
  assert.equal(validatePolicy(DEFAULT_POLICY), DEFAULT_POLICY)
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
