/**
 * Where glassbox is, from files and variables as each place has them, and the exact option or line
 * that is missing there. The real simulations are in test/doctor/environments.test.ts.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { placeOf, type Restriction } from '#glassbox/place/place.js'
import { hintFor, type Lack, remedyFor } from '#glassbox/place/remedies.js'
import { type PlaceName, SIGNS } from '#glassbox/place/signs.js'
import type { PlaceView } from '#glassbox/place/view.js'

const ID = '0123456789abcdef'.repeat(4)
const bind = (root: string, point: string): string => `50 40 254:0 ${root} ${point} rw - ext4 /dev/vda rw\n`
const MASKED = '61 25 0:5 /null /proc/keys rw - devtmpfs udev rw\n'
const READ_ONLY_GROUPS = '31 23 0:28 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup rw\n'
const ROOT = '27 1 254:0 / / rw - ext4 /dev/vda rw\n'
const FILTERED = 'NoNewPrivs:\t0\nSeccomp:\t2\nSeccomp_filters:\t1\n'
const FREE = 'NoNewPrivs:\t0\nSeccomp:\t0\n'
const GVISOR = 'Linux version 4.4.0 #1 SMP Sun Jan 10 15:06:54 PST 2016\n'

interface Case {
  readonly name: string
  readonly mounts?: string
  readonly status?: string
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
  readonly place: PlaceName
  readonly restrictions?: readonly Restriction[]
}

const DOCKER_FILES = bind(`/var/lib/docker/containers/${ID}/hostname`, '/etc/hostname')
const CASES: readonly Case[] = [
  { name: 'a host', place: 'host' },
  { name: 'a host with a file that Docker also makes', files: { '/.dockerenv': '' }, place: 'host' },
  {
    name: 'a host with what systemd mounts below /proc',
    mounts: '30 25 0:29 / /proc/sys/fs/binfmt_misc rw - autofs systemd-1 rw\n',
    place: 'host',
  },
  {
    name: 'docker run',
    ...{ mounts: DOCKER_FILES + MASKED + READ_ONLY_GROUPS, status: FILTERED },
    place: 'docker',
    restrictions: ['filter', 'proc', 'cgroups'],
  },
  { name: 'docker run --privileged', mounts: DOCKER_FILES, place: 'docker' },
  {
    name: 'Docker whose own files are hidden',
    ...{ files: { '/.dockerenv': '' }, status: FILTERED },
    place: 'docker',
    restrictions: ['filter'],
  },
  {
    name: 'AppArmor of Docker',
    ...{ mounts: DOCKER_FILES, files: { '/proc/self/attr/current': 'docker-default (enforce)\n' } },
    place: 'docker',
    restrictions: ['apparmor'],
  },
  {
    name: 'AppArmor of a host',
    files: { '/proc/self/attr/current': 'node (enforce)\n' },
    place: 'host',
    restrictions: ['apparmor'],
  },
  {
    name: 'Podman',
    mounts: bind(`/containers/storage/overlay-containers/${ID}/userdata/hosts`, '/etc/hosts'),
    place: 'podman',
  },
  { name: 'Podman by its file', files: { '/run/.containerenv': 'engine="podman"' }, place: 'podman' },
  {
    name: 'a pod on a node with Docker',
    mounts: DOCKER_FILES + bind('/var/lib/kubelet/pods/0f1e2d3c-4b5a/etc-hosts', '/etc/hosts'),
    place: 'kubernetes',
  },
  { name: 'a pod by its variable', env: { KUBERNETES_SERVICE_HOST: '10.0.0.1' }, place: 'kubernetes' },
  {
    name: 'a unit of systemd',
    env: { INVOCATION_ID: 'f00d' },
    files: { '/proc/self/cgroup': '0::/system.slice/judge.service\n' },
    place: 'service',
  },
  {
    name: 'a program in a scope, started by a shell of a unit',
    env: { INVOCATION_ID: 'f00d' },
    files: { '/proc/self/cgroup': '0::/user.slice/session-1.scope\n' },
    place: 'host',
  },
  { name: 'gVisor', files: { '/proc/version': GVISOR }, status: 'Seccomp:\t0\n', place: 'gvisor' },
  { name: 'a host that pretends to be gVisor', files: { '/proc/version': GVISOR }, place: 'host' },
  {
    name: 'WSL 1',
    files: { '/proc/version': 'Linux version 4.4.0-19041-Microsoft (Microsoft@Microsoft.com)' },
    place: 'wsl1',
  },
  {
    name: 'WSL 2',
    files: { '/proc/version': 'Linux version 5.15.153.1-microsoft-standard-WSL2 (root@x)' },
    place: 'wsl2',
  },
  {
    name: 'a box of glassbox in Docker',
    mounts: `${DOCKER_FILES}142 109 0:50 / / ro - tmpfs glassbox rw\n`,
    status: 'NoNewPrivs:\t1\nSeccomp:\t2\n',
    place: 'glassbox',
    restrictions: ['filter', 'privileges'],
  },
  { name: 'LXC', env: { container: 'lxc' }, place: 'lxc' },
  { name: 'GitHub Actions', env: { GITHUB_ACTIONS: 'true' }, place: 'github' },
  {
    name: 'a step in a container of GitHub Actions',
    mounts: DOCKER_FILES,
    env: { GITHUB_ACTIONS: 'true' },
    place: 'docker',
  },
  { name: 'an unknown container', status: FILTERED, place: 'container', restrictions: ['filter'] },
]

function viewOf({ mounts = '', status = FREE, files = {}, env = {} }: Case): PlaceView {
  const root = mounts.includes(' / / ro - tmpfs') ? '' : ROOT
  const texts: Record<string, string> = {
    '/proc/self/mountinfo': root + mounts,
    '/proc/self/status': status,
    ...files,
  }
  return { read: path => texts[path] ?? '', exists: path => texts[path] !== undefined, env }
}

for (const known of CASES)
  test(`${known.name} is taken for ${known.place}`, () => {
    const { name, restrictions, signs } = placeOf(viewOf(known))
    assert.deepEqual([name, restrictions], [known.place, known.restrictions ?? []])
    assert.ok(signs.every(({ place }) => place === name))
  })

test('each place of the table of signs is known in a case', () => {
  const known = new Set(CASES.map(({ place }) => place))
  assert.deepEqual(
    [...new Set(SIGNS.map(({ place }) => place))].filter(name => !known.has(name)),
    [],
  )
})

const PLACES: readonly PlaceName[] = [...new Set(CASES.map(({ place }) => place))]
const LACKS: readonly Lack[] = ['namespaces', 'proc', 'network', 'cgroups']

test('every place has a remedy for everything that it may lack, and none sends to the doctor', () => {
  for (const name of PLACES)
    for (const lack of LACKS) {
      const remedy = remedyFor(lack, { name, title: name, signs: [], restrictions: [] })
      assert.ok(remedy.length > 20, `${name}, ${lack}`)
      assert.doesNotMatch(remedy, /doctor|undefined|\.$/, `${name}, ${lack}: ${remedy}`)
    }
})

const ALL: readonly Restriction[] = ['filter', 'apparmor', 'proc', 'cgroups']
const REMEDIES: readonly (readonly [PlaceName, Lack, readonly Restriction[], RegExp])[] = [
  ['docker', 'namespaces', ['filter'], /with --security-opt seccomp=unconfined, or with --privileged/],
  ['docker', 'namespaces', ['filter', 'proc'], /seccomp=unconfined --security-opt systempaths=unconfined,/],
  ['docker', 'namespaces', ALL, /seccomp=\S+ --security-opt apparmor=\S+ --security-opt systempaths=/],
  ['docker', 'proc', ['proc'], /with --security-opt systempaths=unconfined,/],
  ['podman', 'proc', ['proc'], /with --security-opt unmask=ALL,/],
  [
    'kubernetes',
    'namespaces',
    ['filter', 'proc'],
    /seccompProfile: \{ type: Unconfined \}, procMount: Unmasked/,
  ],
  ['kubernetes', 'cgroups', ALL, /privileged: true/],
  ['service', 'cgroups', [], /Delegate=yes/],
  ['service', 'namespaces', ['filter'], /RestrictNamespaces=no/],
  ['wsl1', 'namespaces', [], /wsl --set-version NAME 2/],
  ['gvisor', 'namespaces', [], /--runtime=runc/],
]
for (const [name, lack, restrictions, words] of REMEDIES)
  test(`${name} with ${restrictions.join(', ') || 'no restriction'}: the option for ${lack}`, () => {
    assert.match(remedyFor(lack, { name, title: name, signs: [], restrictions }), words)
  })

test('the ptrace runner is named wherever it runs, which a box of glassbox is not', () => {
  for (const name of PLACES) {
    const hint = hintFor('namespaces', { name, title: name, signs: [], restrictions: [] })
    assert.equal(hint.includes('--runner ptrace'), name !== 'glassbox', hint)
  }
})
