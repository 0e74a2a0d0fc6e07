/** The same answers from the real kernel as from the simulator. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { ERRNO } from '#glassbox/linux/errno.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { compilePolicy } from '#glassbox/seccomp/compile.js'
import { AUDIT_ARCH_X86_64 } from '#glassbox/seccomp/data.js'
import { DEFAULT_POLICY, REFUSALS } from '#glassbox/seccomp/defaults.js'
import type { CallPolicy } from '#glassbox/seccomp/policy.js'
import { runFilter } from '#glassbox/seccomp/simulate.js'
import { noGate32, program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

/** What the kernel says to each call: 0, or the errno; or how a call by another gate ended. */
function probe(context: TestContext, policy: CallPolicy, calls: readonly string[]): string[] {
  const file = join(temporaryDirectory(context), 'filter')
  writeFileSync(file, compilePolicy(policy))
  const { stdout, status } = spawnSync(program('seccomp-probe'), [file, ...calls], { encoding: 'utf8' })
  assert.equal(status, 0, 'the filter is accepted by the kernel')
  return stdout.trim().split('\n')
}

const allow = { kind: 'allow' } as const
const marked = (errno: number): { kind: 'errno'; errno: number } => ({ kind: 'errno', errno })

test('comparisons of both widths, on calls that cannot do anything', context => {
  // getppid takes no argument: whatever stands in the registers, only the filter reads it.
  const nr = syscallNumber('getppid')
  const values = [0n, 1n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 32n + 1n, 2n ** 64n - 1n]
  for (const op of ['eq', 'ne', 'lt', 'le', 'gt', 'ge', 'masked-eq', 'masked-ne'] as const) {
    for (const width of [32, 64] as const) {
      for (const value of [1n, 2n ** 32n]) {
        const policy: CallPolicy = {
          rules: [
            { syscalls: ['getppid'], when: [{ arg: 2, op, value, mask: value, width }], action: marked(77) },
          ],
          otherwise: allow,
        }
        const answers = probe(
          context,
          policy,
          values.map(argument => `${nr},0,0,${argument}`),
        )
        const filter = compilePolicy(policy)
        const expected = values.map(argument => {
          const action = runFilter(filter, {
            nr,
            arch: AUDIT_ARCH_X86_64,
            args: [0n, 0n, argument, 0n, 0n, 0n],
          })
          return action.kind === 'errno' ? '77' : '0'
        })
        assert.deepEqual(answers, expected, `${op} ${width} ${value}`)
      }
    }
  }
})

test('the default policy refuses what it says, with the errno that it says', context => {
  const calls = REFUSALS.flatMap(({ syscalls, action }) =>
    syscalls.map(name => ({ name, errno: action.kind === 'errno' ? action.errno : -1 })),
  )
  const answers = probe(
    context,
    DEFAULT_POLICY,
    calls.map(({ name }) => `${syscallNumber(name)}`),
  )
  assert.deepEqual(
    calls.map(({ name }, index) => [name, Number(answers[index])]),
    calls.map(({ name, errno }) => [name, errno]),
  )
})

test('the default policy on arguments: families, namespaces, terminals, with garbage in the high half', context => {
  const high = 2n ** 32n
  const socket = syscallNumber('socket')
  const cases: readonly (readonly [call: string, errno: number])[] = [
    [`${socket},1,1,0`, 0],
    [`${socket},38,5,0`, ERRNO.EAFNOSUPPORT],
    [`${socket},${38n + high},5,0`, ERRNO.EAFNOSUPPORT],
    [`${socket},${1n + high},1,0`, 0],
    [`${socket},16,3,0`, 0],
    [`${socket},16,3,12`, ERRNO.EAFNOSUPPORT],
    [`${socket},17,3,0`, ERRNO.EAFNOSUPPORT],
    [`${syscallNumber('unshare')},0x10000000`, ERRNO.EPERM],
    [`${syscallNumber('unshare')},${0x10000000n + high}`, ERRNO.EPERM],
    [`${syscallNumber('clone')},0x10000011`, ERRNO.EPERM],
    [`${syscallNumber('ioctl')},99,0x5412`, ERRNO.EPERM],
    [`${syscallNumber('ioctl')},99,${0x5412n + high}`, ERRNO.EPERM],
    [`${syscallNumber('ioctl')},99,0x5401`, ERRNO.EBADF],
    [`${syscallNumber('personality')},0xffffffff`, 0],
    [`${syscallNumber('personality')},0x0040000`, 0],
    ['600', ERRNO.ENOSYS],
    ['0xffffffff', ERRNO.ENOSYS],
  ]
  const answers = probe(
    context,
    DEFAULT_POLICY,
    cases.map(([call]) => call),
  )
  assert.deepEqual(
    cases.map(([call], index) => [call, Number(answers[index])]),
    cases.map(([call, errno]) => [call, errno]),
  )
})

test('the 32-bit gate is closed, and open without the filter', { skip: noGate32 }, context => {
  assert.deepEqual(probe(context, DEFAULT_POLICY, ['i386:20']), ['killed'])
  // The control: a filter that does not look at the architecture.
  const file = join(temporaryDirectory(context), 'open')
  writeFileSync(file, Uint8Array.of(6, 0, 0, 0, 0, 0, 0xff, 0x7f))
  const { stdout } = spawnSync(program('seccomp-probe'), [file, 'i386:20'], { encoding: 'utf8' })
  assert.equal(stdout.trim(), 'ran')
})
