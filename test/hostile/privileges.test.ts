/**
 * Privilege that a program might have, regain, or use against others: its ids and capabilities,
 * signals, priorities, limits, and the names by which the kernel shows it.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { constants, getPriority } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPool, denyCalls, run } from '#glassbox/index.js'
import { boxed, ORDINARY } from '../support/command.js'
import { guard, needsRoot, root, unboxed } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const { EPERM, EACCES, EINVAL, ESRCH } = constants.errno
const world = guard()
const NO_FILTER = { policy: null } as const
const WITH_AND_WITHOUT = [{}, NO_FILTER] as const

const lines = (text: string | Uint8Array): string[] => String(text).trim().split('\n')
/** What the guest says, by name: each name's answers, without repetition. */
function answers(text: string | Uint8Array): Record<string, string> {
  const found = new Map<string, Set<string>>()
  for (const line of lines(text)) {
    const [name = '', ...rest] = line.split(/:?\s+/)
    found.set(name, (found.get(name) ?? new Set()).add(rest.join(' ').trim()))
  }
  return Object.fromEntries([...found].map(([name, values]) => [name, [...values].join('|')]))
}
const NO_CAPABILITIES = Object.fromEntries(
  ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map(set => [set, '0'.repeat(16)]),
)

/** A process of the test itself, gone at the end of the block. */
function bystander(): AsyncDisposable & { readonly pid: number; readonly alive: () => boolean } {
  const child = spawn('sleep', ['100'], { stdio: 'ignore' })
  const gone = once(child, 'exit')
  assert.ok(child.pid)
  return {
    pid: child.pid,
    alive: () => child.exitCode === null && child.signalCode === null,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await gone
    },
  }
}

/** A program in a box of its own, which runs until it is ended. Then it returns how it ended. */
async function neighbour(): Promise<{ end: () => Promise<string> }> {
  const handle = run('sh', ['-c', 'echo started; exec sleep 100'])
  await handle.events().next()
  const end = async (): Promise<string> => {
    handle.kill()
    return (await handle).status
  }
  return { end }
}

/** Natively, but in a PID namespace in which it sees only its own processes. */
const alone = (script: string): ReturnType<typeof spawnSync> =>
  spawnSync('unshare', [...(root ? [] : ['-Ur']), '--pid', '--fork', '--kill-child', 'sh', '-c', script], {
    encoding: 'utf8',
    timeout: 20_000,
  })

/** Files that give privilege to the user that executes them. */
const PRIVILEGED = [
  {
    name: 'a setuid program [PR-01]',
    give: (file: string) => chmodSync(file, 0o4755),
    gained: /^uids 65534 0 0$/m,
  },
  {
    name: 'a setgid program [PR-02]',
    give: (file: string) => chmodSync(file, 0o2755),
    gained: /^gids 65534 0 0$/m,
  },
  {
    name: 'a program with file capabilities [PR-02]',
    give: (file: string) => {
      // CAP_NET_BIND_SERVICE, effective.
      const set = "bytes.fromhex('0100000200040000000000000000000000000000')"
      execFileSync('python3', [
        '-c',
        `import os, sys; os.setxattr(sys.argv[1], 'security.capability', ${set})`,
        file,
      ])
    },
    gained: /^CapEff:\s+0000000000000400$/m,
  },
]
for (const { name, give, gained } of PRIVILEGED) {
  test(`${name} gives nothing`, { skip: needsRoot }, async context => {
    const directory = temporaryDirectory(context)
    chmodSync(directory, 0o755)
    const file = join(directory, 'program')
    copyFileSync(program('privilege'), file)
    chmodSync(file, 0o755)
    const [setpriv, ...words] = ORDINARY
    const natively = (): string => execFileSync(setpriv, [...words, file, 'ids'], { encoding: 'utf8' })
    assert.doesNotMatch(natively(), gained)
    give(file)
    assert.match(natively(), gained, 'natively it does')
    for (const options of WITH_AND_WITHOUT) {
      const binds = [{ source: directory, target: '/given' }]
      for (const command of [
        ['/given/program', 'ids'],
        ['sh', '-c', '/given/program ids; exit $?'],
      ]) {
        const [first = '', ...args] = command
        const { stdout, exitCode } = await run(first, args, { ...options, binds })
        assert.equal(exitCode, 0)
        const { uids = '', gids = '', groups, NoNewPrivs, ...sets } = answers(stdout)
        for (const three of [uids, gids]) {
          assert.equal(new Set(three.split(' ')).size, 1, three)
          assert.ok(Number(three.split(' ')[0]) > 0x70000000, three)
        }
        assert.deepEqual([groups, NoNewPrivs], ['', '1'])
        assert.deepEqual(sets, NO_CAPABILITIES)
      }
    }
  })
}

test('a program has no capability in any of its five sets, and only its own group [PR-03, PR-05]', async context => {
  if (root) assert.doesNotMatch(unboxed(context, 'privilege', ['ids']).stdout, /^CapEff:\s+0+$/m)
  // Without privilege nobody may drop groups: what glassbox's user has stays, under a number that
  // says nothing (see docs/security.md).
  const kept = root ? [] : (process.getgroups?.() ?? []).filter(group => group !== process.getgid?.())
  for (const options of WITH_AND_WITHOUT) {
    const { stdout } = await world.run('privilege', ['ids'], options)
    const { uids, gids = '', groups, NoNewPrivs, ...sets } = answers(stdout)
    assert.equal(uids, gids)
    assert.notEqual(gids.split(' ')[0], '0')
    assert.equal(groups, kept.map(() => 65534).join(' '))
    assert.equal(NoNewPrivs, '1')
    assert.deepEqual(sets, NO_CAPABILITIES)
  }
})

test('a file for the group root is not readable, nor one for a group of the caller [PR-03]', {
  skip: needsRoot,
}, async context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  for (const group of [0, 4, 65534]) {
    const file = join(directory, `of-${group}`)
    writeFileSync(file, 'x')
    chownSync(file, 0, group)
    chmodSync(file, 0o040)
    const words = ['--reuid', '65534', '--regid', '65534', '--groups', `${group}`]
    const native = spawnSync('setpriv', [...words, program('escape'), 'open', file])
    assert.equal(native.status, 0, 'natively a member reads it')
    const binds = [{ source: directory }]
    assert.equal((await world.run('escape', ['open', file], { binds })).exitCode, EACCES)
  }
})

test('no thread regains an id or a capability [PR-04]', async context => {
  const calls = ['setresuid', 'setreuid', 'setuid', 'setresgid', 'setgid', 'setgroups', 'capset', 'keep']
  if (root) {
    const native = answers(unboxed(context, 'privilege', ['regain']).stdout)
    for (const call of [...calls.slice(0, 6), 'keep']) assert.equal(native[call], '0', `natively ${call}`)
  }
  for (const options of WITH_AND_WITHOUT) {
    const { stdout, exitCode } = await world.run('privilege', ['regain'], options)
    assert.equal(exitCode, 0)
    assert.equal(lines(stdout).length, 5 * 11, 'five threads tried')
    for (const [call, answer] of Object.entries(answers(stdout)))
      assert.ok([`${EPERM}`, `${EINVAL}`].includes(answer), `${call}: ${answer}`)
  }
})

test('two concurrent boxes have different users and groups [PR-06]', { skip: needsRoot }, async () => {
  const both = await Promise.all([1, 2].map(() => world.run('privilege', ['ids'])))
  const [first, second] = both.map(({ stdout }) => answers(stdout))
  assert.notEqual(first?.['uids'], second?.['uids'])
  assert.notEqual(first?.['gids'], second?.['gids'])
})

test('kill(-1) reaches the program’s own processes only [PR-07]', async () => {
  // Waited for: a zombie could be signalled still.
  const native = alone(`sleep 10 & '${program('privilege')}' killall; wait $!; echo sleep $?`)
  assert.equal(native.stdout, 'kill 0\nchild 9\nsleep 137\n', 'natively it reaches everybody')
  await using child = bystander()
  const peer = await neighbour()
  await using pool = await createPool({ size: 2, binds: [{ source: program('privilege') }] })
  for (const options of WITH_AND_WITHOUT) {
    const own = [
      world.run('privilege', ['killall'], options),
      pool.run(program('privilege'), ['killall'], options),
    ]
    for (const { status, stdout } of await Promise.all(own)) {
      assert.equal(status, 'exited')
      assert.deepEqual(answers(stdout), { kill: '0', child: '9' })
    }
  }
  assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
  assert.ok(child.alive())
  assert.equal(await peer.end(), 'canceled')
})

test('signals to init have no effect, signals to host pids reach no process, and the clock continues [PR-08]', async context => {
  await using dead = bystander()
  await using child = bystander()
  assert.deepEqual(answers(unboxed(context, 'privilege', ['signal', `${dead.pid}`]).stdout)['kill'], '0')
  const peer = await neighbour()
  const guest = program('privilege')
  await using pool = await createPool({ size: 1, binds: [{ source: guest }] })
  for (const options of WITH_AND_WITHOUT) {
    const others = await world.run('privilege', ['signal', `${child.pid}`], options)
    assert.deepEqual(new Set(Object.values(answers(others.stdout))), new Set([`${ESRCH}`]))
    const script = `'${guest}' signal 1; '${guest}' signal $PPID; echo signaled; sleep 100`
    const limits = { wallTimeMs: 1000 }
    const ended = await pool.run('sh', ['-c', script], { ...options, limits })
    assert.equal(ended.status, 'wall-time-limit')
    assert.match(ended.stdout, /signaled\n$/)
  }
  assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
  assert.ok(child.alive())
  assert.equal(await peer.end(), 'canceled')
})

test('a signal to its group ends or stops only the program, and a stopped program reaches its wall limit [PR-08]', async context => {
  const guest = program('privilege')
  const native = alone(`setsid sh -c '"$0" group 9; echo alive' '${guest}'; echo $?`)
  assert.equal(native.stdout, '137\n', 'natively its parent goes too')
  await using pool = await createPool({ size: 1, binds: [{ source: guest }] })
  for (const { signal, status } of [
    { signal: constants.signals.SIGKILL, status: 'signaled' },
    { signal: constants.signals.SIGSTOP, status: 'wall-time-limit' },
  ]) {
    const args = ['group', `${signal}`]
    const limits = { wallTimeMs: 500 }
    assert.equal((await world.run('privilege', args, { limits })).status, status)
    assert.equal((await pool.run(guest, args, { limits })).status, status)
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
  }
  assert.equal(pool.replaced, 0)
  context.diagnostic('the container of a stopped program is used again')
})

test('priorities, processors and limits of init and of the host’s processes stay as they are [PR-09]', async context => {
  await using child = bystander()
  const native = answers(unboxed(context, 'privilege', ['priority', `${child.pid}`]).stdout)
  assert.deepEqual(new Set(Object.values(native)), new Set(['0']), 'natively they change')
  await using other = bystander()
  const before = getPriority(other.pid)
  for (const options of WITH_AND_WITHOUT) {
    // Where nobody has privilege init is of the program's user, and only the filter keeps its
    // limits (see docs/security.md).
    if (root || options !== NO_FILTER) {
      const init = answers((await world.run('privilege', ['priority', '1'], options)).stdout)
      assert.deepEqual(new Set(Object.values(init)), new Set([`${EPERM}`]))
    }
    const { stdout } = await world.run('privilege', ['priority', `${other.pid}`], options)
    for (const answer of Object.values(answers(stdout))) assert.ok([`${EPERM}`, `${ESRCH}`].includes(answer))
    for (const user of [0, 65534, process.getuid?.() ?? 0, 1000])
      await world.run('privilege', ['user', `${user}`], options)
  }
  assert.equal(getPriority(other.pid), before)
  // The control: by the same call it changes its own.
  const script = `sleep 100 & '${program('privilege')}' user 0; cut -d' ' -f19 /proc/$!/stat`
  const { stdout } = await run('sh', ['-c', script], { binds: [{ source: program('privilege') }] })
  assert.match(stdout, /^19$/m)
})

test('soft limits go up to the hard ones, and no hard one goes up [PR-10]', async () => {
  const limits = { cpuTimeMs: 3000, openFiles: 64, stackBytes: 2 ** 20, fileSizeBytes: 2 ** 16 }
  const { stdout } = await world.run('privilege', ['limits'], { limits })
  const rows = lines(stdout).map(line => line.split(' ').map(Number))
  const hard = new Map(rows.map(([resource, value]) => [resource, value]))
  assert.equal(hard.size, 16)
  // RLIMIT_FSIZE, STACK, NOFILE, NICE, RTPRIO
  assert.deepEqual(
    [1, 3, 7, 13, 14].map(resource => hard.get(resource)),
    [2 ** 16, 2 ** 20, 64, 0, 0],
  )
  for (const [resource, value, soft, raised] of rows) {
    assert.equal(soft, 0, `limit ${resource}: soft to hard`)
    assert.equal(raised, value === -1 ? -1 : EPERM, `limit ${resource}: hard to higher`)
  }
})

test('a program gets neither real-time nor deadline scheduling, nor a higher priority [PR-11]', async context => {
  const native = answers(unboxed(context, 'privilege', ['realtime']).stdout)
  if (root)
    assert.deepEqual(
      [native['fifo'], native['rr'], native['nice']],
      ['0', '0', '0'],
      'natively root has them',
    )
  for (const options of WITH_AND_WITHOUT) {
    const { stdout } = await world.run('privilege', ['realtime'], options)
    const { nice, ...others } = answers(stdout)
    assert.deepEqual(new Set(Object.values(others)), new Set([`${EPERM}`]))
    assert.equal(nice, `${EACCES}`) // setpriority(2)
  }
})

test('no kernel setting below /proc and /sys can be written [PR-13]', async context => {
  const writable = (place: string): string =>
    `find ${place} -path '/proc/[0-9]*' -prune -o -path '/proc/*self' -prune -o -writable ! -type l -print 2>/dev/null; true`
  const native = spawnSync('sh', ['-c', writable('/proc')], { encoding: 'utf8' }).stdout
  if (root) assert.match(native, /^\/proc\/sys\/kernel\/core_pattern$/m)
  context.diagnostic(`natively ${lines(native).length} files, such as ${lines(native)[0]}`)
  for (const options of WITH_AND_WITHOUT) {
    const { stdout } = await run('sh', ['-c', writable('/proc /sys')], options)
    for (const path of lines(stdout).filter(Boolean)) {
      // Every user can open it; only a write needs a capability.
      if (path === '/proc/sys/kernel/ns_last_pid') continue
      const device = await run('stat', ['-c', '%t:%T', path], options)
      assert.equal(device.stdout, '1:3\n', `${path} is masked by /dev/null`)
    }
    const numbered = await run('sh', ['-c', 'echo 100 > /proc/sys/kernel/ns_last_pid'], options)
    assert.notEqual(numbered.exitCode, 0)
  }
  const { stdout } = await world.run('escape', [
    'write',
    '/proc/1/oom_score_adj',
    '/proc/1/oom_adj',
    '/proc/1/mem',
  ])
  for (const line of lines(stdout)) assert.match(line, / (13|1)$/)
})

/** Whether the service can fix the lowest score of what it starts. */
const fixesScores = (): boolean => {
  const effective = /^CapEff:\s*(\w+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0'
  return root && ((BigInt(`0x${effective}`) >> 24n) & 1n) === 1n // CAP_SYS_RESOURCE
}

test('if memory is short, a program is killed before the service, and cannot change that [PR-14]', async context => {
  const own = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'))
  const native = unboxed(context, 'privilege', ['score']).stdout
  for (const options of WITH_AND_WITHOUT) {
    const { stdout } = await run('cat', ['/proc/self/oom_score_adj', '/proc/1/oom_score_adj'], options)
    assert.deepEqual(lines(stdout).map(Number), [1000, 1000])
    const { stdout: lowest } = await world.run('privilege', ['score'], options)
    // Never behind the service: what it could be given at most is what the service could give
    // itself.
    assert.equal(lowest, fixesScores() ? 'lowest 1000\n' : native)
    if (!fixesScores())
      context.diagnostic(
        `the service (at ${own}) has no CAP_SYS_RESOURCE: a program may choose its own ${lowest}`,
      )
  }
})

test('a process name of control characters and brackets affects neither clocks nor reports [PR-15]', async () => {
  const limits = { cpuTimeMs: 300 }
  const spinning = await world.run('privilege', ['odd-name'], { limits })
  assert.equal(spinning.status, 'cpu-time-limit')
  assert.ok(spinning.cpuTimeMs >= 300)
  const { status, violation } = await world.run('privilege', ['odd-name'], { policy: denyCalls(['mkdir']) })
  assert.deepEqual([status, violation?.path], ['syscall-denied', '\u001b[31m\n"'])
  assert.equal(violation?.args, '"\\33[31m\\n\\"", 0700')
  const report = boxed(['--deny', 'mkdir'], program('privilege'), 'odd-name')
  assert.match(report.err, /mkdir/)
  // oxlint-disable-next-line no-control-regex -- that none is there is the point
  assert.doesNotMatch(report.err.replaceAll('\n', ''), /[\u0000-\u001f]/)
  const json = boxed(['--deny', 'mkdir', '--json'], program('privilege'), 'odd-name')
  assert.equal((JSON.parse(json.out) as { status: string }).status, 'syscall-denied')
})

test('execve without any argument works as natively [PR-16]', async context => {
  const native = unboxed(context, 'privilege', ['no-arguments']).stdout
  assert.equal((await world.run('privilege', ['no-arguments'])).stdout, native)
  assert.match(native, /^1 \[\]$/m)
})
