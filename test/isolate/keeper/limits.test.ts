/** What a program inherits: limits, environment, ids, descriptors, namespaces. */
import assert from 'node:assert/strict'
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, dirname } from 'node:path'
import { test } from 'node:test'
import { IsolateHost } from '../../support/isolate.js'
import { noGate32, program } from '../../support/programs.js'
import { privileged } from '../../support/privilege.js'

const host = new IsolateHost()
const options = { skip: privileged }

const limit = (limits: string, name: string): string =>
  new RegExp(`^${name} +(\\S+) +(\\S+)`, 'm').exec(limits)?.slice(1).join(' ') ?? ''
const ROWS = {
  files: 'Max open files',
  stack: 'Max stack size',
  core: 'Max core file size',
  locked: 'Max locked memory',
  processes: 'Max processes',
  memory: 'Max address space',
  size: 'Max file size',
} as const

test('rlimits: the defaults, and each option', options, async () => {
  const box = await host.box()
  const read = async (...words: string[]) => (await box.run(words, ['/bin/cat', '/proc/self/limits'])).out
  const usual = await read()
  assert.equal(limit(usual, ROWS.files), '1024 1024')
  assert.equal(limit(usual, ROWS.stack), 'unlimited unlimited')
  assert.equal(limit(usual, ROWS.core), '0 0')
  assert.equal(limit(usual, ROWS.locked), '0 0')
  assert.equal(limit(usual, ROWS.processes), '1 1')
  assert.equal(limit(usual, ROWS.memory), 'unlimited unlimited')
  assert.equal(limit(usual, ROWS.size), 'unlimited unlimited')
  const set = await read('-n77', '-k64000', '--core=8', '-p5', '-m500000', '-f100')
  assert.equal(limit(set, ROWS.files), '77 77')
  assert.equal(limit(set, ROWS.stack), `${64000 * 1024} ${64000 * 1024}`)
  assert.equal(limit(set, ROWS.core), '8192 8192')
  assert.equal(limit(set, ROWS.processes), '5 5')
  assert.equal(limit(set, ROWS.memory), `${500000 * 1024} ${500000 * 1024}`)
  assert.equal(limit(set, ROWS.size), '102400 102400')
  await box.cleanup()
})

test('few open files are enough to start, with files as streams', options, async () => {
  const box = await host.box()
  const ended = await box.run(['--open-files=4', '--stdout=o', '--stderr=e'], ['/bin/true'])
  assert.equal(ended.code, 0, ended.err)
  await box.cleanup()
})

test('processes and threads count for the user of the box', options, async () => {
  const box = await host.box()
  const run = (option: string) => box.sh('(exit 0) && echo forked', [option])
  assert.match((await run('--processes=1')).err, /fork/i)
  assert.equal((await run('--processes=2')).out, 'forked\n')
  assert.equal((await run('--processes')).out, 'forked\n')
  await box.cleanup()
})

test('the environment: one variable, and what the rules say', options, async () => {
  const box = await host.box()
  const caller = { environment: ['HERE=there', 'ODD=a=b', 'DROP=1'] }
  const env = async (...words: string[]) =>
    (await box.run(words, ['/usr/bin/env'], caller)).out.split('\n').filter(Boolean).toSorted()
  assert.deepEqual(await env(), ['LIBC_FATAL_STDERR_=1'])
  assert.deepEqual(await env('-E', 'HERE', '-E', 'NONE', '-E', 'NEW=x y'), [
    'HERE=there',
    'LIBC_FATAL_STDERR_=1',
    'NEW=x y',
  ])
  assert.deepEqual(await env('-E', 'LIBC_FATAL_STDERR_='), [])
  const whole = await env('-E', 'DROP=', '-e')
  assert.ok(whole.includes('HERE=there') && whole.includes('ODD=a=b') && !whole.includes('DROP=1'))
  await box.cleanup()
})

test('the program: ids, groups, numbers, session, mask, capabilities, host name', options, async () => {
  const box = await host.box()
  const script = `id; echo $$ $PPID; umask; hostname; readlink /proc/self/ns/uts /proc/self/ns/net /proc/self/ns/user
    grep -E "^(Cap|NoNewPrivs|SigBlk|SigIgn)" /proc/self/status; cut -d " " -f 6 /proc/$$/stat; ls /proc/self/fd`
  const { out } = await box.sh(script)
  const user = host.userOf(box.id)
  const [ids, numbers, mask, name, uts, net, users, ...rest] = out.split('\n')
  assert.equal(ids, `uid=${user} gid=${user} groups=${user}`)
  assert.equal(numbers, '2 1')
  assert.equal(mask, '0022')
  assert.notEqual(name, hostname())
  assert.notEqual(uts, readlinkSync('/proc/self/ns/uts'))
  assert.notEqual(net, readlinkSync('/proc/self/ns/net'))
  assert.equal(users, readlinkSync('/proc/self/ns/user'))
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'SigBlk', 'SigIgn'])
    assert.ok(rest.includes(`${set}:\t0000000000000000`), `${set}: ${rest.join(' ')}`)
  assert.equal(rest[8], '2', 'a session of its own')
  assert.deepEqual(rest.slice(9, 13), ['0', '1', '2', '3'], 'ls itself has the fourth')
  await box.cleanup()
})

test('--share-net is the network of the host, and nothing else', options, async () => {
  const box = await host.box()
  const net = readlinkSync('/proc/self/ns/net')
  const script = 'readlink /proc/self/ns/net; [ -e /etc ] || echo no etc'
  assert.equal((await box.sh(script, ['--share-net'])).out, `${net}\nno etc\n`)
  const own = await box.sh('cat /proc/net/dev | grep -c :; cat /proc/net/fib_trie | grep -c 127.0.0.1')
  assert.match(own.out, /^1\n[1-9]/, 'only loopback, which is up')
  await box.cleanup()
})

test('--chdir is resolved in the box, from /box', options, async () => {
  const box = await host.box()
  const pwd = (to: string) => box.run([`--chdir=${to}`], ['/bin/pwd'])
  assert.equal((await pwd('/tmp')).out, '/tmp\n')
  assert.equal((await pwd('../tmp')).out, '/tmp\n')
  const missing = await pwd('tmp')
  assert.equal(missing.err, 'Cannot change current directory: No such file or directory\n')
  await box.cleanup()
})

test('a program is found by its path alone, relative to --chdir', options, async () => {
  const box = await host.box()
  assert.equal(
    (await box.run(['-E', 'PATH=/bin'], ['true'])).err.split('\n')[0],
    'execve("true"): No such file or directory',
  )
  await box.sh('mkdir d; printf "#!/bin/sh\\necho ran \\$0 \\$1" > d/script; chmod +x d/script')
  assert.equal((await box.run(['--chdir=d'], ['./script', 'a b'])).out, 'ran ./script a b\n')
  await box.cleanup()
})

test('syscall_flags: each bit refuses its calls, and locks of files work by default', options, async () => {
  const box = await host.box()
  const lock = 'flock lockfile echo locked'
  assert.equal((await box.sh(lock)).out, 'locked\n')
  assert.equal((await box.sh(lock, ['--syscalls=4'])).out, '')
  const mode = async (...words: string[]) => (await box.sh('grep Seccomp: /proc/self/status', words)).out
  assert.equal(await mode('--syscalls=0'), 'Seccomp:\t0\n')
  assert.equal(await mode('--syscalls=1'), 'Seccomp:\t2\n')
  await box.cleanup()
})

test('32-bit calls kill a program, unless bit 16 is off', { skip: privileged || noGate32 }, async () => {
  const box = await host.box()
  const calls = program('calls')
  const run = (...words: string[]) =>
    box.run(
      ['-p', `--dir=/programs=${dirname(calls)}`, ...words],
      [`/programs/${basename(calls)}`, 'i386:20'],
    )
  assert.equal((await run()).out, 'killed 31\n')
  assert.equal((await run('--syscalls=11')).out, '0\n')
  await box.cleanup()
})
