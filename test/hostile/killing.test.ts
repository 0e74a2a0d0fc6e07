/**
 * Programs that are hard to end. However fast processes multiply in a box, and whenever the end
 * comes, the result arrives and nothing survives. A bomb runs only in boxes. Its control is a box
 * with a higher limit, in which it gets further.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createPool, openBox, type Pool, type RunResult, run } from '#glassbox/index.js'
import { assertSane, guard, needsRoot, root, unboxed } from '../support/hostile.js'
import { program } from '../support/programs.js'

const world = guard()
const swarm = program('swarm')
/** `GLASSBOX_KILLS=1000` for the long form. */
const KILLS = Number(process.env['GLASSBOX_KILLS'] ?? 30)
/**
 * Not at its own path, which may lie below /tmp: a pool throws away what has a bind in a scratch
 * directory that was used.
 */
const GUEST = '/guest'
const binds = [{ source: swarm, target: GUEST }]
const LIMITS = { cpuTimeMs: 200, wallTimeMs: 20_000, processes: 20 }
const CLOCKS = ['cpu-time-limit', 'wall-time-limit']

/** init and the shell that looks. */
const ALONE = { stdout: '2\n2\n', status: 'exited' }
const LOOK = ['-c', 'echo $$; set -- /proc/[0-9]*; echo $#'] as const

/** Fails if the next program meets a process of the last one. */
async function assertAlone(place: Pool | Awaited<ReturnType<typeof openBox>>): Promise<void> {
  const { stdout, status } = await place.run('sh', LOOK)
  assert.deepEqual({ stdout, status }, ALONE)
}

interface Bomb {
  readonly name: string
  readonly args: readonly string[]
  /** How far it got: more of what, with more of which limit. */
  readonly reach: (result: RunResult) => number
  readonly least: number
  readonly more: Partial<typeof LIMITS>
  /** How far it gets with that at least. Default: further than before. */
  readonly further?: number
}

const generations = ({ stdout }: RunResult): number => stdout.length
const peak = ({ processes = 0 }: RunResult): number => processes
const BOMBS: readonly Bomb[] = [
  {
    name: 'processes that each start a session [PC-02]',
    args: ['sessions'],
    reach: peak,
    least: 10,
    more: { processes: 60, cpuTimeMs: 400 },
  },
  {
    name: 'comets, whose every process ends once it has started the next [PC-06]',
    args: ['comets', '8'],
    reach: generations,
    least: 10,
    more: { cpuTimeMs: 1200 },
  },
  {
    name: 'a process that executes itself without end [PC-07]',
    args: ['reexec', '-1'],
    reach: generations,
    least: 20,
    more: { cpuTimeMs: 1200 },
  },
  {
    name: 'forks without end, each child leaving another behind [PC-05, PC-06]',
    args: ['racers', '8'],
    reach: ({ cpuTimeMs }) => cpuTimeMs,
    least: 200,
    more: { cpuTimeMs: 400 },
    // Without a cgroup, the first run can use more than its limit on a machine that is busy.
    further: 400,
  },
]

for (const { name, args, reach, least, more, further: goal } of BOMBS) {
  test(`${name}: ended by a clock, in a box of its own, an open one and a pooled one`, async () => {
    const end = (result: RunResult): RunResult => {
      assert.ok(CLOCKS.includes(result.status), result.status)
      assert.ok(peak(result) <= LIMITS.processes, `${peak(result)} processes`)
      assert.ok(reach(result) >= least, `it got to ${reach(result)}`)
      assertSane(result)
      return result
    }
    const first = end(await world.run('swarm', args, { limits: LIMITS }))
    await using box = await openBox({ binds })
    end(await box.run(GUEST, args, { limits: LIMITS }))
    await assertAlone(box)
    await using pool = await createPool({ size: 1, binds })
    end(await pool.run(GUEST, args, { limits: LIMITS }))
    await assertAlone(pool)
    assert.equal(pool.replaced, 0, 'the container was made clean')
    const further = await world.run('swarm', args, { limits: { ...LIMITS, ...more } })
    assert.ok(CLOCKS.includes(further.status), further.status)
    const wanted = goal ?? reach(first) + 1
    assert.ok(reach(further) >= wanted, `${reach(further)}, not ${wanted}`)
  })
}

for (const { kind, id, status, exitCode } of [
  { kind: 'threads', id: 'PC-04', status: 'process-limit', exitCode: 3 },
  { kind: 'zombies', id: 'PC-05', status: 'exited', exitCode: 0 },
] as const) {
  test(`as many ${kind} as there may be, and no more [${id}]`, async () => {
    for (const processes of [20, 40]) {
      const result = await world.run('swarm', [kind, '100'], { limits: { processes } })
      assert.equal(result.stdout, `${processes - 1}\n`, 'the program itself is one')
      assert.deepEqual([result.status, result.exitCode], [status, exitCode])
      assertSane(result)
    }
    const { stdout, exitCode: code } = await world.run('swarm', [kind, '100'])
    assert.deepEqual([stdout, code], ['100\n', 0])
  })
}

test('a program that ignores and blocks every signal is ended by a limit and by its caller [PC-08]', async () => {
  const native = spawn(swarm, ['deaf'], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(native.stdout, 'data')
  native.kill('SIGTERM')
  native.kill('SIGINT')
  await sleep(100)
  assert.deepEqual([native.exitCode, native.signalCode], [null, null], 'natively it goes on')
  native.kill('SIGKILL')
  await once(native, 'exit')

  const limited = await world.run('swarm', ['deaf'], { limits: { wallTimeMs: 200 } })
  assert.deepEqual([limited.status, limited.stdout], ['wall-time-limit', '0\n'])
  const handle = run(swarm, ['deaf'])
  await handle.events().next()
  handle.kill()
  assert.equal((await handle).status, 'canceled')
})

test('a kill that comes late ends no other process [PC-09]', async () => {
  await using box = await openBox()
  for (let round = 0; round < KILLS; round++) {
    const first = box.run('true')
    const next = box.run('sh', ['-c', 'echo well'])
    setTimeout(() => first.kill(), Math.random() * 10)
    assert.ok(['exited', 'canceled'].includes((await first).status))
    first.kill()
    const { status, stdout } = await next
    assert.deepEqual([status, stdout], ['exited', 'well\n'])
  }
})

test('a parent that sleeps in vfork is ended with its child [PC-10]', async () => {
  const result = await world.run('swarm', ['vfork'], { limits: { wallTimeMs: 200 } })
  assert.deepEqual([result.status, result.stdout], ['wall-time-limit', '0\n'])
  const handle = run(swarm, ['vfork'])
  await handle.events().next()
  handle.kill()
  assert.equal((await handle).status, 'canceled')
})

test('a crash with much mapped memory ends at once and leaves no core file [PC-10, DX-11]', async context => {
  const { signal } = unboxed(context, 'swarm', ['dump', '1'])
  assert.equal(signal, 'SIGABRT')
  const result = await world.run('swarm', ['dump', '16000'], { collect: ['core'] })
  assert.deepEqual([result.status, result.signal], ['signaled', 'SIGABRT'])
  assert.deepEqual(Object.keys(result.files), [])
})

test('PID 1 of the box cannot be ended from inside [PC-11]', async () => {
  for (const policy of [undefined, null]) {
    const options = policy === undefined ? {} : { policy }
    const result = await world.run('swarm', ['one'], options)
    // Another user's process; in a user namespace its own, and then the kernel drops the signal.
    assert.deepEqual([result.status, result.exitCode], ['exited', root ? 1 : 0])
  }
  // The control: a process that is not PID 1.
  const { status, stdout } = await run('sh', ['-c', 'kill -9 $$; echo survived'])
  assert.deepEqual([status, stdout], ['signaled', ''])
})

test('orphans of a subreaper end with the program [PC-12]', async () => {
  await using box = await openBox({ binds })
  const { stdout, processes = 0 } = await box.run(GUEST, ['reaper'])
  assert.match(stdout, /^(0\n){5}2\n$/, 'five deaf orphans ran')
  assert.ok(processes >= 6)
  await assertAlone(box)
})

test('a child that keeps stdout open does not delay the result [PC-13]', async context => {
  assert.equal(
    unboxed(context, 'swarm', ['holder', '1']).stdout,
    '0\nlate\n',
    'natively the end comes with the child',
  )
  const { status, stdout } = await world.run('swarm', ['holder', '60'])
  assert.deepEqual([status, stdout], ['exited', '0\n'])
  await using pool = await createPool({ size: 1, binds })
  assert.equal((await pool.run(GUEST, ['holder', '60'])).stdout, '0\n')
  await assertAlone(pool)
})

test(`nothing survives a kill at ${KILLS} moments amid forks [PC-15, PC-17]`, async () => {
  await using box = await openBox({ binds })
  // The control: a kill of the process that is known leaves the others.
  const script = `${GUEST} racers 2 & sleep 0.05; kill -9 $!; set -- /proc/[0-9]*; echo $#`
  const { stdout } = await box.run('sh', ['-c', script], { limits: { processes: 20 } })
  assert.ok(Number(stdout) > 2, `${stdout.trim()} processes were left`)
  for (let round = 0; round < KILLS; round++) {
    const handle = box.run(GUEST, ['racers', '4'], { limits: { processes: 20 } })
    setTimeout(() => handle.kill(), Math.random() * 20)
    assert.equal((await handle).status, 'canceled')
    await assertAlone(box)
  }
})

test('a program cannot become a user that a kill would miss [PC-16]', { skip: needsRoot }, async context => {
  assert.equal(unboxed(context, 'swarm', ['ids']).code, 0)
  for (const options of [{}, { policy: null }]) {
    assert.equal((await world.run('swarm', ['ids'], options)).exitCode, 1) // EPERM
  }
})

test(`a cancel in the first 50 ms leaves nothing behind, ${KILLS} times, and the slot is free [PC-17]`, async () => {
  await using pool = await createPool({ size: 2, binds })
  const seen = new Set<string>()
  for (let round = 0; round < KILLS; round++) {
    const stop = new AbortController()
    setTimeout(() => stop.abort(), Math.random() * 50)
    const args = ['-c', '(setsid sleep 30 &) ; sleep 0.02']
    const results = await Promise.all([
      run('sh', args, { signal: stop.signal }),
      pool.run('sh', args, { signal: stop.signal }),
    ])
    for (const result of results) {
      seen.add(result.status)
      assert.ok(['exited', 'canceled'].includes(result.status), result.status)
    }
  }
  assert.ok(seen.has('canceled'), [...seen].join())
  await Promise.all([assertAlone(pool), assertAlone(pool)])
  assert.equal(pool.replaced, 0)
})

test('ending needs no new process: a box whose process table is full can be canceled [PC-18]', async () => {
  await using pool = await createPool({ size: 1, binds })
  const limits = { processes: 20, cpuTimeMs: 60_000 }
  const handle = pool.run('sh', ['-c', `${GUEST} sessions & sleep 0.2; echo full; wait`], { limits })
  await handle.events().next()
  // The control: inside nothing can be started any more.
  handle.kill()
  const { status, processes } = await handle
  assert.deepEqual([status, processes], ['canceled', 20])
  await assertAlone(pool)
})

test('100 busy processes prevent neither the clocks nor the caller from ending them [PC-19]', async () => {
  const busy = (limits: object): ReturnType<typeof run> =>
    run(swarm, ['busy', '100'], { limits: { processes: 128, ...limits } })
  const { status, processes = 0 } = await busy({ cpuTimeMs: 500, wallTimeMs: 30_000 })
  assert.equal(status, 'cpu-time-limit')
  assert.ok(processes > 1)
  assert.equal((await busy({ cpuTimeMs: 60_000, wallTimeMs: 500 })).status, 'wall-time-limit')
  const handle = busy({ cpuTimeMs: 60_000, wallTimeMs: 60_000 })
  // A neighbour has its own verdict meanwhile.
  const neighbour = await run('sh', ['-c', 'i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; echo $i'])
  assert.deepEqual([neighbour.status, neighbour.stdout], ['exited', '2000\n'])
  handle.kill()
  assert.equal((await handle).status, 'canceled')
})
