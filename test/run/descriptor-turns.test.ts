/** Calls of run() wait for descriptors: the rules of their turns, and 200 calls with 256. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { type DescriptorTurn, DescriptorTurns } from '#glassbox/run/descriptor-turns.js'

/** A cancel that tests trigger, and turns that find as many descriptors as `free` has. */
function scene(free: { count: number }) {
  const listeners = new Set<() => void>()
  const cancel = {
    aborted: false,
    onAbort: (listener: () => void) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }
  const turns = new DescriptorTurns(count => count <= free.count)
  const begin = (): { promise: Promise<void> | undefined; turn: () => DescriptorTurn } => ({
    promise: turns.begin(cancel as unknown as Parameters<typeof turns.begin>[0]),
    turn: () => turns.turn(),
  })
  return { turns, begin, abort: () => [...listeners].forEach(listener => listener()), listeners }
}

test('a call that is alone never waits, and one that finds enough does not either', () => {
  const { begin } = scene({ count: 72 })
  assert.equal(begin().promise, undefined)
  assert.equal(begin().promise, undefined, 'two that start: 48, and 24 for others')
  assert.notEqual(begin().promise, undefined)
})

test('a call waits until another has started or ended, in order', async () => {
  const free = { count: 48 }
  const { turns, begin } = scene(free)
  begin()
  const first = turns.turn()
  const [second, third] = [begin(), begin()]
  assert.equal(turns.waiting, 2)
  first.started()
  await second.promise
  assert.equal(turns.waiting, 1, 'one starts at a time')
  free.count = 0
  const other = second.turn()
  other.started()
  assert.equal(turns.waiting, 1, 'nothing is free')
  other.ended()
  other.ended()
  assert.equal(turns.waiting, 1)
  first.ended()
  await third.promise
  assert.equal(turns.waiting, 0, 'the last one is alone, so it does not wait')
})

test('a canceled call waits no longer', async () => {
  const { turns, begin, abort, listeners } = scene({ count: 0 })
  begin()
  const { promise } = begin()
  abort()
  await promise
  assert.deepEqual([turns.waiting, listeners.size], [0, 0])
})

const library = new URL('../../../packages/glassbox/dist/index.js', import.meta.url).href

for (const [runner, calls, limit] of [
  ['namespace', 200, 256],
  ['ptrace', 60, 160],
] as const)
  test(`ulimit -n ${limit} with ${calls} calls at once: all run, by the ${runner} runner`, () => {
    const script = `import { run } from ${JSON.stringify(library)}
      const one = () => run('true', [], { runner: '${runner}' })
      const results = await Promise.allSettled(Array.from({ length: ${calls} }, one))
      console.log(JSON.stringify(results.map(({ value, reason }) => value?.status ?? reason.message)))`
    const words = ['-c', `ulimit -n ${limit}; exec "$0" --input-type=module -e "$SCRIPT"`, process.execPath]
    const { stdout, stderr } = spawnSync('/bin/sh', words, {
      encoding: 'utf8',
      timeout: 60_000,
      env: { ...process.env, SCRIPT: script },
    })
    assert.deepEqual([...new Set(JSON.parse(stdout || '[]') as string[])], ['exited'], stderr)
  })
