/**
 * Why namespaces cannot be had, in words that help whoever asks: root in a container, a user of a
 * strict host.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namespaceError } from '#glassbox/container/namespace-error.js'
import { spawnPlan, type SpawnSpec } from '#glassbox/container/spawn-plan.js'
import { MissingFeatureError } from '#glassbox/errors.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import type { Place } from '#glassbox/place/place.js'

const PRIVILEGED: SpawnSpec = { network: true }
const HOST: Place = { name: 'host', title: 'a host', signs: [], restrictions: [] }
const UNPRIVILEGED: SpawnSpec = {
  network: true,
  userNamespace: { uid: 1000, gid: 1000, outerUid: 1000, outerGid: 1000 },
}

interface Case {
  readonly name: string
  readonly spec: SpawnSpec
  readonly errno: number
  readonly uid: number
  readonly isAdmin?: boolean
  readonly settings?: Readonly<Record<string, string>>
  readonly place?: Place
  readonly message: RegExp
  readonly hint: RegExp
  readonly not?: RegExp
}

const CASES: readonly Case[] = [
  {
    name: 'root in a container as Docker makes it, whose filter knows no clone3',
    ...{ spec: UNPRIVILEGED, errno: ERRNO.ENOSYS, uid: 0 },
    place: { ...HOST, name: 'docker', title: 'Docker', restrictions: ['filter'] },
    message: /for a box, as root without CAP_SYS_ADMIN in Docker: ENOSYS/,
    hint: /^Start the container with --security-opt seccomp=unconfined, or .*--runner ptrace/,
    not: /sysctl|run as root/,
  },
  {
    name: 'root with CAP_SYS_ADMIN under a filter',
    ...{ spec: PRIVILEGED, errno: ERRNO.EPERM, uid: 0, isAdmin: true },
    place: { ...HOST, name: 'container', title: 'a container', restrictions: ['filter'] },
    message: /Could not make namespaces for a box, as root in a container: EPERM/,
    hint: /seccomp=unconfined.*or the option runner: 'ptrace'/,
    not: /sysctl|run as root/,
  },
  {
    name: 'a user of a host with AppArmor’s restriction',
    ...{ spec: UNPRIVILEGED, errno: ERRNO.EPERM, uid: 1000 },
    settings: { '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1' },
    message: /a user namespace for a box, as user 1000/,
    hint: /^Allow them: sysctl kernel\.apparmor_restrict_unprivileged_userns=0/,
    not: /docker|unprivileged_userns_clone/i,
  },
  {
    name: 'a user of a host without user namespaces',
    ...{ spec: UNPRIVILEGED, errno: ERRNO.ENOSPC, uid: 1000 },
    settings: { '/proc/sys/user/max_user_namespaces': '0' },
    message: /ENOSPC/,
    hint: /sysctl user\.max_user_namespaces=15000/,
  },
  {
    name: 'a user whom no setting forbids it',
    ...{ spec: UNPRIVILEGED, errno: ERRNO.EPERM, uid: 1000 },
    message: /user 1000/,
    hint: /run as root, or lift its rule\. Or use the ptrace runner/,
    not: /sysctl|docker/i,
  },
  {
    name: 'root that may not set up a network, and has no user namespaces to do it',
    ...{ spec: { network: true, borrowed: true }, errno: ERRNO.EPERM, uid: 0, isAdmin: true },
    place: { ...HOST, name: 'docker', title: 'Docker' },
    message: /a user namespace, to set up the network of a box, as root in Docker: EPERM/,
    hint: /^Start the container with --cap-add NET_ADMIN, or/,
  },
  {
    name: 'too many boxes',
    ...{ spec: PRIVILEGED, errno: ERRNO.ENOSPC, uid: 0, isAdmin: true },
    message: /ENOSPC/,
    hint: /user\.max_mnt_namespaces=\d+/,
  },
]

const failed = (spec: SpawnSpec, errno: number): Parameters<typeof namespaceError>[1] => {
  const { plan } = spawnPlan(spec)
  const [step] = plan.steps
  assert.ok(step)
  return { plan, step, errno }
}

for (const {
  name,
  spec,
  errno,
  uid,
  isAdmin = false,
  settings = {},
  place = HOST,
  message,
  hint,
  not,
} of CASES) {
  test(`${name}: what failed, as whom, and a remedy`, () => {
    const asker = { uid, isAdmin, setting: (path: string) => settings[path] ?? '', place: () => place }
    const error = namespaceError(spec, failed(spec, errno), asker)
    assert.ok(error instanceof MissingFeatureError)
    assert.deepEqual([error.errno, error.syscall], [errno, 'clone3'])
    assert.match(error.message, message)
    assert.match(error.hint ?? '', hint)
    assert.doesNotMatch(error.hint ?? '', /doctor/)
    if (not) assert.doesNotMatch(error.hint ?? '', not)
  })
}

test('a host that has no process left is not said to lack a feature', () => {
  const error = namespaceError(PRIVILEGED, failed(PRIVILEGED, ERRNO.EAGAIN))
  assert.equal(error.code, 'ERR_GLASSBOX_STEP_FAILED')
  assert.deepEqual([error.errno, error.syscall], [ERRNO.EAGAIN, 'clone3'])
  assert.match(error.hint ?? '', /limit of processes/)
})
