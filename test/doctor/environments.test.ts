/**
 * What glassbox does in each simulated container and service: it runs, with these walls weaker, or
 * it names the option or line that is missing. These are the lines of docs/deploy.md.
 */
import assert from 'node:assert/strict'
import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Diagnosis } from '#glassbox/doctor/doctor.js'
import type { WeakerWall } from '#glassbox/index.js'
import { readablePackage } from '../support/command.js'
import { enter, type EnterOptions } from '../support/environments/enter.js'
import { type EnvironmentName, ENVIRONMENTS } from '../support/environments/environments.js'
import { temporaryDirectory } from '../support/temporary.js'

const isRoot = process.getuid?.() === 0

interface Answer {
  readonly status?: string
  readonly stdout?: string
  readonly weaker?: readonly WeakerWall[]
  readonly measuredBy?: { readonly memory: string }
  readonly error?: { readonly code: string; readonly message: string; readonly hint: string }
}

function answer(
  context: TestContext,
  name: EnvironmentName,
  words: readonly string[],
  options: EnterOptions = {},
): Answer {
  const command = join(readablePackage(), 'bin/glassbox.js')
  const line = [process.execPath, command, 'run', '--json', ...words]
  const { out, err } = enter(context, ENVIRONMENTS[name], line, options)
  assert.ok(out, err)
  return JSON.parse(out) as Answer
}

type Walls = readonly WeakerWall['wall'][]
/** The user that a program sees: of its own as root, the one of a user namespace otherwise. */
const OWN = /^18790\d+\n/
const MAPPED = /^1000\n/

interface Runs {
  readonly weaker: Walls
  readonly user: RegExp
  readonly options?: EnterOptions
}

const RUNS: readonly (readonly [EnvironmentName, Runs, string?])[] = [
  ['host', { weaker: [], user: OWN }],
  ['dockerUnconfined', { weaker: ['proc'], user: MAPPED }],
  ['dockerUserUnconfined', { weaker: ['proc'], user: MAPPED }],
  ['dockerUnmasked', { weaker: [], user: MAPPED }],
  ['dockerSysAdmin', { weaker: ['root'], user: OWN }],
  ['dockerSysAdminUnconfined', { weaker: [], user: OWN }],
  ['dockerPrivileged', { weaker: [], user: OWN }],
  ['dockerPrivilegedCgroups', { weaker: [], user: OWN }],
  ['kubernetesUnconfined', { weaker: ['proc'], user: MAPPED }],
  ['host', { weaker: [], user: OWN, options: { refused: { clone3: 38 } } }, 'clone3 answered ENOSYS'],
  [
    'dockerUnconfined',
    { weaker: ['root', 'proc'], user: MAPPED, options: { refused: { pivot_root: 1, clone3: 38 } } },
    'pivot_root and clone3 refused',
  ],
]

for (const [name, { weaker, user, options }, more] of RUNS)
  test(`${ENVIRONMENTS[name].name}${more ? `, ${more}` : ''}: boxes run, weaker is ${weaker.join(', ') || 'nothing'}`, {
    skip: isRoot ? false : 'needs root',
  }, context => {
    const script = 'id -u; cat in; echo x > out'
    const words = ['--copy-in', '/etc/hostname:in', '--copy-out', 'out', '--', 'sh', '-c', script]
    const cwd = temporaryDirectory(context, '/tmp') // which every user may enter
    chmodSync(cwd, 0o777)
    const at = { ...options, cwd }
    const { status, stdout = '', weaker: walls = [], error } = answer(context, name, words, at)
    assert.deepEqual([status, error], ['exited', undefined])
    assert.deepEqual(
      walls.map(({ wall }) => wall),
      weaker,
    )
    assert.match(stdout, user)
    assert.equal(readFileSync(join(cwd, 'out'), 'utf8'), 'x\n')
  })

/** What the message and the hint say if boxes cannot be had. */
const FAILS: readonly (readonly [EnvironmentName, RegExp, RegExp])[] = [
  ['docker', /as root without CAP_SYS_ADMIN in Docker/, /--security-opt seccomp=unconfined/],
  ['dockerUser', /as user 1000 in Docker/, /--security-opt seccomp=unconfined/],
  ['podman', /in Podman/, /--security-opt seccomp=unconfined --security-opt unmask=ALL/],
  ['kubernetesRestricted', /as user 1000 in Kubernetes/, /seccompProfile: \{ type: Unconfined \}/],
]
for (const [name, message, hint] of FAILS)
  test(`${ENVIRONMENTS[name].name}: no box, the option that is missing, and the ptrace runner runs`, {
    skip: isRoot || ENVIRONMENTS[name].uid === 0 ? false : 'needs root',
  }, context => {
    const { error } = answer(context, name, ['true'])
    assert.equal(error?.code, 'ERR_GLASSBOX_MISSING_FEATURE')
    assert.match(error.message, message)
    assert.match(error.hint, hint)
    assert.match(error.hint, /--runner ptrace/)
    assert.doesNotMatch(error.hint, /doctor|sysctl/)
    const traced = answer(context, name, ['--runner', 'ptrace', '--', 'true'])
    assert.deepEqual([traced.status, traced.error], ['exited', undefined])
  })

const DOCTOR: readonly (readonly [EnvironmentName, ok: boolean, place: RegExp, box: RegExp])[] = [
  ['docker', false, /this looks like Docker; files of Docker/, /seccomp=unconfined/],
  ['dockerSysAdmin', true, /this looks like Docker/, /weaker: the root of the host is covered/],
]
for (const [name, ok, place, box] of DOCTOR)
  test(`the doctor in ${ENVIRONMENTS[name].name}`, {
    skip: isRoot || name === 'docker' ? false : 'needs root',
  }, context => {
    const words = [process.execPath, join(readablePackage(), 'bin/glassbox.js'), 'doctor', '--json']
    const { code, out, err } = enter(context, ENVIRONMENTS[name], words)
    assert.equal(code, ok ? 0 : 1, err)
    const { rows } = JSON.parse(out) as Diagnosis
    const row = (subject: string): string => JSON.stringify(rows.find(each => each.subject === subject))
    assert.match(row('place'), place)
    assert.match(row('a box, tried now'), box)
    assert.match(row('cgroup memory'), /--privileged --cgroupns=private/)
    for (const { fix = '' } of rows) assert.doesNotMatch(fix, /glassbox doctor|sysctl|run as root/)
  })
