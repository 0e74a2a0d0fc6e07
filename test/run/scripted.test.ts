/**
 * run(), boxes and pools above a runner that is played from TypeScript: no process behind it, no
 * root.
 */
import assert from 'node:assert/strict'
import { before as beforeAll, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BoxLostError, GlassboxError } from '#glassbox/index.js'
import type { RunOptions, RunResult } from '#glassbox/index.js'
import { Pool } from '#glassbox/pool/pool.js'
import { Box } from '#glassbox/run/box.js'
import { beginCall } from '#glassbox/run/call.js'
import { runOnce } from '#glassbox/run/run.js'
import { type Script, scriptedRunner } from '../support/scripted-runner.js'
import { assertNothingLeft, surroundings } from '../support/left.js'

async function play(script: Script, options: RunOptions = {}): Promise<RunResult<string | Uint8Array>> {
  const runner = scriptedRunner(script)
  try {
    return await runOnce(() => runner, 'true', [], options, beginCall())
  } finally {
    assert.ok(
      runner.sandboxes.every(({ closed }) => closed),
      'every sandbox is closed',
    )
  }
}

// libuv keeps a descriptor in reserve from the first stream on.
beforeAll(async () => void (await play(async () => (await sleep(20), {}))))

const VERDICTS: readonly (readonly [status: string, script: Script, options?: RunOptions])[] = [
  ['exited', () => ({ exit: { code: 3 } })],
  ['signaled', () => ({ exit: { signal: 11 } })],
  ['cpu-time-limit', () => ({ cause: 'cpu' })],
  ['wall-time-limit', () => ({ cause: 'wall' })],
  ['memory-limit', () => ({ oomKills: 1 })],
  ['process-limit', () => ({ refusedProcesses: 1, exit: { code: 1 } })],
  ['syscall-denied', () => ({ cause: 'denied', denied: { syscall: 'socket', args: '' } })],
  [
    'output-limit',
    async ({ write, stopped }) => {
      write(1, 'x'.repeat(101))
      return { cause: await stopped, exit: { signal: 9 } }
    },
    { limits: { outputBytes: 100 } },
  ],
  ['canceled', async ({ stopped }) => ({ cause: await stopped }), { signal: AbortSignal.timeout(20) }],
]

for (const [status, script, options] of VERDICTS) {
  test(`an ending becomes the verdict ${status}`, async () => {
    const before = surroundings()
    const result = await play(script, options)
    assert.equal(result.status, status)
    await assertNothingLeft(before)
  })
}

test('a program has its input, and its output comes back', async () => {
  const result = await play(
    ({ read, write }) => {
      write(1, read(100).toUpperCase())
      write(2, 'done')
      return {}
    },
    { stdin: 'abc' },
  )
  assert.deepEqual([result.stdout, result.stderr, result.ok], ['ABC', 'done', true])
})

test('a call that is canceled before its sandbox is there starts no job', async () => {
  const runner = scriptedRunner(() => ({}))
  const call = beginCall()
  call.cancel.abort()
  const { status } = await runOnce(() => runner, 'true', [], {}, call)
  assert.equal(status, 'canceled')
  assert.deepEqual(runner.sandboxes[0]?.jobs, [])
})

test('a runner that fails is told as it is, and its sandbox is closed', async () => {
  const lost = new BoxLostError(true)
  await assert.rejects(
    play(() => {
      throw lost
    }),
    lost,
  )
})

test('files go in, and come out by their names', async () => {
  const { files } = await play(
    ({ sandbox }) => {
      const input = sandbox.contents.get('in')
      if (input)
        sandbox.contents.set('out', { contents: Buffer.from(input.contents.toReversed()), mode: 0o755 })
      return {}
    },
    { files: { in: 'abc' }, collect: ['out'] },
  )
  assert.equal(Buffer.from(files['out']?.contents ?? []).toString(), 'cba')
  assert.equal(files['out']?.mode, 0o755)
})

test('commands of a box run one after another and find each other’s files', async () => {
  let running = 0
  const runner = scriptedRunner(async ({ sandbox, write }) => {
    assert.equal(++running, 1)
    await sleep(5)
    write(1, `${sandbox.contents.size}`)
    sandbox.contents.set(`file${sandbox.contents.size}`, { contents: new Uint8Array(0), mode: 0o644 })
    running--
    return {}
  })
  const box = await Box.open({}, () => runner)
  const results = await Promise.all([box.run('true'), box.run('true'), box.run('true')])
  assert.deepEqual(
    results.map(({ stdout }) => stdout),
    ['0', '1', '2'],
  )
  await box.close()
  await assert.rejects(async () => box.run('true'), { code: 'ERR_GLASSBOX_BOX_CLOSED' })
})

test('a pool replaces what it cannot clean, and runs again what had not begun', async () => {
  let lose = true
  const runner = scriptedRunner(({ sandbox, write }) => {
    if (lose) {
      lose = false
      sandbox.reusable = false
      throw new BoxLostError(false)
    }
    sandbox.resets.push('dirty')
    write(1, 'ran')
    return {}
  })
  const pool = await Pool.create({ size: 1 }, () => runner)
  assert.equal((await pool.run('true')).stdout, 'ran')
  assert.equal((await pool.run('true')).stdout, 'ran')
  await pool.close()
  assert.equal(pool.replaced, 2)
  assert.ok(runner.sandboxes.every(({ closed }) => closed))
})

test('a pool gives up on a program that may have run', async () => {
  const runner = scriptedRunner(({ sandbox }) => {
    sandbox.reusable = false
    throw new BoxLostError(true)
  })
  const pool = await Pool.create({ size: 2 }, () => runner)
  await assert.rejects(
    async () => pool.run('true'),
    (error: unknown) => error instanceof GlassboxError,
  )
  await pool.close()
})

test('a run that is canceled in the queue of a pool never starts', async () => {
  let release: () => void = () => {}
  const held = new Promise<void>(resolve => (release = resolve))
  const runner = scriptedRunner(async () => {
    await held
    return {}
  })
  const pool = await Pool.create({ size: 1 }, () => runner)
  const first = pool.run('true')
  const second = pool.run('true')
  second.kill()
  assert.equal((await second).status, 'canceled')
  release()
  assert.equal((await first).status, 'exited')
  await pool.close()
  assert.equal(runner.sandboxes.flatMap(({ jobs }) => jobs).length, 1)
})
