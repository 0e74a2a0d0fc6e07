/**
 * A program has no capabilities, even if it keeps a user or a set that has some: the only id of a
 * user namespace is root, and ambient capabilities outlive execve (capabilities(7)).
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { supervise } from '../../supervisor/support/supervise.js'

const SHOW = ['/usr/bin/grep', '-E', '^Cap(Inh|Prm|Eff|Amb)', '/proc/self/status'] as const
const NONE = ['Inh', 'Prm', 'Eff', 'Amb'].map(set => `Cap${set}:\t0000000000000000\n`).join('')
const isRoot = process.getuid?.() === 0

test('a program that stays root has no capabilities', { skip: !isRoot && 'needs root' }, async () => {
  const [path, ...args] = SHOW
  assert.notEqual(spawnSync(path, args, { encoding: 'utf8' }).stdout, NONE, 'natively it has some')
  const { stdout } = await supervise(path, args, { spec: () => ({ user: { uid: 0, gid: 0 } }) })
  assert.equal(stdout, NONE)
})

test('a program of an ordinary user gets no ambient capabilities', { skip: !isRoot && 'needs root' }, () => {
  const set = '-all,+net_admin,+sys_ptrace,+dac_override'
  const user = [
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    `--inh-caps=${set}`,
    `--ambient-caps=${set}`,
  ]
  const native = spawnSync('setpriv', [...user, ...SHOW], { encoding: 'utf8' })
  assert.match(native.stdout, /^CapEff:\t0000000000081002$/m, `natively it has them: ${native.stderr}`)
  const command = new URL('../../../../packages/glassbox/bin/glassbox.js', import.meta.url).pathname
  const boxed = spawnSync(
    'setpriv',
    [...user, process.execPath, command, 'run', '--runner', 'ptrace', '--', ...SHOW],
    { encoding: 'utf8', cwd: '/' },
  )
  assert.equal(boxed.stdout, NONE, boxed.stderr)
})
