/** Control groups: memory and CPU time of all processes together, and nothing that lasts. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { detectCgroups } from '#glassbox/cgroup/hierarchy.js'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { IsolateHost } from '../../support/isolate.js'
import { program } from '../../support/programs.js'
import { privileged } from '../../support/privilege.js'
import { basename, dirname } from 'node:path'

const missing = Cgroup.plan({}, detectCgroups(), { counted: ['memory', 'cpuacct'] })
const options = { skip: privileged || ('missing' in missing ? missing.missing : false) }
const host = new IsolateHost()

const FILL = 'x=$(head -c 40000000 /dev/zero | tr "\\\\0" x)'
const inMemory = (kib: number): string[] => [`--cg-mem=${kib}`]

test('--cg makes a group, a run uses it, --cleanup removes it', options, async () => {
  const box = await host.box('--cg')
  assert.notEqual(host.groupsOf(box.id).length, 0)
  const { code, values } = await box.sh('exit 0')
  assert.equal(code, 0)
  assert.match(values['cg-mem'] ?? '', /^[1-9]\d*$/)
  assert.equal(values['cg-oom-killed'], undefined)
  assert.equal((await box.cleanup()).code, 0)
  assert.deepEqual(host.groupsOf(box.id), [])
})

test('a program that uses up the memory is killed: SG 9 and cg-oom-killed', options, async () => {
  const box = await host.box('--cg')
  const allocate = program('allocate')
  const words = [`--dir=/programs=${dirname(allocate)}`, ...inMemory(20_000)]
  const ended = await box.run(words, [`/programs/${basename(allocate)}`, 'malloc', '200'])
  assert.equal(ended.code, 1)
  assert.deepEqual(ended.verdict, [
    'cg-oom-killed:1',
    'exitsig:9',
    'status:SG',
    'message:Caught fatal signal 9',
  ])
  assert.ok(Number(ended.values['cg-mem']) <= 20_000)
  await box.cleanup()
})

test('a parent survives a child that is killed for memory', options, async () => {
  const box = await host.box('--cg')
  const ended = await box.sh(`(${FILL}) ; echo survived; exit 0`, inMemory(20_000))
  assert.deepEqual([ended.code, ended.out], [0, 'survived\n'])
  assert.deepEqual(ended.verdict, ['cg-oom-killed:1', 'exitcode:0'])
  await box.cleanup()
})

test('nothing of a run is left for the next one in the same box', options, async () => {
  const box = await host.box('--cg')
  const first = await box.sh(`(${FILL}); i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done`, inMemory(20_000))
  const next = await box.sh('exit 0')
  assert.deepEqual(next.verdict, ['exitcode:0'], 'no OOM kill')
  assert.ok(Number(next.values['cg-mem']) < 10_000, 'no peak')
  assert.ok(Number(next.values['time']) < Number(first.values['time']), 'no CPU time')
  assert.equal((await box.sh(`${FILL}; echo \${#x}`)).out, '40000000\n', 'no memory limit')
  await box.cleanup()
})

test('the CPU time of children counts, and of those that nobody waits for', options, async () => {
  const box = await host.box('--cg')
  const burn = '(while :; do :; done) & (while :; do :; done) & wait'
  const ended = await box.sh(burn, ['--time=0.2'])
  assert.deepEqual(ended.verdict, ['status:TO', 'message:Time limit exceeded', 'killed:1'])
  const time = Number(ended.values['time'])
  assert.ok(time >= 0.2 && time < 0.35, `${time}`)
  await box.cleanup()
})

test('--no-cg-timing takes the time of processes', options, async () => {
  const box = await host.box('--cg')
  const ended = await box.sh('while :; do :; done', ['--no-cg-timing', '--time=0.1'])
  assert.deepEqual(ended.verdict, ['status:TO', 'message:Time limit exceeded', 'killed:1'])
  assert.notEqual(ended.values['cg-mem'], undefined)
  await box.cleanup()
})

test('the modes of a box have to agree, but --cleanup works in either', options, async () => {
  const box = await host.box('--cg')
  const message = 'This box was initialized with an incompatible control group mode\n'
  for (const words of [['--run', '--', '/bin/true'], ['--init']]) {
    const { code, err } = await host.call([`-b${box.id}`, ...words])
    assert.deepEqual([code, err], [2, message])
  }
  assert.equal(
    (await host.call([`-b${box.id}`, '--run', '--', '/bin/true'], { programName: 'isolate1' })).code,
    0,
  )
  assert.equal((await host.call([`-b${box.id}`, '--cleanup'])).code, 0)
  assert.deepEqual(host.groupsOf(box.id), [], 'the group is gone too')
})

test('options of groups need --cg', options, async () => {
  const { code, err } = await host.call(['--cg-mem=1000', '--run', '--', '/bin/true'])
  assert.equal(code, 2)
  assert.match(err, /^Options related to control groups require --cg to be set\.\n/)
})

test('--print-cg-root says where the groups are', options, async () => {
  const { code, out } = await host.call(['--print-cg-root'])
  assert.equal(code, 0)
  assert.ok(existsSync(out.trim()))
})

test('a cg_root that does not exist, and a file that cannot be read, are faults', options, async () => {
  const wrong = new IsolateHost('cg_root = /nowhere/at/all\n')
  const made = await wrong.call(['--cg', '-b0', '--init'])
  assert.deepEqual([made.code, made.err], [2, 'Control group root /nowhere/at/all does not exist\n'])
  assert.equal(made.out, '')
  const directory = new IsolateHost(`cg_root = auto:${wrong.directory}\n`)
  const unread = await directory.call(['--cg', '-b0', '--init'])
  assert.deepEqual([unread.code, unread.err], [2, `Cannot open ${wrong.directory}: Is a directory\n`])
})

test('cg_root names the controllers of v1, and cg_parent a group below each', options, async t => {
  const { memory } = detectCgroups()
  if ('missing' in memory || memory.place.version === 2) return t.skip('needs cgroup v1')
  const root = '/sys/fs/cgroup'
  const parent = `glassbox-${process.pid}-test`
  const parents = ['memory', 'cpuacct'].map(name => join(root, name, parent))
  for (const path of parents) mkdirSync(path)
  const { rmdirSync } = await import('node:fs')
  try {
    const old = new IsolateHost(`cg_root = ${root}\ncg_parent = ${parent}\n`)
    const box = await old.box('--cg')
    assert.ok(existsSync(join(root, 'memory', parent, `box-${box.id}`)))
    const ended = await box.sh('cat /proc/self/cgroup; exit 0')
    assert.equal(ended.code, 0)
    await box.cleanup()
  } finally {
    for (const path of parents) rmdirSync(path)
  }
})

test('a v2 group without controllers is refused when the box is made', options, async t => {
  const unified = '/sys/fs/cgroup/unified'
  if (!existsSync(unified) || readFileSync(`${unified}/cgroup.controllers`, 'utf8').includes('memory'))
    return t.skip('needs a hybrid host')
  assert.notEqual(statfsSync(unified).type, 0)
  const hybrid = new IsolateHost(`cg_root = ${unified}\n`)
  const { code, err } = await hybrid.call(['--cg', '-b0', '--init'])
  assert.equal(code, 2)
  assert.match(
    err,
    /^Failed to create control group box-0: memory: \/sys\/fs\/cgroup\/unified does not offer it\n$/,
  )
})

test('the config gives a box CPUs and memory nodes of its own', options, async t => {
  const { cpuset } = detectCgroups()
  if ('missing' in cpuset) return t.skip(cpuset.missing)
  const id = process.pid * 64 + 63
  const pinned = new IsolateHost(`box${id}.cpus = 0\nbox${id}.mems = 0\n`)
  assert.equal((await pinned.call([`-b${id}`, '--cg', '--init'])).code, 0)
  const words = [`-b${id}`, '--cg', '-p', '--run', '--', '/bin/cat', '/proc/self/status']
  const { out } = await pinned.call(words)
  assert.match(out, /^Cpus_allowed_list:\t0$/m)
  assert.match(out, /^Mems_allowed_list:\t0$/m)
  writeFileSync(pinned.config, `${readFileSync(pinned.config, 'utf8')}box${id}.cpus = 4000\n`)
  const wrong = await pinned.call(words)
  assert.equal(wrong.code, 2)
  assert.match(wrong.err, /^Cannot write 4000 to .*cpuset\.cpus: /)
  await pinned.call([`-b${id}`, '--cleanup'])
})
