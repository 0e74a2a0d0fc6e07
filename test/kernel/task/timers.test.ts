/** Timers of tasks on a clock that the test moves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Task } from '#glassbox/kernel/task/state.js'
import { TaskWorld } from '../../support/kernel/task-world.js'

const SIGALRM = 14
const SIGUSR1 = 10

/** A task that blocks everything, so that its signals stay where they can be counted. */
function blocking(world: TaskWorld): Task {
  const task = world.first()
  task.mask.set(-1, -1)
  return task
}

test('alarm: once, at its time, and the last one counts', () => {
  const world = new TaskWorld()
  const task = blocking(world)
  assert.equal(world.call(task, 'alarm', 10), 0)
  world.pass(4e9)
  assert.equal(world.call(task, 'alarm', 3), 6)
  world.pass(2.9e9)
  assert.equal(task.process.pending.set.has(SIGALRM), false)
  world.pass(0.2e9)
  assert.equal(task.process.pending.set.has(SIGALRM), true)
  assert.equal(world.call(task, 'alarm', 0), 0)
})

test('an interval timer keeps its times, however late it is looked at', () => {
  const world = new TaskWorld()
  const task = blocking(world)
  const at = world.page(task)
  task.memory.writeInt64(at + 8, 100_000)
  task.memory.writeInt64(at + 24, 100_000)
  assert.equal(world.call(task, 'setitimer', 0, at, 0), 0)
  world.pass(0.25e9)
  world.call(task, 'getitimer', 0, at + 64)
  assert.equal(task.memory.readInt64(at + 64 + 24), 50_000, 'half of the interval is left')
})

test('a POSIX timer counts the expirations that nobody took', () => {
  const world = new TaskWorld()
  const task = blocking(world)
  const at = world.page(task)
  task.memory.writeInt32(at + 8, SIGUSR1)
  assert.equal(world.call(task, 'timer_create', 1, at, at + 64), 0)
  const id = task.memory.readInt32(at + 64)
  task.memory.writeInt64(at + 128 + 8, 1_000_000)
  task.memory.writeInt64(at + 128 + 24, 1_000_000)
  world.call(task, 'timer_settime', id, 0, at + 128, 0)
  world.pass(5.5e6)
  world.pass(2e6)
  const set = at + 256
  task.memory.writeInt32(set, 1 << (SIGUSR1 - 1))
  assert.equal(world.call(task, 'rt_sigtimedwait', set, at + 300, 0, 8), SIGUSR1)
  assert.equal(task.memory.readInt32(at + 300 + 20), 6, 'si_overrun')
  assert.equal(world.call(task, 'timer_getoverrun', id), 6)
  assert.equal(world.call(task, 'timer_delete', id), 0)
  assert.equal(world.outcome(task, 'timer_delete', id), 'EINVAL')
})

test('a futex waits until it is woken, or its time is over', () => {
  const world = new TaskWorld()
  const task = world.first()
  const at = world.page(task)
  task.memory.writeInt64(at + 64, 1)
  assert.equal(world.outcome(task, 'futex', at, 0, 1, 0, 0, 0), 'EAGAIN')
  assert.equal(world.outcome(task, 'futex', at, 0, 0, at + 64, 0, 0), 'waits')
  world.pass(1.1e9)
  assert.equal(world.answer(task), -110)
})
