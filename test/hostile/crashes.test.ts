/**
 * Faults of the service and its helpers: killed at any moment, started in odd ways, out of
 * descriptors, beside another service. Each ends in a result or in an error that says why, and
 * leaves nothing. (The service itself killed: test/container/crash.test.ts.)
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createPool, run } from '#glassbox/index.js'
import { guard, root } from '../support/hostile.js'
import {
  HUNGRY,
  ODD,
  ODD_ENV,
  REMOVED,
  service,
  shareUser,
  startOddly,
  twoServices,
} from '../support/services.js'
import { cgroupsLeft } from '../support/left.js'
import { program } from '../support/programs.js'

guard()
const swarm = program('swarm')
/** `GLASSBOX_PHASES=400` for the long form. */
const PHASES = Number(process.env['GLASSBOX_PHASES'] ?? 40)

const childrenOf = (pid: number | string): string[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap(task =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
    )
  } catch {
    return [] // it ended meanwhile
  }
}

const kill = (pid: string): void => {
  try {
    process.kill(Number(pid), 'SIGKILL')
  } catch {
    // It has already ended.
  }
}

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise(resolve => setImmediate(resolve))
}

/** How it ended: a status, or the code of the error. */
const ending = (running: PromiseLike<{ readonly status: string }>): Promise<string> =>
  Promise.resolve(running).then(
    ({ status }) => status,
    (error: unknown) => String((error as { code?: string }).code ?? error),
  )

const HELPERS = [
  { who: 'init', victims: () => childrenOf(process.pid) },
  { who: 'the prepared child', victims: () => childrenOf(process.pid).flatMap(childrenOf) },
]
for (const { who, victims } of HELPERS) {
  test(`${who} killed at ${PHASES} moments of a run ends in a result or a typed error [RB-02]`, async context => {
    const seen = new Map<string, number>()
    for (let phase = 0; phase < PHASES; phase++) {
      const running = ending(run('sh', ['-c', 'sleep 20 & echo x > f; sleep 0.01'], { collect: ['f'] }))
      const state = { ended: false }
      void running.then(() => (state.ended = true))
      await turns(phase % 20)
      // From then on, kill any helper that exists: each phase is another part of the set-up.
      await new Promise(resolve => setTimeout(resolve, Math.random() * 25))
      while (!state.ended && victims().length === 0) await turns(1)
      for (const pid of victims()) kill(pid)
      const how = await running
      seen.set(how, (seen.get(how) ?? 0) + 1)
      assert.match(how, /^(exited|signaled|ERR_GLASSBOX_(BOX_LOST|STEP_FAILED))$/)
    }
    context.diagnostic(JSON.stringify([...seen]))
    assert.ok(
      [...seen.keys()].some(how => how !== 'exited'),
      'some were hit',
    )
    assert.deepEqual(cgroupsLeft(), [])
  })
}

test('a pool outlives every helper, killed at any moment [RB-02]', async () => {
  await using pool = await createPool({ size: 2 })
  for (let phase = 0; phase < PHASES; phase++) {
    const running = [ending(pool.run('true')), ending(pool.run('sh', ['-c', 'sleep 0.02']))]
    await new Promise(resolve => setTimeout(resolve, Math.random() * 20))
    const inits = childrenOf(process.pid)
    for (const pid of phase % 2 === 0 ? inits : inits.flatMap(childrenOf)) kill(pid)
    for (const how of await Promise.all(running))
      assert.match(how, /^(exited|signaled|ERR_GLASSBOX_(BOX_LOST|STEP_FAILED))$/)
  }
  for (let i = 0; i < 4; i++) assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
})

test('50 concurrent runs, ended in every way while others begin [RB-10]', async () => {
  await using pool = await createPool({ size: 3 })
  const one = async (index: number): Promise<string> => {
    const place = index % 2 === 0 ? { run } : pool
    const handle = place.run('sh', ['-c', `(setsid sleep 30 &); echo ${index} > f; cat f; exit ${index}`])
    if (index % 5 === 0) setTimeout(() => handle.kill(), Math.random() * 300)
    const { status, exitCode, stdout } = await handle
    if (status === 'canceled') return status
    assert.deepEqual([exitCode, stdout], [index, `${index}\n`])
    return status
  }
  const endings = await Promise.all(Array.from({ length: 50 }, (_, index) => one(index)))
  assert.ok(endings.every(status => ['exited', 'canceled'].includes(status)))
  assert.ok(endings.filter(status => status === 'exited').length >= 40)
})

for (const { name, script } of ODD) {
  test(`a service that was started ${name} works, and its programs see defaults [RB-08, DX-19]`, context => {
    const told = startOddly(context, script, service('namespace'))
    assert.deepEqual(told, { status: 'exited', stdout: '22 /box\n', mode: 0o644 })
  })
}

test('the odd starts are odd: a program that inherits them sees them [RB-08, DX-19]', () => {
  const start = (script: string): string =>
    spawnSync('/bin/sh', ['-c', script, swarm, 'start'], {
      encoding: 'utf8',
      env: { ...process.env, ...ODD_ENV },
    }).stdout
  assert.match(start(`python3 -c "$IGNORE" "$0" "$@"`), /signal 1 .*signal 17 /)
  assert.match(start(`python3 -c "$BLOCK" "$0" "$@"`), /signal 1 signal 2 /)
  assert.match(start('umask 077; "$0" "$@"'), /77 \//)
  assert.match(start(REMOVED), /nowhere/)
})

test('a program that is named relative to a removed directory is not found, by name [RB-08]', context => {
  const told = startOddly(context, REMOVED, service('namespace', `await run('./program')`))
  assert.equal(told.error, 'ERR_GLASSBOX_PROGRAM_NOT_FOUND')
})

test('a service that runs out of descriptors fails only for that run, and recovers [RB-04]', context => {
  const told = startOddly(context, 'ulimit -n 128; "$0" "$@"', service('namespace', HUNGRY))
  const codes = told.later?.split(',') ?? []
  context.diagnostic(codes.join(' '))
  for (const code of codes) assert.match(code, /^(exited|ERR_GLASSBOX_\w+)$/)
  assert.notEqual(codes[0], 'exited')
  assert.equal(codes.at(-1), 'exited')
  assert.deepEqual([told.error, told.status], [undefined, 'exited'])
})

test('a full disk under an output file is an error only for that run [RB-04]', async () => {
  const out = { stdout: { file: '/dev/full' } }
  await assert.rejects(async () => run('echo', ['x'], out), { code: 'ERR_GLASSBOX_FILE', message: /ENOSPC/ })
  await using pool = await createPool({ size: 1 })
  await assert.rejects(async () => pool.run('echo', ['x'], out), { code: 'ERR_GLASSBOX_FILE' })
  assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
})

test('a service works without a writable directory for temporary files [RB-04]', context => {
  const told = startOddly(context, '"$0" "$@"', service('namespace'), { TMPDIR: '/proc' })
  assert.equal(told.status, 'exited')
})

test('two services side by side do not affect each other [RB-11]', async context => {
  const { told, mine, lives } = await twoServices(context, 'namespace')
  for (const { error, status } of told) assert.deepEqual([error, status], [undefined, 'exited'])
  assert.equal(mine.status, 'exited')
  assert.match(mine.stdout, /\nwell\n$/)
  assert.equal(lives.length, 21)
  if (!root) return
  const shared = lives.filter((life, index) => lives.slice(index + 1).some(other => shareUser(life, other)))
  assert.deepEqual(shared, [], 'each living box has a user of its own')
})
