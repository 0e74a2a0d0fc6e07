/** The control files of v1 and v2, on a made-up directory of plain files. */
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type CgroupLimits, type Controls, V1, V2 } from '#glassbox/cgroup/controls.js'
import type { Controller } from '#glassbox/cgroup/hierarchy.js'
import { filesIn, keyedNumber, writeAll } from '#glassbox/cgroup/files.js'
import { temporaryDirectory } from '../support/temporary.js'

/** A directory with a file of each name and text. */
function tree(context: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = join(temporaryDirectory(context), 'group')
  mkdirSync(directory)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

/** Writes what limits a part of a group in `directory`. */
function limit(controls: Controls, controller: Controller, directory: string, limits: CgroupLimits): void {
  const writes = controls.limit[controller](limits, filesIn(directory), filesIn(join(directory, '..')))
  writeAll(directory, writes)
}

function texts(directory: string): Record<string, string> {
  const names = readdirSync(directory).toSorted()
  return Object.fromEntries(names.map(name => [name, readFileSync(join(directory, name), 'utf8')]))
}

test('v1: limits, with swap and the buffers of sockets where they are accounted', context => {
  const unlimited = { 'memory.limit_in_bytes': '9223372036854771712\n' }
  const accounted = { 'memory.memsw.limit_in_bytes': '', 'memory.kmem.tcp.limit_in_bytes': '' }
  const directory = tree(context, { ...unlimited, ...accounted })
  limit(V1, 'memory', directory, { memoryBytes: 4096 })
  limit(V1, 'pids', directory, { processes: 5 })
  limit(V1, 'cpu', directory, { cpus: 1.5 })
  assert.deepEqual(texts(directory), {
    'cpu.cfs_period_us': '100000',
    'cpu.cfs_quota_us': '150000',
    'memory.kmem.tcp.limit_in_bytes': '4096',
    'memory.limit_in_bytes': '4096',
    'memory.memsw.limit_in_bytes': '4096',
    'pids.max': '5',
  })
  const plain = tree(context, unlimited)
  limit(V1, 'memory', plain, { memoryBytes: 4096 })
  assert.deepEqual(Object.keys(texts(plain)), ['memory.limit_in_bytes'])
})

test('v1: a new cpuset has the memory nodes of its parent, and its processors unless some were chosen', context => {
  for (const [limits, cpus] of [
    [{}, '0-3'],
    [{ cpuset: '1' }, '1'],
  ] as const) {
    const directory = tree(context, {})
    writeFileSync(join(directory, '..', 'cpuset.mems'), '0\n')
    writeFileSync(join(directory, '..', 'cpuset.cpus'), '0-3\n')
    limit(V1, 'cpuset', directory, limits)
    assert.deepEqual(texts(directory), { 'cpuset.cpus': cpus, 'cpuset.mems': '0' })
  }
})

for (const [version, controls] of [
  ['v1', V1],
  ['v2', V2],
] as const) {
  test(`${version}: what is not limited writes no file; Infinity lifts a limit`, context => {
    const memory = version === 'v1' ? 'memory.limit_in_bytes' : 'memory.max'
    const directory = tree(context, { [memory]: '4096' })
    for (const name of ['memory', 'pids', 'cpu', 'cpuacct'] as const) limit(controls, name, directory, {})
    assert.deepEqual(texts(directory), { [memory]: '4096' })
    for (const name of ['memory', 'pids', 'cpu', 'cpuacct'] as const)
      limit(controls, name, directory, { memoryBytes: Infinity, processes: Infinity, cpus: Infinity })
    assert.deepEqual(texts(directory), { [memory]: version === 'v1' ? '-1' : 'max', 'pids.max': 'max' })
  })

  test(`${version}: a group that is gone is a typed error with what to do`, () => {
    const gone = '/nonexistent/group'
    const expected = { code: 'ERR_GLASSBOX_CGROUP', errno: 2, hint: /removed the group/ }
    assert.throws(() => controls.cpuTime(filesIn(gone)), { ...expected, message: /^Could not read / })
    assert.throws(() => limit(controls, 'pids', gone, { processes: 1 }), {
      ...expected,
      message: /^Could not write 1 to \/nonexistent\/group\/pids\.max/,
    })
    assert.throws(() => controls.oomKills(filesIn(gone)), expected)
  })
}

test('v1: counters; the total is exact, and user and system time share it as they were sampled', context => {
  const directory = tree(context, {
    'cpuacct.usage': '9000\n',
    'cpuacct.usage_user': '2000\n',
    'cpuacct.usage_sys': '1000\n',
    'memory.max_usage_in_bytes': '4096\n',
    'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 2\n',
    'pids.events': 'max 4\n',
  })
  assert.deepEqual(V1.cpuTime(filesIn(directory)), { totalNs: 9000, userNs: 6000, systemNs: 3000 })
  assert.deepEqual(
    [
      V1.peakMemory(filesIn(directory)),
      V1.oomKills(filesIn(directory)),
      V1.refusedProcesses(filesIn(directory)),
    ],
    [4096, 2, 4],
  )
  assert.equal(V1.peakProcesses(filesIn(directory)), undefined, 'no file, no figure')
  writeFileSync(join(directory, 'memory.memsw.max_usage_in_bytes'), '8192\n')
  writeFileSync(join(directory, 'pids.peak'), '3\n')
  assert.deepEqual([V1.peakMemory(filesIn(directory)), V1.peakProcesses(filesIn(directory))], [8192, 3])
})

test('v1 of older kernels: no split of CPU time, no count of kills', context => {
  const directory = tree(context, { 'cpuacct.usage': '9000\n', 'memory.oom_control': 'under_oom 0\n' })
  assert.deepEqual(V1.cpuTime(filesIn(directory)), { totalNs: 9000, userNs: 9000, systemNs: 0 })
  assert.equal(V1.oomKills(filesIn(directory)), 0)
})

test('a key is found as a whole word, not as the beginning of another', () => {
  const text = 'oom_kill_disable 7\noom_group_kill 8\noom_kill 9\n'
  assert.equal(keyedNumber(text, 'oom_kill'), 9)
  assert.equal(keyedNumber(text, 'oom'), undefined)
})

test('the files of v2 are read and written as the kernel documents them', context => {
  const directory = temporaryDirectory(context)
  const file = (name: string, text: string): void => writeFileSync(join(directory, name), text)
  for (const name of ['memory.max', 'memory.swap.max', 'memory.oom.group', 'pids.max', 'cpu.max'])
    file(name, '')
  file('cpu.stat', 'usage_usec 3000\nuser_usec 2000\nsystem_usec 1000\nnr_periods 0\n')
  file('memory.peak', '4096\n')
  file('memory.events', 'low 0\nhigh 0\nmax 7\noom 2\noom_kill 1\noom_group_kill 0\n')
  file('pids.events', 'max 5\n')
  file('pids.peak', '3\n')
  limit(V2, 'memory', directory, { memoryBytes: 1000 })
  limit(V2, 'pids', directory, { processes: 4 })
  limit(V2, 'cpu', directory, { cpus: 0.5 })
  const written = (name: string): string => readFileSync(join(directory, name), 'utf8')
  assert.deepEqual(
    ['memory.max', 'memory.swap.max', 'memory.oom.group', 'pids.max', 'cpu.max'].map(written),
    ['1000', '0', '1', '4', '50000 100000'],
  )
  assert.deepEqual(V2.cpuTime(filesIn(directory)), {
    totalNs: 3_000_000,
    userNs: 2_000_000,
    systemNs: 1_000_000,
  })
  assert.deepEqual(
    [
      V2.peakMemory(filesIn(directory)),
      V2.oomKills(filesIn(directory)),
      V2.refusedProcesses(filesIn(directory)),
      V2.peakProcesses(filesIn(directory)),
    ],
    [4096, 1, 5, 3],
  )
})
