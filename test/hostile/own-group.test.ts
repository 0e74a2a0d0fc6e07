/**
 * What a program sees of its own control group, and attacks on it: it is read-only, shows nothing
 * of the host or of other programs, and no call makes it writable or takes it off.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { constants } from 'node:os'
import { test } from 'node:test'
import { createPool, run } from '#glassbox/index.js'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { detectCgroups } from '#glassbox/cgroup/hierarchy.js'
import { makeGroup, planGroup } from '../support/group.js'
import { guard, root } from '../support/hostile.js'
import { program } from '../support/programs.js'

const { EPERM } = constants.errno
const world = guard()
const MIB = 2 ** 20
const support = detectCgroups()
const possible = Cgroup.plan({}, support)
const noGroups = 'missing' in possible && `cgroups: ${possible.missing}`
const lines = (text: string | Uint8Array): string[] => String(text).split('\n').filter(Boolean)

test('a box shows its own cgroup, read-only, and no name of the host’s; mounting gives none [CG-01, CG-02, CG-03, CG-04]', async () => {
  const look = 'cat /proc/self/mountinfo; ls -A /sys /sys/fs/cgroup; cat /proc/self/cgroup'
  for (const policy of [{}, { policy: null }]) {
    const { stdout } = await run('sh', ['-c', look], policy)
    assert.doesNotMatch(stdout, /glassbox-|process_api/, 'no name')
    const mounts = lines(stdout).filter(line => / - cgroup2? /.test(line))
    assert.equal(mounts.length > 0, !noGroups)
    for (const mount of mounts)
      assert.match(mount, / \/(\.\.)? \/sys\/fs\/cgroup\S* ro,nosuid,nodev,noexec[, ]/)
    for (const line of lines(stdout).filter(each => /^\d+:/.test(each))) assert.match(line, /:\/(\.\.)*/)
  }
  assert.equal((await world.run('cgroups', ['mount'])).exitCode, EPERM)
})

test('a program sees its own limit, and the next one of a pool its own [CG-01, CG-09]', {
  skip: noGroups,
}, async () => {
  const limit = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; '
  const counted = 'cat /sys/fs/cgroup/memory/memory.failcnt /sys/fs/cgroup/memory.events 2>/dev/null'
  await using pool = await createPool({ size: 1, binds: [{ source: program('allocate') }] })
  for (const memory of [64, 128, 48]) {
    const options = { limits: { memoryBytes: memory * MIB } }
    for (const start of [run, pool.run.bind(pool)]) {
      const { stdout } = await start('sh', ['-c', limit + counted], options)
      const [seen, ...counters] = lines(stdout)
      assert.equal(seen, `${memory * MIB}`)
      for (const counter of counters) assert.match(counter, /^(\w+ )?0$/, 'a new group')
    }
    const full = await pool.run(program('allocate'), ['private', '200'], options)
    assert.equal(full.status, 'memory-limit')
  }
})

test('no file of its cgroup can be changed, nor its mount, by any call [CG-01, CG-02, CG-03]', {
  skip: noGroups,
}, async () => {
  if (root) {
    const group = makeGroup(planGroup({}, support))
    try {
      const [directory = ''] = group.directories
      const native = spawnSync(program('cgroups'), ['own', directory], { encoding: 'utf8' })
      for (const way of ['written', 'made', 'given a mode'])
        assert.match(native.stdout, new RegExp(`can be ${way}`))
    } finally {
      await group.remove()
    }
    // Mounts as a box has them, in a mount namespace of the guest's own.
    const native = spawnSync(program('cgroups'), ['peel', 'made'], { encoding: 'utf8' })
    assert.match(native.stdout, /memory can be remounted$/m)
    assert.match(native.stdout, /the groups of the host can be seen below the cover$|^tried$/m)
  }
  for (const options of [{}, { policy: null }]) {
    const own = await world.run('cgroups', ['own'], options)
    assert.equal(own.stdout, 'tried\n')
  }
  const { stdout, exitCode } = await world.run('cgroups', ['peel'], { policy: null })
  assert.ok(stdout === 'tried\n' || exitCode !== 0, stdout)
})
