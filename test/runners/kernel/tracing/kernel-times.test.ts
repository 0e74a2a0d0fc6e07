/** How long the kernel serves calls, by a clock that the test sets. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Task } from '#glassbox/kernel/task/state.js'
import { KernelTimes } from '#glassbox/runners/kernel/tracing/kernel-times.js'

const [one, other] = [{}, {}] as [Task, Task]

test('a call that waits counts with all that the kernel does for it', () => {
  let now = 0
  const times = new KernelTimes(() => now)
  times.begin(one)
  now = 5 // it has no result
  times.pause()
  now = 100 // the kernel looks again, and in vain
  times.begin(one)
  now = 107
  times.pause()
  now = 200
  times.begin(one)
  now = 211
  times.end(one)
  assert.equal(times.of(one), 5 + 7 + 11)
})

test('another call that begins meanwhile takes nothing away', () => {
  let now = 0
  const times = new KernelTimes(() => now)
  times.begin(one)
  now = 5
  times.begin(other)
  now = 8
  times.end(other)
  assert.deepEqual([times.of(one), times.of(other)], [5, 3])
})
