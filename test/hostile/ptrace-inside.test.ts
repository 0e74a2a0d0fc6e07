/**
 * Programs of a box may trace each other. Attacks by that: on init, on its knowledge of how the
 * program ended, on the filter, and on a trace from outside. Each control shows that the call
 * works where nothing of glassbox stands in its way.
 */
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { createPool, type RunOptions, type Trace } from '#glassbox/index.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { guard, root, unboxed } from '../support/hostile.js'
import { program } from '../support/programs.js'

const { EPERM, ESRCH, ENOSYS, EACCES } = constants.errno
const world = guard()

const answers = (text: string | Uint8Array): Record<string, number> =>
  Object.fromEntries(
    String(text)
      .trim()
      .split('\n')
      .map(line => line.split(' '))
      .map(([name = '', answer]) => [name, Number(answer)]),
  )

const REACH = ['readv', 'writev', 'getfd', 'kcmp', 'seize', 'interrupt', 'peek', 'detach', 'attach'] as const
const all = (answer: number): Record<string, number> => Object.fromEntries(REACH.map(call => [call, answer]))

/** With the default policy, and without any. */
const POLICIES: readonly { readonly name: string; readonly by: RunOptions<'utf8'> }[] = [
  { name: 'the default policy', by: {} },
  { name: 'no policy', by: { policy: null } },
]

for (const { name, by } of POLICIES) {
  test(`processes of one program may trace and read each other, with ${name} [SC-20]`, async context => {
    assert.deepEqual(answers(unboxed(context, 'inside', ['own']).stdout), all(0))
    assert.deepEqual(answers((await world.run('inside', ['own'], by)).stdout), all(0))
  })

  test(`init can be neither traced nor read, with ${name} [SC-20, SC-26, VF-11]`, async () => {
    const { stdout } = await world.run('inside', ['init'], by)
    const untraced = { interrupt: ESRCH, peek: ESRCH, detach: ESRCH }
    assert.deepEqual(answers(stdout), { ...all(EPERM), ...untraced })
  })

  test(`a program that makes init its tracer has its own exit code, with ${name} [VF-11]`, async context => {
    assert.equal(unboxed(context, 'inside', ['naive']).stdout, 'trapped\n', 'such a stop looks like an end')
    for (const attack of [['traceme', '20'], ['traced-exec'], ['traced-thread'], ['traced-orphan']]) {
      const { status, exitCode } = await world.run('inside', attack, by)
      assert.deepEqual([attack, status, exitCode], [attack, 'exited', 3])
    }
  })
}

test('a program that stops for init without end ends at its limits [TM-13, VF-11]', async () => {
  // Each stop costs init as much time as the program, so it is let go of only so often.
  const { status, cpuTimeMs } = await world.run('inside', ['traced-storm'], { limits: { wallTimeMs: 1500 } })
  assert.equal(status, 'wall-time-limit')
  assert.ok(cpuTimeMs < 750, `${cpuTimeMs} ms`)
})

test('the next program of a pool is untouched by one that stopped for init [VF-18]', async () => {
  await using pool = await createPool({ size: 1, binds: [{ source: program('inside'), target: '/inside' }] })
  for (let round = 0; round < 3; round++) {
    assert.equal((await pool.run('/inside', ['traceme', '5'])).exitCode, 3)
    assert.deepEqual(answers((await pool.run('/inside', ['own'])).stdout), all(0))
  }
})

test('a tracer that holds back the end of its program does not change how it ended [VF-11]', async context => {
  assert.equal(unboxed(context, 'inside', ['hold', '50']).code, 5)
  const { exitCode, wallTimeMs } = await world.run('inside', ['hold', '50'])
  assert.equal(exitCode, 5)
  context.diagnostic(`told after ${wallTimeMs} ms`)
  const { status } = await world.run('inside', ['hold', '60000'], { limits: { wallTimeMs: 300 } })
  assert.equal(status, 'wall-time-limit', 'for its wall time limit at most')
})

test('a tracer cannot make a call that the filter refuses [SC-20, SC-31]', async context => {
  // Natively keyctl knows no operation 99; in a box the guard says that there is no keyctl.
  const keyctl = ['number', String(syscallNumber('keyctl'))]
  assert.notEqual(unboxed(context, 'inside', keyctl).stdout, `${ENOSYS}\n`)
  for (const { by } of POLICIES) assert.equal((await world.run('inside', keyctl, by)).stdout, `${ENOSYS}\n`)
  const policy = { extends: 'default', rules: [] } as const
  const { status } = await world.run('inside', keyctl, { policy })
  assert.equal(status, 'syscall-denied', 'a policy that allows no ptrace ends it')
})

test('a tracer cannot switch the filter off or read it [SC-20]', async context => {
  if (root) assert.equal(answers(unboxed(context, 'inside', ['unseccomp']).stdout)['suspend'], 0)
  const { stdout } = await world.run('inside', ['unseccomp'])
  assert.deepEqual(answers(stdout), { suspend: EPERM, text: EACCES })
})

test('calls with the action "trace" fail with ENOSYS, though a tracer inside lets them pass [SC-20]', async context => {
  const number = syscallNumber('getppid')
  assert.equal(unboxed(context, 'inside', ['own-trace', String(number)]).stdout, '0\n')
  const policy = {
    rules: [{ syscalls: ['getppid'], action: { kind: 'trace', data: 1 } }],
    otherwise: { kind: 'allow' },
  } as const
  const { stdout } = await world.run('inside', ['let-pass', String(number)], { policy })
  assert.equal(stdout, `${ENOSYS}\n`)
})

test('in a traced box no child leaves the trace, and none can have a second tracer [SC-20]', async context => {
  assert.equal(unboxed(context, 'inside', ['untraced']).stdout, 'clone 0\n')
  for (const { by } of POLICIES) {
    let calls = 0
    const reader = async (trace: Trace): Promise<void> => {
      for await (const event of trace) if (event.type === 'syscall-enter') calls++
    }
    const { stdout } = await world.run('inside', ['untraced'], {
      ...by,
      trace: { syscalls: ['getppid'], reader },
    })
    const refused = answers(stdout)['clone'] === EPERM
    assert.ok(refused || calls > 0, 'the child was refused, or its call was seen')
    const own = await world.run('inside', ['own'], { ...by, trace: { syscalls: ['getppid'], reader } })
    const { seize, attach } = answers(own.stdout)
    assert.deepEqual([seize, attach], [EPERM, EPERM])
  }
})
