/** cgroups: which hierarchies there are, and groups of our own on this host. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import type { CgroupLimits } from '#glassbox/cgroup/controls.js'
import { Cgroup, type Counters } from '#glassbox/cgroup/group.js'
import { type CgroupSupport, detectCgroups, type HostView, hostView } from '#glassbox/cgroup/hierarchy.js'
import { removeGroup } from '#glassbox/cgroup/remove.js'
import { sweepCgroups } from '#glassbox/cgroup/sweep.js'
import { type LiveGroup, makeGroup, planGroup } from '../support/group.js'
import { cgroupsLeft } from '../support/left.js'
import { program } from '../support/programs.js'

const mount = (point: string, type: string, options: string, root = '/'): string =>
  `30 20 0:26 ${root} ${point} rw,relatime shared:4 - ${type} ${type} ${options}`

const view = (parts: Partial<HostView>): HostView => ({
  mountinfo: '',
  cgroup: '0::/',
  controllersOf: () => ['cpu', 'cpuset', 'memory', 'pids'],
  writable: () => true,
  marked: () => false,
  ...parts,
})

const v1 = ['memory', 'pids', 'cpuacct', 'cpu', 'cpuset']
  .map(name => mount(`/cg/${name}`, 'cgroup', `rw,${name}`))
  .join('\n')
const v2 = mount('/sys/fs/cgroup', 'cgroup2', 'rw,nsdelegate')

test('v1: groups are made beneath the own one of each controller [CG-10]', () => {
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

test('v2: the root, a delegated directory, or the parent of the own group [CG-10]', () => {
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

test('hybrid: a controller is where it is mounted, and missing where it is nowhere [CG-10]', () => {
  const mountinfo = [mount('/cg/memory', 'cgroup', 'rw,memory'), mount('/cg/unified', 'cgroup2', 'rw')].join(
    '\n',
  )
  const found = detectCgroups(view({ mountinfo, cgroup: '1:memory:/\n0::/', controllersOf: () => ['pids'] }))
  assert.deepEqual(found.memory, { place: { version: 1, base: '/cg/memory/' } })
  assert.deepEqual(found.pids, { place: { version: 2, base: '/cg/unified' } })
  assert.match((found.cpu as { missing: string }).missing, /does not offer cpu/)
})

test('what the administrator delegates is named by GLASSBOX_CGROUP', context => {
  const before = process.env['GLASSBOX_CGROUP']
  context.after(() => {
    if (before === undefined) delete process.env['GLASSBOX_CGROUP']
    else process.env['GLASSBOX_CGROUP'] = before
  })
  process.env['GLASSBOX_CGROUP'] = '/sys/fs/cgroup/ours'
  assert.equal(hostView().delegated, '/sys/fs/cgroup/ours')
  process.env['GLASSBOX_CGROUP'] = ''
  assert.equal(hostView().delegated, undefined)
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

const support = detectCgroups()
const possible = Cgroup.plan({}, support)
const skip = 'missing' in possible ? `cgroups: ${possible.missing}` : false

const group = (limits: CgroupLimits = {}): LiveGroup => makeGroup(planGroup(limits, support), limits)

/**
 * Runs a program inside a group: a shell joins by the files of every hierarchy, then executes it.
 */
function runInside(
  inside: LiveGroup,
  words: readonly string[],
): { code: number | null; signal: string | null } {
  const joins = inside.directories.map(directory => `echo 0 > ${directory}/cgroup.procs;`)
  const { status, signal } = spawnSync('sh', ['-c', `${joins.join(' ')} exec "$@"`, 'sh', ...words], {
    stdio: 'ignore',
  })
  return { code: status, signal }
}

after(() => assert.deepEqual(cgroupsLeft(), []))

test('the limits stand in the files of the group, and none where there is no limit', { skip }, async () => {
  for (const [limits, memory, processes] of [
    [{ memoryBytes: 2 ** 26, processes: 7 }, /^67108864\n$/, '7\n'],
    [{ memoryBytes: Infinity, processes: Infinity }, /^(max|9223372036854771712)\n$/, 'max\n'],
  ] as const) {
    const limited = group(limits)
    const leaf = (controller: 'memory' | 'pids', file: string): string => {
      const found = support[controller]
      assert.ok('place' in found)
      return readFileSync(join(found.place.base, limited.group.name, file), 'utf8')
    }
    assert.match(
      leaf('memory', limited.group.version('memory') === 1 ? 'memory.limit_in_bytes' : 'memory.max'),
      memory,
    )
    assert.equal(leaf('pids', 'pids.max'), processes)
    await limited.remove()
    for (const directory of limited.directories) assert.equal(existsSync(directory), false)
  }
})

test('a group that is there already is refused, and the step named [CG-16]', { skip }, async () => {
  const planned = planGroup({}, support)
  const [first] = planned.parts
  mkdirSync(first?.directory ?? '')
  assert.throws(() => makeGroup(planned), { message: /^"make .* failed with errno 17$/ })
  await planned.remove()
  assert.deepEqual(cgroupsLeft(), [])
})

test('a group measures what runs in it', { skip }, async () => {
  const countersOf = async (ms: number): Promise<Counters> => {
    const measured = group()
    try {
      runInside(measured, [program('burn'), 'one', String(ms)])
      return measured.group.counters()
    } finally {
      await measured.remove()
    }
  }
  // On an emulated machine the start takes longer than the rest.
  const start = (await countersOf(0)).cpuTime.totalNs
  const { cpuTime, peakMemory } = await countersOf(100)
  const { totalNs, userNs, systemNs } = cpuTime
  assert.ok(totalNs >= 100e6 && totalNs < 300e6 + 2 * start, `${totalNs}, of which the start takes ${start}`)
  assert.equal(userNs + systemNs, totalNs)
  assert.ok((peakMemory ?? 0) > 0)
})

test('a memory limit holds, and a higher one lets the same program through', { skip }, async () => {
  for (const [limit, killed] of [
    [32, true],
    [128, false],
  ] as const) {
    const limited = group({ memoryBytes: limit * 2 ** 20 })
    const { signal, code } = runInside(limited, [program('allocate'), 'grow', '64'])
    assert.deepEqual(
      [signal === 'SIGKILL' || code === 137, limited.group.counters().oomKills > 0],
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
    assert.equal(limited.group.counters().refusedProcesses > 0, code !== 0)
    await limited.remove()
  }
})

test('a group is removed with what runs in it, and with sub-groups that were made, closed or frozen [CG-03, CG-04]', {
  skip,
}, async () => {
  const busy = group()
  const [directory = ''] = busy.directories
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
test('a frozen group with a closed group in it is thawed and removed [CG-03, CG-04]', {
  skip: existsSync(`${freezer}/cgroup.procs`) && process.getuid?.() === 0 ? false : 'no writable v1 freezer',
}, async () => {
  const directory = join(freezer, `glassbox-${process.pid}-frozen`)
  mkdirSync(join(directory, 'sub'), { recursive: true })
  const sleeper = spawn('sleep', ['60'])
  writeFileSync(join(directory, 'sub', 'cgroup.procs'), String(sleeper.pid))
  writeFileSync(join(directory, 'freezer.state'), 'FROZEN')
  chmodSync(join(directory, 'sub'), 0)
  const ended = new Promise(resolve => sleeper.once('exit', (_code, signal) => resolve(signal)))
  await removeGroup(directory)
  assert.equal(await ended, 'SIGKILL')
  assert.equal(existsSync(directory), false)
})

test('a group that somebody else removed is a typed error, and removing it again is harmless', {
  skip,
}, async () => {
  const gone = group()
  for (const directory of gone.directories) rmdirSync(directory)
  assert.throws(() => gone.group.counters(), { code: 'ERR_GLASSBOX_CGROUP', hint: /Another process removed/ })
  await gone.remove()
})

/**
 * Directories of the test's own to sweep, one in each hierarchy: other processes make and remove
 * groups in the real ones.
 */
function privateSupport(context: TestContext): CgroupSupport {
  const name = `sweep-test-${process.pid}`
  const made = new Set<string>()
  const entries = Object.entries(support).map(([controller, found]) => {
    if ('missing' in found) return [controller, found]
    const base = join(found.place.base, name)
    if (!made.has(base)) mkdirSync(base)
    made.add(base)
    return [controller, { place: { ...found.place, base } }]
  })
  context.after(() => Promise.all([...made].map(removeGroup)))
  return Object.fromEntries(entries) as CgroupSupport
}

test('a sweep removes the groups of dead owners, once they are old, and leaves those of living ones [RB-03, RB-11]', {
  skip,
}, async context => {
  // In v2 the first group of all has the controllers switched on for the children of the base.
  const first = group()
  const own = privateSupport(context)
  await first.remove()
  const owned = makeGroup(planGroup({}, own))
  const bases = owned.group.parts.map(({ parent }) => parent)
  for (const base of bases) {
    mkdirSync(join(base, 'glassbox-1-stale', 'sub'), { recursive: true })
    mkdirSync(join(base, 'of-somebody-else'))
  }
  const names = (): string[][] =>
    bases.map(base => readdirSync(base).filter(name => /^(glass|of-)/.test(name)))
  const before = names()
  assert.equal(await sweepCgroups(own), 0, 'it is young: its owner may be about to lock it')
  assert.deepEqual(names(), before)
  assert.equal(await sweepCgroups(own, 0), 1, 'one name, whatever the number of hierarchies')
  assert.deepEqual(
    names().map(found => found.toSorted()),
    bases.map(() => [owned.group.name, 'of-somebody-else'].toSorted()),
  )
  await owned.remove()
  assert.equal(await sweepCgroups(own, 0), 0)
})
