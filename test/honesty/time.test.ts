/**
 * CPU time and wall time: what is charged, and which clock ends a program. `spend` uses CPU time
 * in ways that a runner easily misses, and reports its own use. Both values are of the same run,
 * so the test does not depend on a clock of the machine.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test } from 'node:test'
import { denyCalls, openBox, type RunOptions, type RunResult, run } from '#glassbox/index.js'
import { planText } from '#glassbox/run/plan.js'
import { command } from '../support/command.js'
import { guard, needsRoot, unboxed } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { assertEndings, assertSameStatus, assertSane, MiB, repeat, withPool } from './support/repeat.js'

const world = guard()

/** What a process used before it was in its cgroup is in its own figure and not in ours. */
const BEFORE_MS = 2
const counted = (results: readonly RunResult[]): boolean => results[0]?.measuredBy.cpuTime !== 'init'

const MISSED = {
  system: '[TM-02]',
  orphan: '[TM-06]',
  unwaited: '[TM-05]',
  ignored: '[TM-07]',
  chain: '[TM-08]',
  lost: '[TM-07, TM-08]',
  reexec: '[TM-08]',
  threadexec: '[TM-08]',
} as const

for (const [kind, ids] of Object.entries(MISSED)) {
  test(`CPU time is charged and limited, whoever uses it: ${kind} ${ids}`, async context => {
    assert.equal(unboxed(context, 'spend', [kind, '40']).code, 0)
    const within = await repeat(() => world.run('spend', [kind, '40'], { limits: { cpuTimeMs: 5000 } }))
    assertEndings(within, 'exited 0')
    // Without a cgroup the time of children that nobody is to wait for is known only while they
    // live.
    const vanishes = !counted(within) && (kind === 'ignored' || kind === 'lost')
    if (!vanishes)
      for (const { cpuTimeMs } of within) assert.ok(cpuTimeMs >= 40 - BEFORE_MS, `${cpuTimeMs} ms`)
    if (vanishes && kind === 'lost') return context.diagnostic('not charged here: no cgroup')
    const above = await repeat(() => world.run('spend', [kind, '160'], { limits: { cpuTimeMs: 60 } }))
    assertSameStatus(above, ['cpu-time-limit'])
  })
}

test('the control: a parent that waits as a shell does misses most of it [TM-06, TM-07]', () => {
  for (const kind of ['orphan', 'unwaited', 'ignored', 'lost']) {
    const { stdout } = spawnSync('sh', ['-c', '"$0" "$1" 400; times', program('spend'), kind], {
      encoding: 'utf8',
    })
    const times = stdout.trim().split('\n').at(-1) ?? ''
    const seconds = [...times.matchAll(/(\d+)m([\d.]+)s/g)].map(([, m, s]) => Number(m) * 60 + Number(s))
    const seen = seconds.reduce((sum, value) => sum + value, 0)
    assert.ok(seconds.length === 2 && seen < 0.2, `${kind}: ${seen} s of 0.4`)
  }
})

for (const [kind, amount, ids] of [
  ['burn', '80', '[TM-01]'],
  ['system', '80', '[TM-02]'],
  ['dodge', '80', '[TM-17]'],
  ['yields', '60', '[TM-19]'],
] as const) {
  test(`the time charged is within 5 % of what the program measures of itself: ${kind} ${ids}`, async context => {
    assert.ok(Number(unboxed(context, 'spend', [kind, amount]).stdout) > 10_000)
    const results = await repeat(() => world.run('spend', [kind, amount]))
    assertEndings(results, 'exited 0')
    for (const { cpuTimeMs, stdout } of results) {
      const own = Number(stdout) / 1000
      assert.ok(Math.abs(cpuTimeMs - own) <= 0.05 * own, `${cpuTimeMs} ms, by itself ${own} ms`)
    }
  })
}

test('threads count together [TM-04]', async context => {
  assert.equal(unboxed(context, 'burn', ['threads', '20']).code, 0)
  const results = await repeat(() => world.run('burn', ['threads', '40']))
  assertEndings(results, 'exited 0')
  for (const { cpuTimeMs } of results) assert.ok(cpuTimeMs >= 80, `${cpuTimeMs} ms`)
  assertSameStatus(await repeat(() => world.run('burn', ['threads', '500'], { limits: { cpuTimeMs: 60 } })), [
    'cpu-time-limit',
  ])
})

test('a program that handles SIGXCPU is ended at the limit too [TM-09]', async context => {
  assert.equal(unboxed(context, 'spend', ['xcpu', '20']).code, 0)
  const results = await repeat(() => world.run('spend', ['xcpu', '20000'], { limits: { cpuTimeMs: 60 } }))
  assertEndings(results, 'cpu-time-limit')
  for (const { cpuTimeMs } of results) assert.ok(cpuTimeMs < 1000, `not at the hard limit: ${cpuTimeMs} ms`)
})

test('a program that ends between two readings, just over a limit, has exceeded it: the last reading decides [TM-10]', async context => {
  assert.equal(unboxed(context, 'spend', ['edge', '20']).code, 0)
  assert.equal(unboxed(context, 'spend', ['late', '20']).code, 0)
  await withPool(async start => {
    for (const runs of [
      (...[guest, args, options]: Parameters<typeof world.run>) => world.run(guest, args, options),
      start,
    ]) {
      const cpu = await repeat(() => runs('spend', ['edge', '43'], { limits: { cpuTimeMs: 40 } }))
      assertSameStatus(cpu, ['cpu-time-limit'])
      const wall = await repeat(() => runs('spend', ['late', '40'], { limits: { wallTimeMs: 40 } }), {
        width: 4,
      })
      assertSameStatus(wall, ['wall-time-limit'])
      assertEndings(
        await repeat(() => runs('spend', ['edge', '30'], { limits: { cpuTimeMs: 60 } })),
        'exited 0',
      )
    }
  })
})

for (const [kind, guest] of [
  ['pause', 'spend'],
  ['select', 'spend'],
  ['stdin', 'spend'],
  ['stop', 'end'],
] as const) {
  test(`who waits for nothing is ended by the wall limit, and hardly any CPU time is charged: ${kind} [TM-03]`, async () => {
    const stdin = new PassThrough()
    const options = { limits: { wallTimeMs: 80 }, ...(kind === 'stdin' ? { stdin } : {}) }
    const results = await repeat(() => world.run(guest, [kind, '0'], options), {
      width: kind === 'stdin' ? 1 : 4,
    })
    stdin.destroy()
    assertEndings(results, 'wall-time-limit')
    for (const { cpuTimeMs, wallTimeMs } of results)
      assert.ok(cpuTimeMs < 40 && wallTimeMs >= 80, `${cpuTimeMs}`)
  })
}

test('a wall limit below the CPU limit is enforced, also for a program that computes [TM-22]', async () => {
  const results = await repeat(() =>
    world.run('spend', ['burn', '60000'], { limits: { cpuTimeMs: 5000, wallTimeMs: 80 } }),
  )
  assertEndings(results, 'wall-time-limit')
  for (const { limit } of results) assert.equal(limit?.limit, 80)
})

for (const ms of [50, 100, 1300]) {
  test(`a limit of ${ms} ms is one of ${ms} ms, not of whole seconds [TM-24]`, async () => {
    const options = (limits: RunOptions['limits']): RunOptions<'utf8'> => (limits ? { limits } : {})
    const cpu = await repeat(() => world.run('spend', ['burn', '60000'], options({ cpuTimeMs: ms })), {
      times: ms > 1000 ? 4 : 20, // what differs is rounding, and 26 s of CPU time are much to ask
    })
    const wall = await repeat(() => world.run('spend', ['pause', '0'], options({ wallTimeMs: ms })), {
      width: 10,
    })
    assertEndings(cpu, 'cpu-time-limit')
    assertEndings(wall, 'wall-time-limit')
    for (const { cpuTimeMs } of cpu) assert.ok(cpuTimeMs < ms + 500, `${cpuTimeMs} ms`)
    for (const { limit } of [...cpu, ...wall]) assert.equal(limit?.limit, ms)
  })
}

const NO_LIMITS = [0, -1, -0, Number.NaN, -Infinity, 2 ** 60, '1000', null, true, [1000], {}] as const
const KINDS = [
  'cpuTimeMs',
  'wallTimeMs',
  'memoryBytes',
  'processes',
  'outputBytes',
  'stackBytes',
  'openFiles',
  'fileSizeBytes',
]
test('an invalid limit is refused by name before anything runs, and never means no limit [TM-23]', async () => {
  await withPool(async start => {
    for (const kind of KINDS)
      for (const value of NO_LIMITS) {
        const options = { limits: { [kind]: value } } as RunOptions<'utf8'>
        const expected = { code: 'ERR_GLASSBOX_INVALID_OPTION', option: `limits.${kind}` }
        await assert.rejects(async () => run('true', [], options), expected)
        await assert.rejects(async () => start('end', [], options), expected)
      }
  })
})

test('the smallest time limit ends a program at once, and Infinity means no limit [TM-23]', async () => {
  assertEndings(
    await repeat(() => world.run('spend', ['pause', '0'], { limits: { wallTimeMs: 1e-9 } })),
    'wall-time-limit',
  )
  assertSameStatus(await repeat(() => world.run('spend', ['burn', '20'], { limits: { cpuTimeMs: 1e-9 } })), [
    'cpu-time-limit',
  ])
  const without = { cpuTimeMs: Infinity, wallTimeMs: Infinity, memoryBytes: Infinity, processes: Infinity }
  assertEndings(await repeat(() => world.run('spend', ['burn', '5'], { limits: without })), 'exited 0')
})

test('a program of the lowest priority is ended by a limit too, by the wall limit at the latest [TM-20]', async () => {
  const results = await repeat(() =>
    world.run('spend', ['nice', '60000'], { limits: { cpuTimeMs: 40, wallTimeMs: 2000 } }),
  )
  for (const result of results) {
    assertSane(result)
    assert.ok(['cpu-time-limit', 'wall-time-limit'].includes(result.status), result.status)
  }
})

const SPENT = {
  wait: [{ limits: { wallTimeMs: 2500 } }, 'wall-time-limit'],
  flood: [{ limits: { outputBytes: 100_000 } }, 'output-limit'],
  memory: [{ limits: { memoryBytes: 32 * MiB } }, 'memory-limit'],
  socket: [{ policy: denyCalls(['socket']) }, 'syscall-denied'],
  spin: [{ limits: { cpuTimeMs: 200 } }, 'cpu-time-limit'],
} as const

const assertSpent = (results: readonly RunResult[]): void => {
  for (const { cpuTimeMs, memoryBytes, wallTimeMs } of results) {
    assert.ok(cpuTimeMs >= 40 - BEFORE_MS, `${cpuTimeMs} ms`)
    assert.ok(wallTimeMs >= 40 - BEFORE_MS, `${wallTimeMs} ms of wall time`)
    assert.ok(memoryBytes >= 16 * MiB, `${memoryBytes} bytes`)
  }
}
for (const [kind, [options, status]] of Object.entries(SPENT)) {
  test(`a program that is ended by ${status} has the time and memory that it used [TM-29]`, async () => {
    const results = await repeat(() => world.run('spend', [`then-${kind}`, '40'], options), {
      width: kind === 'wait' ? 7 : 2,
    })
    assertSameStatus(results, [status])
    assertSpent(results)
  })
}

test('the result of a canceled program has the time and memory that it used [TM-29, CL-11]', async () => {
  const results = await repeat(async () => {
    const handle = run(program('spend'), ['then-wait', '40'])
    handle.stdout.once('data', () => handle.kill())
    return handle
  })
  assertEndings(results, 'canceled')
  assertSpent(results)
})

test('each program of a pool or box begins at zero [TM-14, TM-12]', async context => {
  const floors: number[] = []
  await using box = await openBox({ binds: [{ source: program('spend') }] })
  await withPool(async start => {
    for (const runs of [start, async (guest: string, args: string[]) => box.run(program(guest), args)])
      await repeat(
        async () => {
          const [first, second] = [await runs('spend', ['burn', '60']), await runs('spend', ['burn', '0'])]
          assert.ok(first.cpuTimeMs >= 60 - BEFORE_MS && second.cpuTimeMs < 40, `${second.cpuTimeMs} ms`)
          floors.push(second.cpuTimeMs)
        },
        { width: 1 },
      )
  }, 1)
  // What is glassbox's own would come on top of every program, and most visibly of one that does
  // nothing.
  context.diagnostic(
    `the least and largest figure of a program that does nothing: ${Math.min(...floors)}, ${Math.max(...floors)} ms`,
  )
  assert.ok(Math.min(...floors) < 20, `${Math.min(...floors)} ms`)
})

test('eight boxes at a time on fewer CPUs: each is ended at its own limit [TM-25, TM-05]', async () => {
  const results = await repeat(
    () => world.run('spend', ['burn', '60000'], { limits: { cpuTimeMs: 60, wallTimeMs: 60_000 } }),
    {
      width: 8,
    },
  )
  assertEndings(results, 'cpu-time-limit')
  for (const { cpuTimeMs } of results) assert.ok(cpuTimeMs - 60 <= 200, `${cpuTimeMs} ms`)
})

test('wall time is that of the clock that cannot be set [TM-15, TM-16]', {
  skip: needsRoot,
}, async context => {
  const plan = await planText('true')
  assert.match(plan, /clock_gettime\(CLOCK_MONOTONIC/)
  assert.doesNotMatch(plan, /CLOCK_REALTIME|gettimeofday/)
  const log = join(temporaryDirectory(context), 'log')
  const box = await openBox({ binds: [{ source: program('spend') }] })
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ')
  const init = children.find(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith('glassbox-init'))
  const tracer = spawn(
    process.execPath,
    [command, 'strace', '-o', log, '-e', 'trace=clock_gettime,gettimeofday,time', '-p', `${init}`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  )
  const ended = once(tracer, 'close')
  await once(tracer.stderr, 'data') // it is attached
  const { status } = await box.run(program('spend'), ['pause', '0'], {
    limits: { wallTimeMs: 50, cpuTimeMs: 1000 },
  })
  await box.close()
  await ended
  const calls = readFileSync(log, 'utf8').match(/^.*(clock_gettime|gettimeofday|time)\(.*$/gm) ?? []
  assert.equal(status, 'wall-time-limit')
  assert.ok(calls.length >= 2, readFileSync(log, 'utf8'))
  for (const call of calls) assert.match(call, /clock_gettime\(CLOCK_MONOTONIC,/)
})
