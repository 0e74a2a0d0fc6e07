/** A thread executes a program while others of its process are stopped at denied calls. */
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
