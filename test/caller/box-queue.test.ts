/** Commands that wait in the queue of a box, and whose streams fail or whose callers give up. */
import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openBox } from '#glassbox/index.js'
import { failOnFaults } from '../support/faults.js'

failOnFaults()

/** How a promise has settled so far. */
function watched<T>(promise: PromiseLike<T>): {
  state: 'waits' | 'resolved' | 'rejected'
  promise: PromiseLike<T>
} {
  const seen: ReturnType<typeof watched<T>> = { state: 'waits', promise }
  promise.then(
    () => (seen.state = 'resolved'),
    () => (seen.state = 'rejected'),
  )
  return seen
}

test('a failing source rejects a waiting command at once, and the box goes on', async () => {
  await using box = await openBox()
  const first = watched(box.run('sh', ['-c', 'read line; echo $line'], { stdin: 'pipe' }))
  const source = new PassThrough()
  const waiting = watched(box.run('cat', [], { stdin: source }))
  const later = box.run('sh', ['-c', 'echo later; ls'])
  source.destroy(new Error('upload broke'))
  await assert.rejects(async () => waiting.promise, { code: 'ERR_GLASSBOX_STREAM', message: /upload broke/ })
  assert.equal(first.state, 'waits', 'control: the command before it still runs')
  ;(first.promise as ReturnType<typeof box.run>).stdin.end('done\n')
  assert.equal((await first.promise).stdout, 'done\n')
  assert.equal((await later).stdout, 'later\n')
  assert.equal(source.listenerCount('error'), 0)
})

test('a sink that fails, a signal and kill() end a waiting command at once', async () => {
  await using box = await openBox()
  const first = watched(box.run('cat', [], { stdin: 'pipe' }))
  const sink = new PassThrough()
  const failing = box.run('echo', ['x'], { stdout: sink })
  sink.destroy(new Error('disk broke'))
  await assert.rejects(async () => failing, { code: 'ERR_GLASSBOX_FILE', message: /disk broke/ })
  const controller = new AbortController()
  const aborted = box.run('touch', ['ran'], { signal: controller.signal })
  controller.abort()
  assert.equal((await aborted).status, 'canceled')
  const killed = box.run('touch', ['ran'])
  killed.kill()
  assert.equal((await killed).status, 'canceled')
  assert.equal(first.state, 'waits', 'control')
  ;(first.promise as ReturnType<typeof box.run>).stdin.end()
  await first.promise
  assert.equal((await box.run('ls')).stdout, '', 'none of them ran')
})

test('a source that fails at its turn or later rejects as before', async () => {
  await using box = await openBox()
  const source = new PassThrough()
  const running = box.run('cat', [], { stdin: source })
  await sleep(50)
  source.destroy(new Error('late'))
  await assert.rejects(async () => running, { code: 'ERR_GLASSBOX_STREAM', message: /late/ })
  assert.equal((await box.run('echo', ['on'])).stdout, 'on\n')
})
