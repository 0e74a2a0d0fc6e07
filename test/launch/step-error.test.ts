/** Errors of a start in words: each says what failed, with which value, and what to do next. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { executeError, stepError } from '#glassbox/launch/step-error.js'
import { addExecuteStep } from '#glassbox/launch/exec-steps.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { PlanBuilder } from '#glassbox/plan/builder.js'
import type { Plan } from '#glassbox/plan/types.js'
import { trace, run } from '#glassbox/index.js'

const planWith = (argv: readonly string[]): Plan => {
  const builder = new PlanBuilder('run /bin/echo')
  addExecuteStep(builder, { path: '/bin/echo', argv, env: {} })
  return builder.build()
}

test('a program that is not there, and one that cannot be executed, have codes of their own', () => {
  const plan = planWith(['echo'])
  const [execve] = plan.steps
  const missing = stepError(plan, execve, ERRNO.ENOENT)
  assert.equal(missing.code, 'ERR_GLASSBOX_PROGRAM_NOT_FOUND')
  assert.match(missing.message, /^\/bin\/echo: not found: ENOENT/)
  const denied = stepError(plan, execve, ERRNO.EACCES)
  assert.equal(denied.code, 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE')
  assert.deepEqual([denied.errno, denied.syscall, denied.path], [ERRNO.EACCES, 'execve', '/bin/echo'])
  assert.match(denied.hint ?? '', /chmod a\+rx/)
})

test('one argument that is too long is named, since no stack limit helps', () => {
  const long = planWith(['echo', 'x'.repeat(131_072)])
  const error = stepError(long, long.steps[0], ERRNO.E2BIG)
  assert.match(error.message, /one argument or variable has 131073 bytes: E2BIG/)
  assert.match(error.hint ?? '', /128 KiB .* whatever the limits/)
  const many = planWith(Array.from({ length: 100 }, () => 'x'.repeat(131_071)))
  const together = stepError(many, many.steps[0], ERRNO.E2BIG)
  assert.doesNotMatch(together.message, /one argument/)
  assert.match(together.hint ?? '', /Raise the stack limit/)
})

test('a trace names an argument that is too long; a box refuses it before it starts', async () => {
  const args = ['x'.repeat(131_072)]
  await assert.rejects(
    async () => {
      for await (const _ of trace({ program: 'true', args }));
    },
    { code: 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE', errno: ERRNO.E2BIG, hint: /128 KiB/ },
  )
  await assert.rejects(async () => run('true', args), {
    code: 'ERR_GLASSBOX_INVALID_OPTION',
    message: /131071/,
  })
  assert.equal(
    (await run('true', ['x'.repeat(131_071)])).status,
    'exited',
    'the control: the longest that may be',
  )
})

test('no hint of a failing step sends its reader to the doctor, who prints it', () => {
  const plan = new PlanBuilder('set up the box').call('mount', [], 'mount /proc').build()
  for (const errno of Object.values(ERRNO)) {
    const { hint = '', message } = stepError(plan, plan.steps[0], errno)
    assert.ok(hint.length > 0, message)
    assert.doesNotMatch(hint, /doctor/)
  }
  const { hint = '', message } = stepError(plan, plan.steps[0], ERRNO.EPERM)
  assert.match(message, /Could not set up the box: "mount \/proc" failed in mount: EPERM/)
  assert.match(hint, /--runner ptrace/)
})

test('a hint about the working directory is for programs, not for the set-up of a box', () => {
  const launch = new PlanBuilder('run /bin/echo').call('openat2', [], 'open the working directory /x')
  addExecuteStep(launch, { path: '/bin/echo', argv: ['echo'], env: {} })
  const plan = launch.build()
  assert.match(stepError(plan, plan.steps[0], ERRNO.ENOENT).hint ?? '', /working directory/)
  const setup = new PlanBuilder('set up the box').call('openat2', [], 'open /x').build()
  assert.doesNotMatch(stepError(setup, setup.steps[0], ERRNO.ENOENT).hint ?? '', /working directory/)
})

test('an execve that failed with an errno of its own has a hint', () => {
  assert.match(executeError('/bin/x', ERRNO.ENOEXEC).hint ?? '', /#!/)
  assert.match(executeError('/bin/x', ERRNO.ELOOP).hint ?? '', /program for this machine/)
})
