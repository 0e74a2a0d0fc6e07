/**
 * A call for which a policy ends a program ends it, whatever signals the calling thread gets and
 * whatever filter the program adds to ours.
 */
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { denyCalls, type Policy } from '#glassbox/index.js'
import { guard, unboxed } from '../support/hostile.js'

const world = guard({ runners: ['namespace', 'ptrace'] })
const { EINVAL } = constants.errno
const policy = denyCalls(['ptrace'])
/**
 * Calls that are denied, one after another: each may be withdrawn before init sees that it is
 * there, but not so many.
 */
const CALLS = '20000'

test('a denied call ends the program beside a thread that sends signals to its caller [F9]', async context => {
  assert.equal(unboxed(context, 'withdraw', [CALLS]).stdout, 'survived\n', 'natively it goes on')
  const withdrawn = { rules: [], otherwise: { kind: 'allow' } } as const satisfies Policy
  const control = await world.run('withdraw', ['5'], { policy: withdrawn })
  assert.equal(control.stdout, 'survived\n', 'and where nothing is denied')
  for (let round = 0; round < 40; round++) {
    const runner = round % 2 === 0 ? 'namespace' : 'ptrace'
    const { status, stdout, violation } = await world.run('withdraw', [CALLS], { policy, runner })
    assert.deepEqual([status, stdout], ['syscall-denied', ''])
    // Which call it was is lost with the report.
    assert.ok(['ptrace', 'unknown'].includes(violation?.syscall ?? ''), violation?.syscall)
  }
})

test('if a policy ends programs, they cannot add a filter of their own, by either call [F9]', async context => {
  assert.equal(unboxed(context, 'withdraw', ['own']).stdout, 'seccomp 0\nprctl 0\nsurvived\n')
  assert.equal((await world.run('withdraw', ['own'])).exitCode, 0, 'where none does, it may have one')
  const { status, stdout, violation } = await world.run('withdraw', ['own'], { policy })
  assert.equal(stdout, `seccomp ${EINVAL}\nprctl ${EINVAL}\n`)
  assert.deepEqual([status, violation?.syscall], ['syscall-denied', 'ptrace'])
  // A policy that denies filters themselves is stricter, and stays so.
  const stricter = await world.run('withdraw', ['own'], { policy: denyCalls(['seccomp', 'ptrace']) })
  assert.deepEqual([stricter.status, stricter.violation?.syscall], ['syscall-denied', 'seccomp'])
})
