/**
 * Memory: whose peak is reported, and what does not count as memory of the program. Programs that
 * fill memory run only in a box.
 */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { type CgroupSupport, detectCgroups } from '#glassbox/cgroup/hierarchy.js'
import { openBox, type RunOptions, type RunResult, run } from '#glassbox/index.js'
import { countByCgroup } from '#glassbox/runners/namespace/accounting.js'
import { guard, unboxed } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { assertEndings, assertSameStatus, MiB, repeat, withPool } from './support/repeat.js'

const world = guard()
/** What a small program needs beside what it asks for. */
const OWN = 12 * MiB
/** Files in memory belong to no process: only a cgroup counts them. */
const needsCgroup = 'missing' in Cgroup.plan({}, detectCgroups()) && 'needs a cgroup'
const watched = ({ measuredBy }: RunResult): boolean => measuredBy.memory === 'init'
const limits = (memoryBytes: number): RunOptions<'utf8'> => ({ limits: { memoryBytes } })

function assertPeak(results: readonly RunResult[], least: number, most: number): void {
  for (const { memoryBytes } of results)
    assert.ok(
      memoryBytes >= least && memoryBytes <= most,
      `${memoryBytes / MiB} MiB, not ${least / MiB} to ${most / MiB}`,
    )
}

test('a service that holds 400 MB is not charged to what it runs [MM-01]', async () => {
  const service = fileURLToPath(new URL('support/heavy-service.js', import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [service, '400'])
  const { rss, results } = JSON.parse(stdout) as { rss: number; results: RunResult[] }
  assert.ok(rss > 400 * MiB, 'it does hold them')
  assert.equal(results.length, 20)
  for (const { status, memoryBytes } of results)
    assert.ok(status === 'exited' && memoryBytes < OWN, `${memoryBytes}`)
})

test('two concurrent processes of 100 MB have a peak of 200 MB [MM-02]', async context => {
  assert.equal(unboxed(context, 'hold', ['pair', '4']).code, 0)
  const results = await repeat(() => world.run('hold', ['pair', '100'], limits(400 * MiB)))
  assertEndings(results, 'exited 0')
  assertPeak(results, 200 * MiB, 200 * MiB + OWN)
  const one = await world.run('hold', ['self', '100'], limits(400 * MiB))
  assertPeak([one], 100 * MiB, 100 * MiB + OWN)
})

test('the first run of a program and the next ones differ by the shared pages that it brought in at most [MM-03]', async context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  const results: RunResult[] = []
  const options = { binds: [{ source: directory, target: '/data' }] }
  // These pages are charged to no process yet, or to this one.
  writeFileSync(join(directory, 'copy'), Buffer.alloc(4 * MiB, 1))
  for (let i = 0; i < 20; i++) results.push(await world.run('hold', ['read', '4', '/data/copy'], options))
  assertEndings(results, 'exited 0')
  const peaks = results.map(({ memoryBytes }) => memoryBytes)
  context.diagnostic(
    `first ${peaks[0]}, the others ${Math.min(...peaks.slice(1))} to ${Math.max(...peaks.slice(1))}`,
  )
  assert.ok(Math.max(...peaks) - Math.min(...peaks) <= 4 * MiB + MiB, peaks.join(' '))
})

test('what an earlier program left in a tmpfs is not charged to the next one [MM-04, MM-09]', {
  skip: needsCgroup,
}, async () => {
  await using box = await openBox({ binds: [{ source: program('hold') }] })
  for (const place of ['/box', '/tmp', '/dev/shm']) {
    const file = `${place}/left`
    const writers: RunResult[] = []
    const others = await repeat(
      async () => {
        writers.push(await box.run(program('hold'), ['leave', '24', file]))
        return box.run(program('hold'), ['self', '1'])
      },
      { width: 1 },
    )
    assertEndings([...writers, ...others], 'exited 0')
    assertPeak(writers.slice(0, 1), 24 * MiB, 24 * MiB + OWN)
    assertPeak(others, 0, OWN)
  }
  await withPool(async start => {
    await repeat(
      async () => {
        assertPeak([await start('hold', ['leave', '24', '/tmp/left'])], 24 * MiB, 24 * MiB + OWN)
        assertPeak([await start('hold', ['self', '1'])], 0, OWN)
      },
      { width: 1 },
    )
  }, 1)
})

test('a file that one program rewrites again and again counts while it exists [MM-04, control]', {
  skip: needsCgroup,
}, async () => {
  const [result] = await repeat(() => world.run('hold', ['leave', '100', '/tmp/big'], limits(48 * MiB)), {
    times: 1,
  })
  assert.equal(result?.status, 'memory-limit')
})

test('reading a file of 300 MB under a limit of 60 MB does not exceed it [MM-05]', async context => {
  const directory = temporaryDirectory(context)
  const file = join(directory, 'large')
  chmodSync(directory, 0o755)
  writeFileSync(file, Buffer.alloc(300 * MiB, 1))
  assert.equal(unboxed(context, 'hold', ['read', '300', file]).code, 0)
  const options = { ...limits(60 * MiB), binds: [{ source: file, target: '/data/large' }] }
  const results = await repeat(() => world.run('hold', ['read', '300', '/data/large'], options))
  assertEndings(results, 'exited 0')
  assertPeak(results, 0, 61 * MiB)
  // The control: as much memory of its own is.
  assertSameStatus(await repeat(() => world.run('hold', ['limit', '300'], limits(60 * MiB)), { times: 2 }), [
    'memory-limit',
  ])
})

test('if the kernel records no peak of a group, the result says what measured instead [MM-06]', () => {
  const support = Object.fromEntries(
    ['memory', 'pids', 'cpuacct', 'cpu', 'cpuset'].map(name => [
      name,
      { place: { version: 2, base: '/cg' } },
    ]),
  ) as unknown as CgroupSupport
  const group = Cgroup.plan({}, support)
  assert.ok(!('missing' in group))
  const texts: Record<string, string> = {
    'cpu.stat': 'usage_usec 5\nuser_usec 3\nsystem_usec 2\n',
    'memory.events': 'oom_kill 0\n',
    'pids.events': 'max 0\n',
    'pids.peak': '1\n',
  }
  const by = { cpuTime: 'cgroup-v2', memory: 'cgroup-v2', processes: 'cgroup-v2' } as const
  const figures = (extra: Record<string, string>): [number, string] => {
    const found = { ...texts, ...extra }
    const samples = { cacheBytes: 2 * MiB, mostCacheBytes: 3 * MiB, mostOwnBytes: MiB }
    const report = {
      maxRssBytes: 5 * MiB,
      ...samples,
      counters: group.counterFiles.map(({ file }) => found[file] ?? ''),
    }
    const { usage, measuredBy } = countByCgroup(group, by, report, { processes: 10 })
    return [usage.memoryBytes, measuredBy.memory]
  }
  assert.deepEqual(figures({}), [5 * MiB, 'init'])
  assert.deepEqual(figures({ 'memory.peak': `${7 * MiB}\n` }), [7 * MiB, 'cgroup-v2'])
})

test('the peak is that of all images of a process: a large one that executes a tiny one [MM-07]', async context => {
  assert.equal(unboxed(context, 'hold', ['exec', '4']).code, 0)
  const results = await repeat(() => world.run('hold', ['exec', '100']))
  assertEndings(results, 'exited 0')
  assertPeak(results, 100 * MiB, 100 * MiB + OWN)
})

test('a program that dies at the limit is reported with 95 to 101 % of it [MM-08]', async () => {
  for (const limit of [32 * MiB, 96 * MiB]) {
    const results = await repeat(() => world.run('hold', ['limit', '2000'], limits(limit)))
    assertSameStatus(results, ['memory-limit'])
    // Without a cgroup init looks every 5 ms: the program is above the limit by then, by as much
    // as it touched.
    assertPeak(results, limit * 0.95, results.some(watched) ? Infinity : limit * 1.01)
  }
})

test('a program that exceeds the limit and ends before a reading has exceeded it: the last reading decides [MM-08, TM-10]', async () => {
  const results = await repeat(() => world.run('hold', ['quick', '24'], limits(16 * MiB)))
  for (const { status } of results) assert.equal(status, 'memory-limit')
  assertEndings(await repeat(() => world.run('hold', ['quick', '8'], limits(24 * MiB))), 'exited 0')
})

test('files that the caller copies in are not the program’s memory [MM-10]', async () => {
  const files = { large: Buffer.alloc(48 * MiB, 1) }
  const results = await repeat(() => world.run('hold', ['self', '1'], { files, ...limits(32 * MiB) }))
  assertEndings(results, 'exited 0')
  assertPeak(results, 0, OWN)
  const reading = await repeat(
    () => run(program('hold'), ['read', '48', 'large'], { files, ...limits(32 * MiB) }),
    { times: 2 },
  )
  assertEndings(reading, 'exited 0')
})
