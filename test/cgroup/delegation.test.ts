/**
 * cgroup v2: which directory groups are made in, on made-up hosts, and how a group gets room for
 * them, on a real one.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { detectCgroups, type HostView } from '#glassbox/cgroup/hierarchy.js'
import { enableControllers, LEAF } from '#glassbox/cgroup/leaf.js'
import { removeGroup } from '#glassbox/cgroup/remove.js'
import { makeGroup, planGroup } from '../support/group.js'
import { cgroupsLeft } from '../support/left.js'

const TOP = '/sys/fs/cgroup'
const mount = (flags = 'rw,relatime', root = '/'): string =>
  `30 20 0:26 ${root} ${TOP} ${flags} - cgroup2 cgroup2 rw,nsdelegate`

const view = (parts: Partial<HostView>): HostView => ({
  mountinfo: mount(),
  cgroup: '0::/',
  controllersOf: () => ['cpu', 'cpuset', 'memory', 'pids'],
  writable: () => true,
  marked: () => false,
  ...parts,
})

const ofUser =
  (...directories: string[]) =>
  (path: string): boolean =>
    directories.some(directory => path === directory || path.startsWith(`${directory}/`))

/** Where memory and pids are, or why they are nowhere. */
function place(parts: Partial<HostView>): string {
  const { memory, pids } = detectCgroups(view(parts))
  assert.deepEqual(memory, pids)
  return 'place' in memory ? memory.place.base : memory.missing
}

const service = `${TOP}/system.slice/app.service`
const app = `${TOP}/user.slice/user-7.slice/user@7.service/app.slice`

const PLACES: readonly (readonly [what: string, host: Partial<HostView>, base: string])[] = [
  ['root on a host', { cgroup: '0::/user.slice/session-1.scope' }, TOP],
  [
    'a service with Delegate=yes, in the group itself',
    { cgroup: '0::/system.slice/app.service', marked: path => path === service },
    service,
  ],
  [
    'a service with DelegateSubgroup=, in a leaf of it',
    { cgroup: '0::/system.slice/app.service/main', marked: path => path === service },
    service,
  ],
  [
    'a service in a delegated group of a delegated one: the nearest',
    { cgroup: '0::/system.slice/app.service/main', marked: path => path !== TOP },
    `${service}/main`,
  ],
  [
    'the same again, when it was moved into the leaf',
    { cgroup: `0::/system.slice/app.service/${LEAF}`, marked: path => path === service },
    service,
  ],
  [
    'an ordinary user whose service was delegated by an old systemd, without a mark that it may read',
    { cgroup: '0::/system.slice/app.service', writable: ofUser(service) },
    service,
  ],
  [
    'an ordinary user in a scope of the own manager',
    { cgroup: '0::/user.slice/user-7.slice/user@7.service/app.slice/x.scope', writable: ofUser(app) },
    app,
  ],
  ['a container with a cgroup namespace of its own', { cgroup: '0::/' }, TOP],
  [
    'a container without one, which sees its own part',
    { cgroup: '0::/docker/1/init', mountinfo: mount('rw', '/docker/1') },
    TOP,
  ],
  [
    'a container that has the mount of its host below its own one',
    { mountinfo: [mount('rw', '/../..').replace(TOP, '/old'), mount()].join('\n') },
    TOP,
  ],
  ['a process that is outside of its cgroup namespace', { cgroup: '0::/../other' }, TOP],
  [
    'a directory that was named',
    { cgroup: '0::/x', delegated: `${TOP}/ours`, marked: () => true },
    `${TOP}/ours`,
  ],
]

for (const [what, host, base] of PLACES) {
  test(`v2: ${what}`, () => assert.equal(place(host), base))
}

const OBSTACLES: readonly (readonly [what: string, host: Partial<HostView>, reason: RegExp])[] = [
  [
    'a container that may only look',
    { mountinfo: mount('ro,nosuid') },
    /^\/sys\/fs\/cgroup is mounted read-only$/,
  ],
  [
    'an ordinary user without a group of its own',
    { cgroup: '0::/user.slice/session-1.scope', writable: () => false },
    /^\/sys\/fs\/cgroup is not writable; .*user.slice is not writable; .*session-1.scope is not writable$/,
  ],
  [
    'a named directory that cannot be reached from where the process is',
    {
      cgroup: '0::/user.slice/user-7.slice/session-1.scope',
      writable: ofUser(app),
      delegated: app,
    },
    /^this process is in \S+session-1.scope, and \S+\/user-7.slice\/cgroup.procs, by which it would get to \S+app.slice, is not/,
  ],
  [
    'a named directory that is not writable, though others are',
    { delegated: `${TOP}/ours`, writable: path => path !== `${TOP}/ours` },
    /^\/sys\/fs\/cgroup\/ours is not writable$/,
  ],
  [
    'a container that was given no controllers',
    { controllersOf: () => ['cpu'] },
    /^cgroup v2 at \/sys\/fs\/cgroup does not offer (memory|pids)$/,
  ],
]

for (const [what, host, reason] of OBSTACLES) {
  test(`v2: ${what} is told why there are no groups`, () => {
    const { memory, pids } = detectCgroups(view(host))
    for (const found of [memory, pids]) assert.match('missing' in found ? found.missing : 'there', reason)
  })
}

test('v2: all controllers are in one group, also where another one offers more', () => {
  const host = view({
    cgroup: '0::/system.slice/app.service',
    marked: path => path === service,
    controllersOf: path => (path === service ? ['memory', 'pids'] : ['memory', 'pids', 'cpu']),
  })
  const { memory, cpuacct, cpu } = detectCgroups(host)
  assert.deepEqual(
    [memory, cpuacct],
    [{ place: { version: 2, base: service } }, { place: { version: 2, base: service } }],
  )
  assert.match((cpu as { missing: string }).missing, /app.service does not offer cpu$/)
  // One that lacks what every program needs gives way to one that has it.
  const poor = {
    ...host,
    controllersOf: (path: string) => (path === service ? ['pids'] : ['memory', 'pids']),
  }
  assert.deepEqual(detectCgroups(poor).memory, { place: { version: 2, base: TOP } })
})

const support = detectCgroups()
const { memory } = support
const skip =
  'place' in memory && memory.place.version === 2 ? false : 'needs the memory controller in cgroup v2'

after(() => assert.deepEqual(cgroupsLeft(), []))

test('a group with processes gives its children controllers once the processes are in a leaf', {
  skip,
}, async context => {
  assert.ok('place' in memory)
  // Enables the controllers for the children of the base.
  await makeGroup(planGroup({}, support)).remove()
  const base = join(memory.place.base, `leaf-test-${process.pid}`)
  mkdirSync(base)
  context.after(() => removeGroup(base))
  const sleepers = [spawn('sleep', ['60']), spawn('sleep', ['60'])]
  context.after(() => sleepers.map(sleeper => sleeper.kill('SIGKILL')))
  for (const { pid } of sleepers) writeFileSync(join(base, 'cgroup.procs'), String(pid))
  const control = join(base, 'cgroup.subtree_control')
  assert.throws(
    () => writeFileSync(control, '+memory +pids'),
    { code: 'EBUSY' },
    'the control: they are in the way',
  )
  enableControllers(base, ['memory', 'pids', 'cpuacct'])
  assert.deepEqual(readFileSync(control, 'utf8').trim().split(' ').toSorted(), ['memory', 'pids'])
  assert.equal(readFileSync(join(base, 'cgroup.procs'), 'utf8'), '')
  const moved = readFileSync(join(base, LEAF, 'cgroup.procs'), 'utf8')
    .trim()
    .split('\n')
    .map(Number)
  assert.deepEqual(moved.toSorted(), sleepers.map(({ pid }) => pid).toSorted())
  enableControllers(base, ['memory', 'pids']) // again: nothing is left to do
  mkdirSync(join(base, 'child'))
  assert.match(readFileSync(join(base, 'child', 'memory.max'), 'utf8'), /^max/)
  rmdirSync(join(base, 'child'))
})

test('a controller that the group does not have is a typed error that names the file', { skip }, context => {
  assert.ok('place' in memory)
  const base = join(memory.place.base, `leaf-test-${process.pid}-poor`)
  mkdirSync(join(base, 'child'), { recursive: true })
  context.after(() => removeGroup(base))
  assert.throws(() => enableControllers(join(base, 'child'), ['memory']), {
    code: 'ERR_GLASSBOX_CGROUP',
    errno: 2,
    message: /\+memory to .*child\/cgroup.subtree_control/,
  })
})
