/** Whether there is Landlock, and what is said if there is none. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MissingFeatureError } from '#glassbox/index.js'
import { landlock, requireLandlock } from '#glassbox/landlock/abi.js'
import { refusalsFor, rightsFor, rightsOfAbi, scopesOfAbi } from '#glassbox/landlock/rights.js'
import { landlockSpec } from '#glassbox/landlock/spec.js'
import { printSpec } from '#glassbox/landlock/print.js'
import * as linux from '#glassbox/linux/constants.js'
import { ERRNO } from '#glassbox/linux/errno.js'
import { ACCESS } from '#glassbox/policy/resolved.js'
import { rule } from './support/walled.js'

test('a kernel without Landlock is told from one in which it is off', () => {
  const failure = (errno: number): MissingFeatureError => {
    try {
      requireLandlock({ errno })
    } catch (error) {
      assert.ok(error instanceof MissingFeatureError)
      return error
    }
    throw new Error('no error')
  }
  const [missing, off, refused] = [failure(ERRNO.ENOSYS), failure(ERRNO.EOPNOTSUPP), failure(ERRNO.EPERM)]
  assert.deepEqual(
    [missing.feature, missing.errno, missing.syscall],
    ['landlock', 38, 'landlock_create_ruleset'],
  )
  assert.match(missing.hint ?? '', /Linux 5\.13 .*CONFIG_SECURITY_LANDLOCK/)
  assert.match(off.hint ?? '', /boot parameter lsm=/)
  assert.match(refused.hint ?? '', /seccomp profile/)
  assert.equal(requireLandlock({ abi: 3 }), 3)
  assert.equal(landlock(), landlock(), 'the kernel is asked once')
})

test('each ABI handles its rights, and no rule grants more than them', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6, 9].map(rightsOfAbi),
    [0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff, 0xffff, 0xffff],
  )
  assert.deepEqual([5, 6, 7].map(scopesOfAbi), [0, 3, 3])
  for (const abi of [1, 2, 3, 5, 7]) {
    for (const access of Object.values(ACCESS)) {
      for (const tree of [true, false]) {
        const { file, directory } = rightsFor(access, { tree, abi })
        assert.equal((file | directory) & ~rightsOfAbi(abi), 0)
        assert.equal(tree ? file : directory, 0)
      }
    }
  }
  assert.ok(refusalsFor(2).length > 0)
})

test('only a way to write grants truncation, and none grants device nodes', () => {
  const all = (access: number): number => {
    const [below, exact] = [true, false].map(tree => rightsFor(access, { tree, abi: 7 }))
    return (below?.directory ?? 0) | (exact?.file ?? 0)
  }
  for (const [way, access] of Object.entries(ACCESS)) {
    const changes = linux.LANDLOCK_ACCESS_FS_TRUNCATE | linux.LANDLOCK_ACCESS_FS_WRITE_FILE
    assert.equal((all(access) & changes) !== 0, way === 'write', way)
    assert.equal(all(access) & (linux.LANDLOCK_ACCESS_FS_MAKE_CHAR | linux.LANDLOCK_ACCESS_FS_MAKE_BLOCK), 0)
  }
  assert.equal(all(ACCESS.stat), 0)
})

test('patterns get their bases, and what programs may write holds their links inside', () => {
  const rules = [
    rule('r', 'tree', '{work}'),
    rule('r', 'exact', '{work}/in'),
    rule('x', 'exact', '{program}'),
    rule('w', 'tree', '/srv'),
    rule('r', 'tree', '/srv/data/deep'),
    rule('r', 'glob', '/tmp/*.txt'),
    rule('r', 'tree', '/usr'),
  ]
  const context = { work: '/box', program: '/box/prog', writable: ['/tmp'], abi: 7 }
  const { grants, handled, scoped } = landlockSpec({ rules }, context)
  assert.deepEqual(
    grants.map(({ path, within }) => [path, within]),
    [
      ['/box', undefined],
      ['/box/in', '/box'],
      ['/box/prog', '/box'],
      ['/srv', undefined],
      ['/srv/data/deep', '/srv'],
      ['/tmp/*.txt', '/tmp'],
      ['/usr', undefined],
    ],
  )
  assert.deepEqual([handled, scoped], [0xffff, 0])
  assert.equal(landlockSpec({ rules }, { ...context, scopes: true }).scoped, 3)
  assert.match(printSpec(landlockSpec({ rules }, context)), /read: \/usr\s+.*everything below \/usr/)
})

test('a rule about attributes alone is no grant', () => {
  const stat = { text: 'stat: /usr/', kind: 'tree', path: '/usr', access: ACCESS.stat } as const
  assert.deepEqual(landlockSpec({ rules: [stat] }, { work: '/box', program: '/p', abi: 7 }).grants, [])
})
