/**
 * The compiler against the reading of the policy: the same answer for random policies and random
 * calls.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allSyscalls } from '#glassbox/linux/syscalls.js'
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import { X32_BIT } from '#glassbox/linux/abi.js'
import { AUDIT_ARCH_I386, AUDIT_ARCH_X86_64 } from '#glassbox/seccomp/data.js'
import type { KernelAction, Condition, CallPolicy } from '#glassbox/seccomp/policy.js'
import { evaluatePolicy, runFilter } from '#glassbox/seccomp/simulate.js'

const BOUNDARIES = [
  0n,
  1n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 32n + 1n,
  2n ** 63n,
  2n ** 64n - 1n,
]
const NEWEST = Math.max(...allSyscalls().map(({ nr }) => nr))
const clamp = (value: bigint): bigint => BigInt.asUintN(64, value)

const word = fc.oneof(
  fc.constantFrom(...BOUNDARIES),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: 0n, max: 20n }),
)
const action: fc.Arbitrary<KernelAction> = fc.oneof(
  fc.constantFrom<KernelAction>({ kind: 'allow' }, { kind: 'kill' }, { kind: 'log' }, { kind: 'notify' }),
  fc.integer({ min: 0, max: 4095 }).map((errno): KernelAction => ({ kind: 'errno', errno })),
  fc.integer({ min: 0, max: 0xffff }).map((data): KernelAction => ({ kind: 'trace', data })),
)
const condition: fc.Arbitrary<Condition> = fc
  .record({
    arg: fc.integer({ min: 0, max: 5 }),
    op: fc.constantFrom('eq', 'ne', 'lt', 'le', 'gt', 'ge', 'masked-eq', 'masked-ne'),
    value: word,
    mask: word,
    width: fc.constantFrom(32, 64),
  })
  .map(drawn => (drawn.op.startsWith('masked') ? { ...drawn, value: drawn.value & drawn.mask } : drawn))
// Few names, so that rules meet on the same call.
const name = fc.constantFrom(
  'read',
  'write',
  'open',
  'socket',
  'ioctl',
  'clone',
  'execve',
  'exit_group',
  'statx',
  'mseal',
)
const policy: fc.Arbitrary<CallPolicy> = fc.record({
  rules: fc.array(
    fc.record({
      syscalls: fc.array(name, { minLength: 1, maxLength: 4 }),
      when: fc.array(condition, { maxLength: 3 }),
      action,
    }),
    { maxLength: 8 },
  ),
  otherwise: action,
})

/** Values that matter for a policy: those of its conditions and their neighbours. */
function interesting({ rules }: CallPolicy): bigint[] {
  const values = rules.flatMap(({ when = [] }) => when.flatMap(({ value, mask = 0n }) => [value, mask]))
  return [
    ...BOUNDARIES,
    ...values,
    ...values.map(value => clamp(value + 1n)),
    ...values.map(value => clamp(value - 1n)),
  ]
}

const nr = fc.oneof(
  name.map(call => allSyscalls().find(syscall => syscall.name === call)?.nr ?? 0),
  fc.integer({ min: 0, max: NEWEST + 3 }),
  fc.constantFrom(NEWEST, NEWEST + 1, X32_BIT - 1, X32_BIT, X32_BIT + 1, 0x7fffffff, 0x80000000, 0xffffffff),
)
const arch = fc.constantFrom(AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, 0)

test('a compiled policy answers as the policy reads', () => {
  const withCalls = policy.chain(chosen =>
    fc.tuple(
      fc.constant(chosen),
      fc.array(
        fc.record({
          nr,
          arch,
          args: fc.array(fc.constantFrom(...interesting(chosen)), { minLength: 6, maxLength: 6 }),
        }),
        { minLength: 20, maxLength: 20 },
      ),
    ),
  )
  fc.assert(
    fc.property(withCalls, ([chosen, calls]) => {
      const filter = compilePolicy(chosen)
      for (const call of calls) assert.deepEqual(runFilter(filter, call), evaluatePolicy(chosen, call))
    }),
    { numRuns: 2000 },
  )
})

test('a foreign ABI has the action that is chosen for it', () => {
  const chosen: CallPolicy = { rules: [], otherwise: { kind: 'allow' } }
  const foreign: KernelAction = { kind: 'notify' }
  const filter = compilePolicy(chosen, { foreign })
  for (const call of [
    { nr: 0, arch: AUDIT_ARCH_I386, args: [] },
    { nr: X32_BIT, arch: AUDIT_ARCH_X86_64, args: [] },
  ]) {
    assert.deepEqual(runFilter(filter, call), foreign)
    assert.deepEqual(evaluatePolicy(chosen, call, foreign), foreign)
  }
})

test('jumps over more than 255 instructions stay right', () => {
  const rules = allSyscalls().map(({ name: call, nr: number }) => ({
    syscalls: [call],
    when: [{ arg: 0, op: 'eq', value: BigInt(number), width: 64 } as const],
    action: { kind: 'errno', errno: number + 1 } as const,
  }))
  const chosen: CallPolicy = { rules, otherwise: { kind: 'kill' } }
  const filter = compilePolicy(chosen)
  for (const { nr: number } of allSyscalls()) {
    const call = { nr: number, arch: AUDIT_ARCH_X86_64, args: [BigInt(number), 0n, 0n, 0n, 0n, 0n] }
    assert.deepEqual(runFilter(filter, call), { kind: 'errno', errno: number + 1 })
    assert.deepEqual(runFilter(filter, { ...call, args: [1000n, 0n, 0n, 0n, 0n, 0n] }), { kind: 'kill' })
  }
})

test('a policy that is too large for the kernel is refused', () => {
  const when = Array.from(
    { length: 1100 },
    (_, value) => ({ arg: 0, op: 'ne', value: BigInt(value) }) as const,
  )
  assert.throws(
    () =>
      compilePolicy({
        rules: [{ syscalls: ['read'], when, action: { kind: 'kill' } }],
        otherwise: { kind: 'allow' },
      }),
    {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
      message: /instructions; the kernel takes at most 4096/,
    },
  )
})
