/** What a policy says of a call whatever its arguments, or its later ones. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolvePolicy } from '#glassbox/policy/resolve.js'
import { compileFilter } from '#glassbox/runners/namespace/filter.js'
import { DEFAULT_POLICY } from '#glassbox/seccomp/defaults.js'
import { permits } from '#glassbox/seccomp/permits.js'
import type { KernelAction, Condition, CallPolicy } from '#glassbox/seccomp/policy.js'

const allow: KernelAction = { kind: 'allow' }
const refuse: KernelAction = { kind: 'errno', errno: 1 }
const first: Condition = { arg: 0, op: 'eq', value: 5n }
const policy = (rules: CallPolicy['rules'], otherwise: KernelAction = allow): CallPolicy => ({
  rules,
  otherwise,
})

test('a call with no rule is as everything else', () => {
  assert.equal(permits(policy([]), 'read'), true)
  assert.equal(permits(policy([], refuse), 'read'), false)
})

test('a refusal with conditions does not permit, unless the arguments that it asks for are known', () => {
  const some = policy([{ syscalls: ['read'], when: [first], action: refuse }])
  assert.equal(permits(some, 'read'), false)
  assert.equal(permits(some, 'read', [5n]), false)
  assert.equal(permits(some, 'read', [4n]), true)
})

test('a permission with conditions is one where they are known to hold', () => {
  const some = policy([{ syscalls: ['read'], when: [first], action: allow }], refuse)
  assert.equal(permits(some, 'read'), false)
  assert.equal(permits(some, 'read', [5n]), true)
  assert.equal(permits(some, 'read', [4n]), false)
  const later = policy([{ syscalls: ['read'], when: [{ ...first, arg: 1 }], action: allow }], refuse)
  assert.equal(permits(later, 'read', [5n]), false)
})

test('the default filter may be laid on before the program is known; one that forbids the launch itself may not', () => {
  assert.equal(compileFilter(undefined)?.early, true)
  const noExec = policy([{ syscalls: ['recvmsg'], action: refuse }, ...DEFAULT_POLICY.rules])
  assert.equal(compileFilter(resolvePolicy(noExec))?.early, false)
})

test('a policy is compiled once, and again where the caller changed it', () => {
  const rules = [{ syscalls: ['getpid'], action: refuse }]
  const mine = { rules, otherwise: allow }
  const compiled = (): unknown => compileFilter(resolvePolicy(mine))
  const before = compiled()
  assert.equal(compiled(), before)
  rules.push({ syscalls: ['getppid'], action: refuse })
  assert.notEqual(compiled(), before)
})
