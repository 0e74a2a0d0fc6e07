/** cgroups: which hierarchies there are, and groups of our own on this host. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { V2 } from '#glassbox/cgroup/controls.js'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { detectCgroups, type HostView } from '#glassbox/cgroup/hierarchy.js'
import { removeGroup } from '#glassbox/cgroup/remove.js'
import { sweepCgroups } from '#glassbox/cgroup/sweep.js'
import { cgroupsLeft } from '../support/left.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const mount = (point: string, type: string, options: string, root = '/'): string =>
  `30 20 0:26 ${root} ${point} rw,relatime shared:4 - ${type} ${type} ${options}`

const view = (parts: Partial<HostView>): HostView => ({
  mountinfo: '',
  cgroup: '0::/',
  controllersOf: () => ['cpu', 'cpuset', 'memory', 'pids'],
  writable: () => true,
  ...parts,
})

const v1 = ['memory', 'pids', 'cpuacct', 'cpu', 'cpuset']
  .map(name => mount(`/cg/${name}`, 'cgroup', `rw,${name}`))
  .join('\n')
const v2 = mount('/sys/fs/cgroup', 'cgroup2', 'rw,nsdelegate')

test('v1: groups are made beneath the own one of each controller', () => {
  const found = detectCgroups(view({ mountinfo: v1, cgroup: '3:memory:/user/x\n2:pids:/\n1:cpuacct:/' }))
  assert.deepEqual(found.memory, { place: { version: 1, base: '/cg/memory/user/x' } })
  assert.deepEqual(found.pids, { place: { version: 1, base: '/cg/pids/' } })
})

test('v1 with controllers mounted together, and a mount of a part of the hierarchy', () => {
  const mountinfo = [
    mount('/cg/cpu,cpuacct', 'cgroup', 'rw,cpu,cpuacct'),
    mount('/cg/memory', 'cgroup', 'rw,memory', '/docker/1'),
  ].join('\n')
  const found = detectCgroups(view({ mountinfo, cgroup: '2:cpu,cpuacct:/a\n1:memory:/docker/1/b' }))
  assert.deepEqual(found.cpuacct, { place: { version: 1, base: '/cg/cpu,cpuacct/a' } })
  assert.deepEqual(found.memory, { place: { version: 1, base: '/cg/memory/b' } })
  assert.ok('missing' in detectCgroups(view({ mountinfo, cgroup: '1:memory:/elsewhere' })).memory)
})

test('v2: the root, a delegated directory, or the parent of the own group', () => {
  assert.deepEqual(detectCgroups(view({ mountinfo: v2 })).memory, {
    place: { version: 2, base: '/sys/fs/cgroup' },
  })
  const delegated = '/sys/fs/cgroup/user.slice/me'
  assert.deepEqual(detectCgroups(view({ mountinfo: v2, delegated })).cpuacct, {
    place: { version: 2, base: delegated },
  })
  const ours = detectCgroups(
    view({ mountinfo: v2, cgroup: '0::/user.slice/a/b', writable: path => path.includes('user.slice') }),
  )
  assert.deepEqual(ours.pids, { place: { version: 2, base: '/sys/fs/cgroup/user.slice/a' } })
})

test('hybrid: a controller is where it is mounted, and missing where it is nowhere', () => {
  const mountinfo = [mount('/cg/memory', 'cgroup', 'rw,memory'), mount('/cg/unified', 'cgroup2', 'rw')].join(
    '\n',
  )
  const found = detectCgroups(view({ mountinfo, cgroup: '1:memory:/\n0::/', controllersOf: () => ['pids'] }))
  assert.deepEqual(found.memory, { place: { version: 1, base: '/cg/memory/' } })
  assert.deepEqual(found.pids, { place: { version: 2, base: '/cg/unified' } })
  assert.match((found.cpuacct as { missing: string }).missing, /does not offer cpu/)
})

test('where nothing may be written, or nothing is mounted, the reason is said', () => {
  assert.match(
    (detectCgroups(view({ mountinfo: v1, writable: () => false })).memory as { missing: string }).missing,
    /not writable/,
  )
  assert.match((detectCgroups(view({})).memory as { missing: string }).missing, /no cgroup hierarchy/)
  assert.match(
    (Cgroup.plan({}, detectCgroups(view({}))) as { missing: string }).missing,
    /^memory: no cgroup/,
  )
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
  V2.limit.memory(directory, { memoryBytes: 1000 })
  V2.limit.pids(directory, { processes: 4 })
  V2.limit.cpu(directory, { cpus: 0.5 })
  const written = (name: string): string =>
    spawnSync('cat', [join(directory, name)], { encoding: 'utf8' }).stdout
  assert.deepEqual(
    ['memory.max', 'memory.swap.max', 'memory.oom.group', 'pids.max', 'cpu.max'].map(written),
    ['1000', '0', '1', '4', '50000 100000'],
  )
  assert.deepEqual(V2.cpuTime(directory), { totalNs: 3_000_000, userNs: 2_000_000, systemNs: 1_000_000 })
  assert.deepEqual(
    [
      V2.peakMemory(directory),
      V2.oomKills(directory),
      V2.refusedProcesses(directory),
      V2.peakProcesses(directory),
    ],
    [4096, 1, 5, 3],
  )
})

const support = detectCgroups()
const planned = Cgroup.plan({}, support)
const skip = 'missing' in planned ? `cgroups: ${planned.missing}` : false

function group(limits: { memoryBytes?: number; processes?: number } = {}): Cgroup {
  const made = Cgroup.plan(limits, support)
  if ('missing' in made) throw new Error(made.missing)
  made.create(limits)
  return made
}

/** Runs a program inside a group: a shell joins by the files of every hierarchy, then executes it. */
function runInside(inside: Cgroup, words: readonly string[]): { code: number | null; signal: string | null } {
  const joins = inside.leaves().map(({ parent, name }) => `echo 0 > ${parent}/${name}/cgroup.procs;`)
  const { status, signal } = spawnSync('sh', ['-c', `${joins.join(' ')} exec "$@"`, 'sh', ...words], {
    stdio: 'ignore',
  })
  return { code: status, signal }
}

after(() => assert.deepEqual(cgroupsLeft(), []))

test('a group measures what runs in it', { skip }, async () => {
  const measured = group()
  runInside(measured, [program('burn'), 'one', '100'])
  const { totalNs, userNs, systemNs } = measured.cpuTime()
  assert.ok(totalNs >= 100e6 && totalNs < 400e6, `${totalNs}`)
  assert.equal(userNs + systemNs, totalNs)
  assert.ok((measured.peakMemory() ?? 0) > 0)
  await measured.remove()
})

test('a memory limit holds, and a higher one lets the same program through', { skip }, async () => {
  for (const [limit, killed] of [
    [32, true],
    [128, false],
  ] as const) {
    const limited = group({ memoryBytes: limit * 2 ** 20 })
    const { signal, code } = runInside(limited, [program('allocate'), 'grow', '64'])
    assert.deepEqual(
      [signal === 'SIGKILL' || code === 137, limited.oomKills() > 0],
      [killed, killed],
      `${limit} MiB`,
    )
    await limited.remove()
  }
})

test('a limit of processes holds, and refusals are counted', { skip }, async () => {
  for (const [limit, code] of [
    [5, 3],
    [20, 0],
  ] as const) {
    const limited = group({ processes: limit })
    assert.equal(runInside(limited, [program('processes'), 'fork', '9']).code, code)
    assert.equal(limited.refusedProcesses() > 0, code !== 0)
    await limited.remove()
  }
})

test('a group is removed with what runs in it, and with sub-groups that were made, closed or frozen', {
  skip,
}, async () => {
  const busy = group()
  const [first] = busy.leaves()
  const directory = join(first?.parent ?? '', first?.name ?? '')
  mkdirSync(join(directory, 'sub', 'deep'), { recursive: true })
  const sleeper = spawn('sleep', ['60'])
  writeFileSync(join(directory, 'sub', 'deep', 'cgroup.procs'), String(sleeper.pid))
  chmodSync(join(directory, 'sub'), 0)
  const ended = new Promise(resolve => sleeper.once('exit', (_code, signal) => resolve(signal)))
  await busy.remove()
  assert.equal(await ended, 'SIGKILL')
  assert.equal(existsSync(directory), false)
})

const freezer = '/sys/fs/cgroup/freezer'
test('a frozen group is thawed and removed', {
  skip: existsSync(`${freezer}/cgroup.procs`) && process.getuid?.() === 0 ? false : 'no writable v1 freezer',
}, async () => {
  const directory = join(freezer, `glassbox-${process.pid}-frozen`)
  mkdirSync(join(directory, 'sub'), { recursive: true })
  const sleeper = spawn('sleep', ['60'])
  sleeper.unref()
  writeFileSync(join(directory, 'sub', 'cgroup.procs'), String(sleeper.pid))
  writeFileSync(join(directory, 'freezer.state'), 'FROZEN')
  await removeGroup(directory)
  assert.equal(existsSync(directory), false)
})

test('a group that somebody else removed is a typed error, and removing it again is harmless', {
  skip,
}, async () => {
  const gone = group()
  for (const { parent, name } of gone.leaves()) rmdirSync(join(parent, name))
  assert.throws(() => gone.cpuTime(), { code: 'ERR_GLASSBOX_CGROUP', hint: /Somebody else removed/ })
  await gone.remove()
})

test('a sweep leaves the groups of living owners alone', { skip }, async () => {
  const owned = group()
  await sweepCgroups(support, 0)
  for (const { parent, name } of owned.leaves()) assert.ok(readdirSync(parent).includes(name))
  await owned.remove()
})

test('a sweep removes the groups of dead owners, but not those that are just being made', {
  skip,
}, async () => {
  const owned = group()
  const stale = join(owned.leaves()[0]?.parent ?? '', 'glassbox-1-stale')
  mkdirSync(stale)
  await sweepCgroups(support)
  assert.ok(existsSync(stale), 'it is young')
  assert.ok((await sweepCgroups(support, 0)) >= 1)
  assert.equal(existsSync(stale), false)
  await owned.remove()
})
