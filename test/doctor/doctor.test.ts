/** The doctor's rows from made-up hosts, and its word on this one. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { detectCgroups } from '#glassbox/cgroup/hierarchy.js'
import { cgroupModeRow, cgroupRows } from '#glassbox/doctor/cgroups.js'
import { diagnose } from '#glassbox/doctor/doctor.js'
import { coreRow, isAtLeast, kernelRow, ptraceRow, seccompRow } from '#glassbox/doctor/kernel.js'
import { landlockRow } from '#glassbox/doctor/landlock.js'
import { appArmorRow, namespacesRow, userNamespaceRow } from '#glassbox/doctor/namespaces.js'
import type { Row } from '#glassbox/doctor/row.js'
import { landlock } from '#glassbox/landlock/abi.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { placeRow } from '#glassbox/doctor/surroundings.js'
import type { Place } from '#glassbox/place/place.js'
import type { PlaceName } from '#glassbox/place/signs.js'

const place = (name: PlaceName): Place => ({
  name,
  title: name,
  signs: [{ place: name, what: 'a sign', reliability: 'proof', isSeen: () => true }],
  restrictions: [],
})

test('versions are compared by number, not by letter', () => {
  assert.ok(isAtLeast('5.12.0-generic', '5.12'))
  assert.ok(isAtLeast('6.1', '5.12'))
  assert.ok(!isAtLeast('5.9', '5.12'))
  assert.ok(!isAtLeast('4.19.0', '5.4'))
})

test('an old kernel: what it lacks, and which would do', () => {
  const row = kernelRow('5.10.0-8-amd64')
  assert.deepEqual([row.state, row.fix], ['no', 'use Linux 6.1 or later'])
  assert.match(row.meaning, /mount_setattr\): Linux 5\.12/)
  assert.equal(kernelRow('5.15.0').state, 'partly')
  assert.equal(kernelRow('6.12.1').state, 'yes')
})

test('seccomp without reports, ptrace that is closed, cores that are piped', () => {
  assert.equal(seccompRow('kill_process errno allow').state, 'no')
  assert.match(seccompRow('kill_process errno allow').meaning, /user_notif/)
  assert.deepEqual(
    ['', '0\n', '1\n', '2\n', '3\n'].map(scope => ptraceRow(scope).state),
    ['yes', 'yes', 'yes', 'partly', 'no'],
  )
  assert.match(coreRow('|/usr/lib/systemd/systemd-coredump %P').meaning, /1 byte/)
})

test('Landlock: the version, what it lacks, and what would provide it', () => {
  const row = (abi: number, errno: number = ERRNO.EACCES): Row => landlockRow({ abi }, () => errno)
  assert.deepEqual(
    [1, 3, 5, 6, 7].map(abi => row(abi).state),
    ['partly', 'partly', 'partly', 'yes', 'yes'],
  )
  assert.match(row(2).meaning, /truncate\(2\) is refused for every file/)
  assert.equal(row(4).fix, 'use Linux 6.10 or later')
  assert.deepEqual([row(7, 0).state, row(7, ERRNO.E2BIG).found], ['no', 'ABI 7, but E2BIG'])
  const off = landlockRow({ errno: ERRNO.EOPNOTSUPP })
  assert.deepEqual([off.state, off.found], ['no', 'EOPNOTSUPP'])
  assert.match(off.fix ?? '', /lsm=/)
  assert.match(landlockRow({ errno: ERRNO.ENOSYS }).fix ?? '', /CONFIG_SECURITY_LANDLOCK/)
})

test('Landlock is tried for real', { skip: 'abi' in landlock() ? false : 'needs Landlock' }, () => {
  assert.notEqual(landlockRow().state, 'no')
})

test('user namespaces: each setting that forbids them has its fix', () => {
  const host = (values: Record<string, string>) => (path: string) =>
    values[path.split('/').at(-1) ?? ''] ?? ''
  assert.equal(userNamespaceRow(host({ max_user_namespaces: '100\n' })).state, 'yes')
  for (const [setting, value] of [
    ['max_user_namespaces', '0'],
    ['unprivileged_userns_clone', '0'],
    ['apparmor_restrict_unprivileged_userns', '1'],
  ] as const) {
    const row = userNamespaceRow(host({ [setting]: `${value}\n` }))
    assert.equal(row.state, 'no')
    assert.match(row.fix ?? '', new RegExp(`sysctl \\S*${setting}=`))
  }
  assert.deepEqual(
    ['', '0\n', '1\n'].map(text => appArmorRow(text).state),
    ['yes', 'yes', 'partly'],
  )
  assert.deepEqual([namespacesRow(['mnt', 'pid']).state, namespacesRow().state], ['no', 'yes'])
})

test('cgroups: where groups are made, or why not and what happens instead', () => {
  const none = detectCgroups({
    mountinfo: '',
    cgroup: '',
    controllersOf: () => [],
    writable: () => false,
    marked: () => false,
  })
  assert.deepEqual(
    cgroupRows(none).map(row => row.state),
    ['partly', 'partly', 'partly', 'partly', 'partly'],
  )
  const fix = (name: PlaceName): string => cgroupRows(none, place(name))[0]?.fix ?? ''
  assert.match(fix('host'), /^run as root, or as a systemd service with Delegate=yes/)
  assert.match(fix('service'), /^add Delegate=yes to the section \[Service\]/)
  assert.match(fix('docker'), /^start the container with --privileged --cgroupns=private$/)
  assert.equal(cgroupModeRow(none).state, 'partly')
})

test('the place: its name, the signs of it, and what stands around this process', () => {
  const row = placeRow({ ...place('docker'), restrictions: ['filter', 'proc', 'cgroups'] })
  assert.deepEqual([row.state, row.found], ['partly', 'this looks like docker; a sign'])
  assert.match(row.meaning, /: a seccomp filter, a \/proc with hidden parts, read-only cgroups;/)
  const host = placeRow({ ...place('host'), signs: [] })
  assert.deepEqual([host.state, host.found], ['yes', 'no sign of a container'])
})

test('only runners that exist are named, and no fix of the doctor sends to the doctor', async () => {
  const { rows, runners } = await diagnose()
  assert.deepEqual(
    runners.map(({ subject }) => subject),
    ['namespace', 'ptrace', 'kernel'],
  )
  for (const { fix = '' } of [...rows, ...runners]) assert.doesNotMatch(fix, /doctor/)
})

test('the command says the same in words and as JSON, and its exit code is whether boxes work', () => {
  const command = fileURLToPath(new URL('../../../packages/glassbox/bin/glassbox.js', import.meta.url))
  const json = spawnSync(process.execPath, [command, 'doctor', '--json'], { encoding: 'utf8' })
  const diagnosis = JSON.parse(json.stdout) as {
    ok: boolean
    rows: { subject: string }[]
    runners: { subject: string }[]
  }
  assert.equal(json.status, diagnosis.ok ? 0 : 1)
  const text = spawnSync(process.execPath, [command, 'doctor'], { encoding: 'utf8' }).stdout
  for (const { subject } of [...diagnosis.rows, ...diagnosis.runners])
    assert.ok(text.includes(`${subject}: `), subject)
  assert.equal(spawnSync(process.execPath, [command, 'doctor', 'extra']).status, 125)
})
