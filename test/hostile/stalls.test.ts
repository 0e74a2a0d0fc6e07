/**
 * Nothing that a program leaves in its box can stall the service, although the program chooses the
 * files that are examined for a verdict.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { run } from '#glassbox/index.js'
import { guard, unboxed } from '../support/hostile.js'

const world = guard()

/**
 * The most CPU time of this process between two turns of its event loop, and in all, ms. Not wall
 * time: a busy machine is no stall.
 */
async function turns<T>(work: () => Promise<T>): Promise<{ result: T; longest: number; sum: number }> {
  const now = (): number => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  }
  const start = now()
  let last = start
  let longest = 0
  let working = true
  const beat = (): void => {
    longest = Math.max(longest, now() - last)
    last = now()
    if (working) setTimeout(beat, 1)
  }
  beat()
  const result = await work()
  working = false
  return { result, longest, sum: now() - start }
}

test('however many files exist when SIGXFSZ ends a program, other runs continue [F7]', async context => {
  assert.equal(unboxed(context, 'forge', ['small-file']).signal, 'SIGXFSZ')
  await run('true')
  for (const kind of ['flat', 'deep']) {
    const { result, longest, sum } = await turns(() => world.run('crowd', [kind]))
    assert.deepEqual([result.status, result.signal], ['signaled', 'SIGXFSZ'])
    context.diagnostic(`${kind}: ${longest.toFixed(1)} ms at most of ${sum.toFixed(0)} ms`)
    assert.ok(sum > 100, `it does look at the files: ${sum}`)
    assert.ok(longest < sum / 4, `${kind}: ${longest} of ${sum} ms without a break`)
  }
})

test('an exit code equal to SIGXFSZ starts no search for files [F7]', async () => {
  const walked = await turns(() => world.run('crowd', ['flat']))
  const { result, sum } = await turns(() => world.run('crowd', ['code']))
  assert.deepEqual([result.status, result.exitCode], ['exited', 25])
  assert.ok(sum < walked.sum / 2, `${sum} ms, and ${walked.sum} ms with a look`)
})

test('a file at its limit is found among many, in large and in deep directories [F7]', async () => {
  const fill =
    'for place in /tmp /box; do i=0; while [ $i -lt 600 ]; do : > $place/$i; i=$((i+1)); done; done'
  for (const place of ['/box/last', '/tmp/a/b/c/last', '/dev/shm/last']) {
    const script = `${fill}; mkdir -p /tmp/a/b/c; exec head -c 100000 /dev/zero > ${place}`
    const { status, limit } = await run('sh', ['-c', script], { limits: { fileSizeBytes: 65_536 } })
    assert.deepEqual([status, limit?.kind], ['output-limit', 'fileSizeBytes'], place)
  }
})
