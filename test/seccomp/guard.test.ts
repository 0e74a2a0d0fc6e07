/**
 * The guard and a policy together: what both let pass is made, and what the policy says where it
 * is the stricter one stays.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  F_SETLEASE,
  O_CREAT,
  SECCOMP_GET_ACTION_AVAIL,
  SECCOMP_SET_MODE_FILTER,
} from '#glassbox/linux/constants.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { i386ByName } from '#glassbox/linux/i386.js'
import { allSyscalls, syscallNumber } from '#glassbox/linux/syscalls.js'
import { resolvePolicy } from '#glassbox/policy/resolve.js'
import { compileFilter } from '#glassbox/runners/namespace/filter.js'
import { X32_BIT } from '#glassbox/linux/abi.js'
import { AUDIT_ARCH_I386, AUDIT_ARCH_X86_64 } from '#glassbox/seccomp/data.js'
import { DEFAULT_POLICY } from '#glassbox/seccomp/defaults.js'
import { GUARD, guarded } from '#glassbox/seccomp/guard.js'
import type { KernelAction, CallPolicy } from '#glassbox/seccomp/policy.js'
import { evaluatePolicy, runFilter } from '#glassbox/seccomp/simulate.js'

const allow: KernelAction = { kind: 'allow' }
const kill: KernelAction = { kind: 'kill' }
const errno = (value: number): KernelAction => ({ kind: 'errno', errno: value })
const guardAlone: CallPolicy = { rules: GUARD, otherwise: allow }

const words = (...args: number[]): bigint[] =>
  Array.from({ length: 6 }, (_, index) => BigInt(args[index] ?? 0))
const call = (name: string, ...args: number[]): { nr: number; arch: number; args: bigint[] } => ({
  nr: syscallNumber(name),
  arch: AUDIT_ARCH_X86_64,
  args: words(...args),
})

/** What the guard has a word about, and the same calls as programs make them all the time. */
const CALLS = [
  ...[0o755, 0o1777, 0o4755, 0o2755, 0o6755].flatMap(mode => [
    call('chmod', 0, mode),
    call('fchmodat2', 0, 0, mode),
    call('openat', 0, 0, O_CREAT, mode),
    call('openat', 0, 0, 0, mode),
    call('mknod', 0, mode),
  ]),
  ...[call('mknod', 0, 0o20666), call('mknodat', 0, 0, 0o60666), call('mknod', 0, 0o10666)],
  ...[call('openat2'), call('clone3'), call('keyctl', 5), call('io_uring_enter')],
  ...[call('fcntl', 3, F_SETLEASE), call('fcntl', 3, 1), call('renameat2', 0, 0, 0, 0, 4), call('renameat2')],
  ...[call('clone', 0x02000000), call('clone', 17), call('read'), call('execve'), call('ptrace')],
]

const everyCall = allSyscalls().map(({ name }) => name)
const POLICIES: Readonly<Record<string, CallPolicy>> = {
  'the default': DEFAULT_POLICY,
  'one that allows everything': { rules: [], otherwise: allow },
  'one that logs everything': { rules: [], otherwise: { kind: 'log' } },
  'a list of what is allowed': { rules: [{ syscalls: everyCall, action: allow }], otherwise: kill },
  'one that allows some calls with some arguments': {
    rules: [
      { syscalls: ['chmod'], when: [{ arg: 1, op: 'eq', value: 0o4755n }], action: allow },
      { syscalls: ['chmod', 'keyctl'], action: kill },
      { syscalls: ['openat', 'fcntl', 'read'], action: allow },
    ],
    otherwise: errno(77),
  },
  'one that ends programs for what the guard refuses': {
    rules: [{ syscalls: ['openat2', 'chmod', 'fcntl'], action: kill }],
    otherwise: allow,
  },
}

const passes = ({ kind }: KernelAction): boolean => ['allow', 'log', 'trace'].includes(kind)

for (const [name, policy] of Object.entries(POLICIES)) {
  test(`with ${name}, a call is made where both let it pass, and else as the policy says [F0]`, () => {
    const both = guarded(policy)
    for (const each of CALLS) {
      const own = evaluatePolicy(policy, each)
      const expected =
        passes(own) && !passes(evaluatePolicy(guardAlone, each)) ? evaluatePolicy(guardAlone, each) : own
      assert.deepEqual(evaluatePolicy(both, each), expected, JSON.stringify(each.args.map(String)))
    }
  })
}

test('the guard alone holds for i386 by its own numbers, and x32 is not there [F0, SC-02, SC-03]', () => {
  const { bytes, listens, early } = compileFilter(null)
  assert.deepEqual([listens, early], [false, true])
  const i386 = (name: string, ...args: number[]): KernelAction => {
    const nr = i386ByName(name)?.nr ?? -1
    return runFilter(bytes, { nr, arch: AUDIT_ARCH_I386, args: words(...args) })
  }
  for (const [name, ...args] of [
    ['chmod', 0, 0o6755],
    ['creat', 0, 0o4755],
    ['open', 0, O_CREAT, 0o2755],
    ['mknod', 0, 0o20666],
    ['clone', 0x02000000],
  ] as const) {
    assert.deepEqual(i386(name, ...args), errno(ERRNO.EPERM), name)
  }
  assert.deepEqual(i386('fcntl64', 3, F_SETLEASE), errno(ERRNO.EINVAL))
  assert.deepEqual(i386('fcntl', 3, F_SETLEASE), errno(ERRNO.EINVAL))
  assert.deepEqual(i386('openat2'), errno(ERRNO.ENOSYS))
  for (const harmless of [
    i386('chmod', 0, 0o755),
    i386('getpid'),
    i386('socketcall', 1),
    i386('open', 0, 0, 0o6755),
  ])
    assert.deepEqual(harmless, allow)
  const x32 = { nr: X32_BIT + syscallNumber('chmod'), arch: AUDIT_ARCH_X86_64, args: words(0, 0o6755) }
  assert.deepEqual(runFilter(bytes, x32), errno(ERRNO.ENOSYS))
})

test('a policy that ends programs for a call refuses filters of their own, others do not [F9]', () => {
  const ends = compileFilter(
    resolvePolicy({ rules: [{ syscalls: ['ptrace'], action: kill }], otherwise: allow }),
  )
  const lenient = compileFilter(resolvePolicy(DEFAULT_POLICY))
  const own = call('seccomp', SECCOMP_SET_MODE_FILTER)
  assert.deepEqual(runFilter(ends.bytes, own), errno(ERRNO.EINVAL))
  assert.deepEqual(runFilter(ends.bytes, call('prctl', 22, 2)), errno(ERRNO.EINVAL))
  assert.deepEqual(runFilter(ends.bytes, call('prctl', 22, 1)), allow)
  assert.deepEqual(runFilter(ends.bytes, call('seccomp', SECCOMP_GET_ACTION_AVAIL)), allow)
  assert.deepEqual(runFilter(lenient.bytes, own), allow)
})
