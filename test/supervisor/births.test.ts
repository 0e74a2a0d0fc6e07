/** Whether there is a tracee that no stop has told of. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { syscall } from '#glassbox/gate/gate.js'
import { ptrace } from '#glassbox/gate/ptrace.js'
import { PTRACE_SEIZE } from '#glassbox/linux/constants.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { Births } from '#glassbox/supervisor/loop/births.js'
import type { Task } from '#glassbox/supervisor/loop/program.js'

test('a tracee that was never seen is found; children that are not traced are none', async context => {
  const tasks = new Map<number, Task>()
  const births = new Births(tasks, syscall(syscallNumber('gettid')), () => {})
  assert.equal(births.hasUnseen(), false)
  const child = spawn('sleep', ['1000'], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  context.after(() => child.kill('SIGKILL'))
  assert.equal(births.hasUnseen(), false)
  const { pid = 0 } = child
  if (ptrace(PTRACE_SEIZE, pid) !== 0) {
    context.skip('needs ptrace of own children')
    return
  }
  assert.equal(births.hasUnseen(), true)
  tasks.set(pid, { pid } as Task)
  assert.equal(births.hasUnseen(), false, 'it is known')
  tasks.delete(pid)
  child.kill('SIGKILL')
  await ended
  assert.equal(births.hasUnseen(), false)
})
