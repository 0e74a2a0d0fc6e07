/** Trying again without blocking the event loop. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { retry } from '#glassbox/launch/retry.js'

test('it is tried until it is so, and other events are served between', async () => {
  let tries = 0
  let turns = 0
  const ticking = setInterval(() => turns++, 1)
  await new Promise<void>(resolve => {
    const isDone = (): boolean => {
      tries++
      if (turns < 5) return false
      resolve()
      return true
    }
    retry(isDone, { longestPauseMs: 4 })
  })
  clearInterval(ticking)
  const before = tries
  await new Promise(resolve => setTimeout(resolve, 20))
  assert.ok(before >= 2)
  assert.equal(tries, before, 'it is not tried again after that')
})

test('a retry without a hold on the process lets it end', () => {
  const url = new URL('../../../packages/glassbox/dist/launch/retry.js', import.meta.url)
  const script = (ref: boolean): string =>
    `import { retry } from ${JSON.stringify(url)}
const end = Date.now() + 300
retry(() => Date.now() > end && (console.log('so'), true), { longestPauseMs: 10, ref: ${ref} })`
  const output = (ref: boolean): string =>
    spawnSync(process.execPath, ['--input-type=module', '-e', script(ref)], { encoding: 'utf8' }).stdout
  assert.equal(output(false), '')
  assert.equal(output(true), 'so\n', 'the control: with one it waits')
})
