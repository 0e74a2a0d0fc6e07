/**
 * Random calls with random arguments: no hang, no crash, no effect on the host, memory bounded.
 * GLASSBOX_FUZZ sets the seconds (600 by hand), GLASSBOX_SEED the seed.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { openBox } from '#glassbox/index.js'
import { program } from '../../support/programs.js'

const SECONDS = Number(process.env['GLASSBOX_FUZZ'] ?? 20)
const SEED = process.env['GLASSBOX_SEED'] ?? '20261130'

test('random calls with random arguments', async () => {
  const fuzz = program('kernel/fuzz')
  await using box = await openBox({ runner: 'kernel', binds: [{ source: fuzz }] })
  const wallTimeMs = SECONDS * 1000 + 60_000
  const limits = {
    wallTimeMs,
    cpuTimeMs: Infinity,
    memoryBytes: 2 ** 29,
    processes: 64,
    outputBytes: 2 ** 28,
  }
  const result = await box.run(fuzz, [`${SECONDS}`, SEED], { limits, stdin: 'input\n' })
  assert.equal(result.status, 'exited', JSON.stringify({ ...result, stdout: '', stderr: '' }))
  assert.match(result.stdout, /done\n$/)
  assert.ok(existsSync(fuzz))
  assert.equal((await box.run('echo', ['on'])).stdout, 'on\n')
})
