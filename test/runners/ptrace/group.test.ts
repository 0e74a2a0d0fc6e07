/**
 * The cgroup of a program of the ptrace runner: hard limits of memory and processes, their exact
 * measure, and nothing left of it. Without one the tracer does both; container.test.ts has that.
 */
import assert from 'node:assert/strict'
import { closeSync, constants, existsSync, mkdirSync, openSync, readFileSync, rmdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { HeldGroup } from '#glassbox/cgroup/held-group.js'
import { openBox, run } from '#glassbox/index.js'
import { plannedGroup } from '#glassbox/runners/ptrace/group.js'
import { needsCgroup } from '../../support/hostile.js'
import { assertNothingLeft, cgroupsLeft, surroundings } from '../../support/left.js'
import { native, program } from '../../support/programs.js'
import { supervise, warmUp } from '../../supervisor/support/supervise.js'

const runner = 'ptrace'
const MiB = 2 ** 20
const initial = surroundings()
before(async () => {
  await warmUp()
  for (const round of [1, 2]) await Promise.all([round, round].map(() => run('true', [], { runner })))
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

test('a program is in a group of its own', { skip: needsCgroup }, async () => {
  await using box = await openBox({ runner })
  const { stdout, measuredBy } = await box.run('cat', ['/proc/self/cgroup'], { policy: null })
  assert.match(stdout, new RegExp(`/glassbox-${process.pid}-`))
  assert.equal(measuredBy.cpuTime, 'tracer')
  assert.match(measuredBy.memory, /^cgroup-v[12]$/)
  assert.match(measuredBy.processes, /^cgroup-v[12]$/)
  const again = await box.run('cat', ['/proc/self/cgroup'], { policy: null })
  assert.notEqual(again.stdout, stdout, 'the next program has another group')
})

test('memory has a hard limit, also that of files without a name', { skip: needsCgroup }, async () => {
  for (const kind of ['private', 'shared', 'children']) {
    assert.equal(native('allocate', [kind, '2']).code, 0)
    const limits = { memoryBytes: 48 * MiB }
    const { status, memoryBytes } = await run(program('allocate'), [kind, '600'], { runner, limits })
    assert.equal(status, 'memory-limit', kind)
    assert.ok(memoryBytes <= limits.memoryBytes && memoryBytes > limits.memoryBytes / 2, `${memoryBytes}`)
  }
})

test('a limit of processes is the kernel’s: making one is no stop', { skip: needsCgroup }, async () => {
  const limits = { processes: 5 }
  const result = await run(program('processes'), ['fork', '12'], { runner, limits })
  assert.equal(result.status, 'process-limit')
  assert.equal(result.processes, 5)
  const all = await run(program('processes'), ['fork', '12'], { runner })
  assert.deepEqual([all.status, all.processes], ['exited', 13])
})

test('the largest arguments with the smallest limit end the program, not this process', async () => {
  const words = Array.from({ length: 60 }, () => 'x'.repeat(100_000))
  const { status, exitCode } = await run('true', words, { runner, limits: { memoryBytes: MiB } })
  assert.equal(status, 'memory-limit')
  if (!needsCgroup) assert.equal(exitCode, 0, 'it had to be started')
})

test('no group is left of a program that does not start', async () => {
  await assert.rejects(async () => run('/etc/hostname', [], { runner }))
  const box = await openBox({ runner })
  await assert.rejects(async () => box.run('true', [], { cwd: '/nowhere' }))
  await box.close()
  assert.deepEqual(cgroupsLeft(), [])
})

test('a program that could write to its own group has none', { skip: needsCgroup }, () => {
  assert.equal(plannedGroup({ policy: null }, undefined), undefined)
  assert.ok(plannedGroup({ policy: undefined }, undefined))
  assert.ok(plannedGroup({ policy: null }, { uid: 1, gid: 1 }))
})

const V2 = '/sys/fs/cgroup/unified'
const needsV2 = existsSync(`${V2}/cgroup.procs`) && process.getuid?.() === 0 ? false : 'needs a cgroup v2'

test('on v2 a program is born in its group, or joins it', { skip: needsV2 }, async () => {
  const directory = `${V2}/glassbox-test-${process.pid}`
  mkdirSync(directory)
  const birth = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY)
  const join = openSync(`${directory}/cgroup.procs`, 'w')
  try {
    for (const group of [
      { joins: [], birth, hasPeak: true },
      { joins: [join], birth: undefined, hasPeak: true },
    ]) {
      const { stdout } = await supervise('/bin/cat', ['/proc/self/cgroup'], { spec: () => ({ group }) })
      assert.match(stdout, new RegExp(`^0::/glassbox-test-${process.pid}$`, 'm'))
    }
    const { stdout } = await supervise('/bin/cat', ['/proc/self/cgroup'])
    assert.doesNotMatch(stdout, /glassbox-test/, 'the control')
  } finally {
    for (const fd of [birth, join]) closeSync(fd)
    rmdirSync(directory)
  }
})

test('a group that cannot be made leaves no part of it', { skip: needsCgroup }, () => {
  const cgroup = Cgroup.plan({}, undefined, { counted: ['memory', 'pids'] })
  assert.ok(!('missing' in cgroup))
  const made = HeldGroup.make(cgroup, { memoryBytes: 16 * MiB, processes: 3 })
  assert.throws(() => HeldGroup.make(cgroup, {}), { code: 'ERR_GLASSBOX_CGROUP' })
  for (const { directory, controllers } of cgroup.parts)
    if (controllers.includes('pids')) assert.equal(readFileSync(`${directory}/pids.max`, 'utf8'), '3\n')
  return made.remove()
})
