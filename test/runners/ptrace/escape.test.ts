/**
 * Ways out of a program's confinement, and privileges that it might have or use against others:
 * what applies of test/hostile/escape.test.ts and privileges.test.ts to programs on the host
 * itself. A program has no mounts and namespaces of its own here, so the attacks on those fail
 * with the errors of the guard. They are made without a policy of files too.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, chmodSync, closeSync, openSync, readFileSync } from 'node:fs'
import { constants, getPriority } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { DEFAULT_POLICY } from '#glassbox/seccomp/defaults.js'
import { run, type RunOptions } from '#glassbox/index.js'
import { call } from '#glassbox/gate/gate.js'
import { ORDINARY } from '../../support/command.js'
import { guard, needsRoot, root, unboxed } from '../../support/hostile.js'
import { program, program32 } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

const { EACCES, EPERM, ESRCH } = constants.errno
const runner = 'ptrace'
const world = guard({ runners: ['namespace', 'ptrace'] })
/** The calls of the namespace runner's policy, and those of the guard alone. */
const POLICIES: readonly RunOptions<'utf8'>[] = [
  { runner, policy: DEFAULT_POLICY },
  { runner, policy: null },
]

const lines = (text: string): string[] => text.trim().split('\n')
/** The answers of a guest: the set of all second words. */
const answers = (text: string): Set<string> => new Set(lines(text).map(line => line.split(' ')[1] ?? ''))

/** A process of the test itself, which ends with the block. */
function bystander(): AsyncDisposable & { readonly pid: number; readonly isAlive: () => boolean } {
  const child = spawn('sleep', ['100'], { stdio: 'ignore' })
  const gone = once(child, 'exit')
  return {
    pid: child.pid ?? 0,
    isAlive: () => child.exitCode === null && child.signalCode === null,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** Kinds of test/programs/escape.c. Root succeeds with them, in mounts of its own. */
const ATTACKS = [
  { id: 'RT-09', name: 'a second root', words: ['chroot'] },
  { id: 'RT-12', name: 'a remount', words: ['remount', '/usr'] },
  { id: 'RT-12', name: 'an unmount', words: ['unmount', '/proc'] },
  { id: 'RT-12', name: 'a mount', words: ['mount', '/tmp'] },
  { id: 'RT-14', name: 'a nested user namespace', words: ['nested', '/usr'] },
  { id: 'RT-17', name: 'a character device of its own', words: ['char'] },
  { id: 'RT-17', name: 'a block device of its own', words: ['block'] },
  { id: 'RT-18', name: 'a file handle', words: ['handle', '/usr/bin/env'] },
] as const
for (const { id, name, words } of ATTACKS) {
  test(`${name} is refused [${id}]`, { skip: needsRoot }, async context => {
    const directory = temporaryDirectory(context)
    const script = `mount --bind /usr /usr; exec '${program('escape')}' ${words.join(' ')}`
    const native = spawnSync('unshare', ['-m', 'sh', '-c', script], { cwd: directory })
    assert.equal(native.status, 0, 'natively root succeeds')
    for (const options of POLICIES)
      assert.equal((await world.run('escape', [...words], options)).exitCode, EPERM)
    // The preset ends it, or refuses too.
    const { status, exitCode } = await world.run('escape', [...words], { runner })
    assert.ok(status === 'syscall-denied' || exitCode === EPERM, status)
  })
}

test('no other namespace can be entered [RT-19]', { skip: needsRoot }, async context => {
  const pid = `${process.pid}`
  assert.equal(unboxed(context, 'escape', ['setns', pid]).code, 0)
  for (const options of POLICIES) {
    const { exitCode = 0 } = await world.run('escape', ['setns', pid], options)
    assert.ok([EPERM, EACCES].includes(exitCode), `${exitCode}`)
  }
})

test('descriptors are exactly 0, 1 and 2, whatever the caller has open without close-on-exec [RT-03, VF-01]', async () => {
  const open = [openSync(world.file, 'r+'), openSync('/', 'r')]
  const inheritable = open.map(fd => call('dup', [fd], 'a canary'))
  try {
    const native = spawnSync(program('escape'), ['descriptors'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore', ...inheritable],
    })
    assert.match(native.stdout, /^0 1 2 3 4 /, 'a program that inherits them sees them')
    const runs = Array.from({ length: 20 }, () => world.run('escape', ['descriptors'], { runner }))
    for (const { stdout } of await Promise.all(runs)) assert.equal(stdout, '0 1 2 ')
  } finally {
    for (const fd of [...open, ...inheritable]) closeSync(fd)
  }
})

test('a file that every user may read is denied by each of its names [RT-10, PT-07]', async context => {
  const prefixes = ['', '/proc/self/root', '/proc/self/cwd/../../../..', '/proc/thread-self/root', '/usr/..']
  const paths = prefixes.map(prefix => `${prefix}${world.file}`)
  assert.equal(unboxed(context, 'escape', ['open', world.file]).code, 0)
  const { stdout, exitCode } = await world.run('escape', ['open', ...paths], { runner })
  assert.ok(exitCode !== 0, stdout)
  assert.equal((await world.run('escape', ['write', world.file], { runner })).exitCode, EACCES)
})

test('the memory, environment and descriptors of the service are not readable [RT-28, VF-15]', async context => {
  const names = ['environ', 'mem', 'maps', 'fd/0', 'root/etc/passwd', 'cwd/package.json']
  const paths = names.map(name => `/proc/${process.pid}/${name}`)
  const native = unboxed(context, 'escape', ['open', ...paths]).stdout
  assert.match(native, /environ 0/, 'natively its user reads them')
  for (const policy of [undefined, DEFAULT_POLICY, null]) {
    const { stdout } = await world.run('escape', ['open', ...paths], {
      runner,
      ...(policy === undefined ? {} : { policy }),
    })
    for (const line of lines(stdout)) assert.match(line, / (13|1|2)$/)
  }
})

test('an i386 program does not run, under no policy [SC-04, SC-33, PT-28]', async context => {
  const file = program32(context)
  if (file === undefined) return
  assert.equal(spawnSync(file).status, 42, 'natively it runs')
  for (const options of [{ runner } as const, ...POLICIES]) {
    const { status, signal, exitCode } = await run(file, [], options).catch(
      () => ({ status: 'refused' }) as never,
    )
    assert.notEqual(exitCode, 42)
    assert.ok(['syscall-denied', 'refused'].includes(status) || signal === 'SIGSYS', status)
  }
})

test('a program has no capability in any of its five sets, and only its own group [PR-03, PR-05]', async context => {
  if (root) assert.doesNotMatch(unboxed(context, 'privilege', ['ids']).stdout, /^CapBnd:\s+0+$/m)
  for (const options of [{ runner } as const, ...POLICIES]) {
    const { stdout } = await world.run('privilege', ['ids'], options)
    assert.match(stdout, /^NoNewPrivs:\s+1$/m)
    const sets = root ? ['Inh', 'Prm', 'Eff', 'Bnd', 'Amb'] : ['Inh', 'Prm', 'Eff', 'Amb']
    for (const set of sets) assert.match(stdout, new RegExp(`^Cap${set}:\\s+0+$`, 'm'))
    if (root) assert.match(stdout, /^groups$/m)
  }
})

test('a set-user-ID program gives nothing [PR-01, PT-33]', { skip: needsRoot }, async context => {
  const directory = temporaryDirectory(context, '/tmp')
  chmodSync(directory, 0o755)
  const file = join(directory, 'program')
  copyFileSync(program('privilege'), file)
  chmodSync(file, 0o4755)
  const [setpriv, ...words] = ORDINARY
  const native = spawnSync(setpriv, [...words, file, 'ids'], { encoding: 'utf8' })
  assert.match(native.stdout, /^uids 65534 0 0$/m, 'natively it gives root')
  for (const options of [{ runner } as const, ...POLICIES]) {
    const { stdout } = await run(file, ['ids'], options)
    const [, uids = ''] = /^uids (.*)$/m.exec(stdout) ?? []
    assert.equal(new Set(uids.split(' ')).size, 1, stdout)
    assert.notEqual(uids.split(' ')[0], '0')
  }
})

test('no thread regains an id or a capability [PR-04]', { skip: needsRoot }, async context => {
  assert.match(unboxed(context, 'privilege', ['regain']).stdout, /^setresuid 0$/m)
  for (const options of POLICIES) {
    const { stdout, exitCode } = await world.run('privilege', ['regain'], options)
    assert.equal(exitCode, 0)
    assert.equal(lines(stdout).length, 5 * 11, 'five threads tried')
    for (const answer of answers(stdout))
      assert.ok([`${EPERM}`, `${constants.errno.EINVAL}`].includes(answer))
  }
})

test('kill(-1) is refused, and signals to processes of the host have no effect [PR-07, PR-08]', async () => {
  await using child = bystander()
  for (const options of POLICIES) {
    const { stdout, status } = await world.run('privilege', ['killall'], {
      ...options,
      limits: { wallTimeMs: 300 },
    })
    // Its own child stays too, so the program waits for it.
    assert.deepEqual([stdout, status], [`kill ${EPERM}\n`, 'wall-time-limit'])
    for (const pid of [child.pid, process.pid]) {
      const others = await world.run('privilege', ['signal', `${pid}`], options)
      for (const answer of answers(others.stdout))
        assert.ok([`${EPERM}`, `${ESRCH}`].includes(answer), answer)
    }
    const group = await world.run('privilege', ['group', '9'], options)
    assert.deepEqual([group.status, group.signal], ['signaled', 'SIGKILL'])
  }
  assert.ok(child.isAlive())
})

test('priorities, CPUs and limits of processes of the host stay as they are [PR-09]', async context => {
  await using natively = bystander()
  const native = unboxed(context, 'privilege', ['priority', `${natively.pid}`]).stdout
  assert.deepEqual([...answers(native)], ['0'], 'natively they change')
  await using child = bystander()
  const before = getPriority(child.pid)
  for (const options of POLICIES) {
    const { stdout } = await world.run('privilege', ['priority', `${child.pid}`], options)
    for (const answer of answers(stdout)) assert.ok([`${EPERM}`, `${ESRCH}`].includes(answer), answer)
    await world.run('privilege', ['user', `${process.getuid?.()}`], options)
  }
  assert.equal(getPriority(child.pid), before)
  assert.equal(getPriority(process.pid), getPriority(process.ppid))
})

test('neither real-time scheduling nor a higher priority is given, and no hard limit rises [PR-10, PR-11]', async context => {
  if (root) assert.match(unboxed(context, 'privilege', ['realtime']).stdout, /^fifo 0$/m)
  for (const options of POLICIES) {
    const { stdout } = await world.run('privilege', ['realtime'], options)
    for (const answer of answers(stdout)) assert.ok([`${EPERM}`, `${EACCES}`].includes(answer), answer)
    const limits = { openFiles: 64, fileSizeBytes: 2 ** 16 }
    const rows = lines((await world.run('privilege', ['limits'], { ...options, limits })).stdout)
    assert.match(rows[1] ?? '', /^1 65536 0 1$/) // RLIMIT_FSIZE
    assert.match(rows[7] ?? '', /^7 64 0 1$/) // RLIMIT_NOFILE
    for (const row of rows) assert.match(row, / (1|-1)$/)
  }
})

test('if memory is short, a program is killed before the service [PR-14]', async () => {
  const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))
  assert.ok(own < 1000)
  for (const options of POLICIES) {
    const { stdout } = await run('cat', ['/proc/self/oom_score_adj'], options)
    assert.equal(stdout, '1000\n')
  }
  // Under the preset it may not write there, so it cannot lower the score.
  assert.equal((await world.run('privilege', ['score'], { runner })).stdout, 'lowest 1000\n')
})
