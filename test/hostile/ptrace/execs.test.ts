/**
 * Threads execute a program while others of their process are stopped at denied calls, or execute
 * one themselves. One of them gets through, and the others are dead.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '#glassbox/index.js'
import { native, program } from '../../support/programs.js'

const ARGS = ['15', '20'] as const

test('a process whose threads die at their stops because one executes a program goes on', async () => {
  assert.deepEqual(native('execs', ARGS), { code: 11, signal: null })
  const { status, exitCode, denials } = await run(program('execs'), ARGS, { runner: 'ptrace' })
  assert.deepEqual({ status, exitCode }, { status: 'exited', exitCode: 11 })
  assert.ok(denials && denials.length > 0, 'calls were denied')
})

const ALL = ['8', '64', 'all'] as const

for (const tier of ['named', 'silent', 'none'] as const)
  test(`64 threads open files and execute a program at once, with the tier ${tier}`, async () => {
    assert.deepEqual(native('execs', ALL), { code: 11, signal: null })
    const policy = tier === 'none' ? null : ({ extends: 'default', paths: { tier } } as const)
    const options = { runner: 'ptrace', policy, limits: { processes: 80 } } as const
    const { status, exitCode, denials, moreDenials } = await run(program('execs'), ALL, options)
    assert.deepEqual({ status, exitCode }, { status: 'exited', exitCode: 11 })
    const all = (denials?.length ?? 0) + (moreDenials ?? 0)
    if (tier === 'named') assert.equal(all, 8 * 64 * 25, 'each denial is counted')
    else assert.equal(all, 0)
  })
