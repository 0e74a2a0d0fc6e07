/** What a program sees of the cgroup hierarchies, from tables of mounts as hosts have them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { type Controller, detectCgroups, type HostView } from '#glassbox/cgroup/hierarchy.js'
import { mayEnterNamespace, visibleHierarchies } from '#glassbox/cgroup/visible.js'

const mount = (index: number, name: string, options: string): string =>
  `${index} 31 0:${index} / /sys/fs/cgroup/${name} rw,relatime - cgroup cgroup rw,${options}`
const V2 = '41 31 0:41 / /sys/fs/cgroup rw,relatime - cgroup2 cgroup2 rw,nsdelegate'

const view = (mountinfo: readonly string[], v2: readonly Controller[] = []): HostView => ({
  mountinfo: mountinfo.join('\n'),
  cgroup: '',
  controllersOf: () => v2,
  writable: () => true,
  marked: () => false,
})

function seen(host: HostView): { hierarchies: readonly string[]; enters: boolean } {
  const cgroup = Cgroup.plan({}, detectCgroups(host))
  assert.ok(!('missing' in cgroup))
  const hierarchies = visibleHierarchies(cgroup, host).map(
    ({ version, options, own }) => `v${version} ${options} ${own ? 'own' : 'covered'}`,
  )
  return { hierarchies, enters: mayEnterNamespace(cgroup) }
}

const CASES: readonly {
  readonly name: string
  readonly host: HostView
  readonly sees: readonly string[]
  readonly enters: boolean
}[] = [
  {
    name: 'v1 with one hierarchy for each controller',
    host: view(
      ['memory', 'cpu', 'cpuacct', 'cpuset', 'pids', 'devices'].map((name, i) => mount(50 + i, name, name)),
    ),
    sees: ['v1 memory own', 'v1 cpu covered', 'v1 cpuacct covered', 'v1 cpuset covered'],
    enters: true,
  },
  {
    name: 'v1 as systemd mounts it, with joint controllers, flags and a named hierarchy',
    host: view([
      mount(50, 'systemd', 'xattr,release_agent=/lib/agent,name=systemd'),
      mount(51, 'cpu,cpuacct', 'cpu,cpuacct'),
      mount(52, 'memory', 'xattr,memory'),
      mount(53, 'cpuset', 'noprefix,cpuset,clone_children'),
      mount(54, 'pids', 'pids'),
    ]),
    sees: ['v1 memory,xattr own', 'v1 cpu,cpuacct own', 'v1 cpuset,noprefix covered'],
    enters: true,
  },
  {
    name: 'v1 without cpuset',
    host: view(['memory', 'cpuacct', 'pids'].map((name, i) => mount(50 + i, name, name))),
    sees: ['v1 memory own', 'v1 cpuacct covered'],
    enters: true,
  },
  {
    name: 'v2',
    host: view([V2], ['memory', 'pids', 'cpu', 'cpuset']),
    sees: ['v2  own'],
    enters: false,
  },
  {
    name: 'v1 for memory, v2 for the rest',
    host: view([mount(50, 'memory', 'memory'), V2], ['pids', 'cpu', 'cpuset']),
    sees: ['v1 memory own'],
    enters: false,
  },
]

for (const { name, host, sees, enters } of CASES)
  test(`a program sees its own groups and nothing of others: ${name}`, () => {
    assert.deepEqual(seen(host), { hierarchies: sees, enters })
  })
