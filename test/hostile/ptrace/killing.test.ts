/**
 * The programs of ../killing.test.ts that are hard to end, with the ptrace runner: it has no PID
 * namespace that ends with its init, so each process has to be found. Whenever the end comes, the
 * result arrives and nothing survives.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createPool, openBox, type RunHandle, type RunOptions, type RunResult, run } from '#glassbox/index.js'
import { assertSane, guard, unboxed } from '../../support/hostile.js'
import { program } from '../../support/programs.js'

guard({ runners: ['namespace', 'ptrace'] })
const runner = 'ptrace'
const swarm = program('swarm')
/** `GLASSBOX_KILLS=1000` for the long form. */
const KILLS = Number(process.env['GLASSBOX_KILLS'] ?? 30)
const LIMITS = { cpuTimeMs: 200, wallTimeMs: 20_000, processes: 20 }
const CLOCKS = ['cpu-time-limit', 'wall-time-limit']

/** What every program of this file has in its environment. */
const MARK = `GLASSBOX_MARK=${process.pid};`
const env = Object.fromEntries([MARK.split('=')])
/** In a shell, which executes others. */
const SHELL = { runner, env, policy: null } as const

/** Processes of these programs that are not dead. */
const alive = (): string[] =>
  readdirSync('/proc').filter(pid => {
    try {
      return Number(pid) > 0 && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(MARK)
    } catch {
      return false
    }
  })

function assertDead(): void {
  assert.deepEqual(alive(), [], 'nothing of the program is left')
}

const start = (args: readonly string[], options: RunOptions<'utf8'> = {}): RunHandle =>
  run(swarm, args, { runner, env, ...options })

const BOMBS: readonly (readonly [
  name: string,
  args: readonly string[],
  reach: (result: RunResult) => number,
])[] = [
  ['processes that each start a session [PC-02]', ['sessions'], ({ processes = 0 }) => processes],
  ['comets, whose every process ends at once [PC-06]', ['comets', '8'], ({ stdout }) => stdout.length],
  ['a process that executes itself [PC-07]', ['reexec', '-1'], ({ stdout }) => stdout.length],
  ['forks that leave children behind [PC-05, PC-06]', ['racers', '8'], ({ cpuTimeMs }) => cpuTimeMs / 20],
]

for (const [name, args, reach] of BOMBS)
  test(`${name}: ended by a clock, in a run of its own, an open box and a pool`, async () => {
    const assertEnded = (result: RunResult): void => {
      assert.ok(CLOCKS.includes(result.status), result.status)
      assert.ok((result.processes ?? 0) <= LIMITS.processes, `${result.processes} processes`)
      assert.ok(reach(result) >= 10, `it got to ${reach(result)}`)
      assertSane(result)
      assertDead()
    }
    assertEnded(await start(args, { limits: LIMITS }))
    await using box = await openBox({ runner })
    assertEnded(await box.run(swarm, args, { limits: LIMITS, env }))
    await using pool = await createPool({ size: 1, runner })
    assertEnded(await pool.run(swarm, args, { limits: LIMITS, env }))
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
    assert.equal(pool.replaced, 0, 'the sandbox was made clean')
  })

test('a program that ignores and blocks every signal is ended by a limit and by its caller [PC-08]', async () => {
  const limited = await start(['deaf'], { limits: { wallTimeMs: 200 } })
  assert.deepEqual([limited.status, limited.stdout], ['wall-time-limit', '0\n'])
  const handle = start(['deaf'])
  await handle.events().next()
  handle.kill()
  assert.equal((await handle).status, 'canceled')
  assertDead()
})

test('a parent that sleeps in vfork is ended with its child [PC-10]', async () => {
  const handle = start(['vfork'])
  await handle.events().next()
  handle.kill()
  assert.equal((await handle).status, 'canceled')
  assertDead()
})

test('a crash with much mapped memory ends at once and leaves no core file [PC-10, DX-11]', async context => {
  assert.equal(unboxed(context, 'swarm', ['dump', '1']).signal, 'SIGABRT')
  const result = await start(['dump', '16000'], { collect: ['core'] })
  assert.deepEqual([result.status, result.signal], ['signaled', 'SIGABRT'])
  assert.deepEqual(Object.keys(result.files), [])
})

test('orphans of a subreaper end with the program [PC-12]', async () => {
  const { stdout, processes = 0 } = await start(['reaper'])
  assert.match(stdout, /^(0\n){5}\d+\n$/, 'five deaf orphans ran')
  assert.ok(processes >= 6)
  assertDead()
})

test('a child that keeps stdout open does not delay the result [PC-13]', async context => {
  assert.equal(unboxed(context, 'swarm', ['holder', '1']).stdout, '0\nlate\n', 'natively it does')
  const { status, stdout } = await start(['holder', '60'])
  assert.deepEqual([status, stdout], ['exited', '0\n'])
  assertDead()
})

test(`nothing survives a kill at ${KILLS} moments amid forks, and the next run works [PC-09, PC-15]`, async () => {
  await using box = await openBox({ runner })
  for (let round = 0; round < KILLS; round++) {
    const handle = box.run(swarm, ['racers', '4'], { limits: { processes: 20 }, env })
    const next = box.run('echo', ['well'])
    setTimeout(() => handle.kill(), Math.random() * 20)
    assert.equal((await handle).status, 'canceled')
    assertDead()
    handle.kill()
    assert.equal((await next).stdout, 'well\n', 'a late kill ends no other program')
  }
})

test(`a cancel in the first 50 ms leaves nothing behind, ${KILLS} times [PC-17]`, async () => {
  await using pool = await createPool({ size: 1, runner })
  const seen = new Set<string>()
  for (let round = 0; round < KILLS; round++) {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), Math.random() * 50)
    const args = ['-c', '(setsid sleep 30 &) ; sleep 0.02']
    const results = await Promise.all([
      run('sh', args, { ...SHELL, signal: stop.signal }),
      pool.run('sh', args, { env, policy: null, signal: stop.signal }),
    ])
    for (const { status } of results) {
      seen.add(status)
      assert.ok(['exited', 'canceled'].includes(status), status)
    }
    assertDead()
  }
  assert.ok(seen.has('canceled'), [...seen].join())
})

test('a program whose process table is full can be canceled [PC-18]', async () => {
  const limits = { processes: 20, cpuTimeMs: 60_000 }
  const handle = run('sh', ['-c', `${swarm} sessions & sleep 0.2; echo full; wait`], { ...SHELL, limits })
  await handle.events().next()
  handle.kill()
  const { status, processes } = await handle
  assert.deepEqual([status, processes], ['canceled', 20])
  assertDead()
})

test('100 busy processes prevent neither the clocks nor the caller from ending them [PC-19]', async () => {
  const busy = (limits: object): RunHandle =>
    start(['busy', '100'], { limits: { processes: 128, ...limits } })
  const { status, processes = 0 } = await busy({ cpuTimeMs: 500, wallTimeMs: 30_000 })
  assert.equal(status, 'cpu-time-limit')
  assert.ok(processes > 1)
  const handle = busy({ cpuTimeMs: 60_000, wallTimeMs: 60_000 })
  const neighbour = await run('sh', ['-c', 'i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; echo $i'], SHELL)
  assert.deepEqual([neighbour.status, neighbour.stdout], ['exited', '2000\n'])
  handle.kill()
  assert.equal((await handle).status, 'canceled')
  assertDead()
})
