/**
 * Ways out of a box: what its set-up may have left open, and what the program may try to undo. If
 * the filter precedes another boundary, the attack is repeated without the filter.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openBox, run } from '#glassbox/index.js'
import { coreLimit } from '#glassbox/launch/resource-limits.js'
import { call } from '#glassbox/gate/gate.js'
import { guard, needsRoot, root, unboxed } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const { errno } = constants
const world = guard()
const initProgram = fileURLToPath(
  new URL('../../../packages/glassbox/prebuilds/init-linux-x64', import.meta.url),
)
const hash = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
const WITH_AND_WITHOUT = [{}, { policy: null }] as const

test('init cannot be opened for writing while a program enters the box [RT-01]', async context => {
  const before = hash(initProgram)
  // The control: among other processes of its user it finds one whose file may be written, when
  // that process has let go of it.
  const victim = join(temporaryDirectory(context), 'victim')
  copyFileSync('/bin/sleep', victim)
  const natively = `'${victim}' 1 & until [ "$(readlink /proc/$!/exe)" = '${victim}' ]; do kill -0 $! || exit 99; done; exec '${program('escape')}' overwrite 5000`
  const words = [...(root ? [] : ['-Ur']), '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-c']
  const control = spawnSync('unshare', [...words, natively], { encoding: 'utf8', timeout: 20_000 })
  assert.deepEqual([control.status, control.stdout], [0, 'opened for writing\n'])
  for (const options of WITH_AND_WITHOUT) {
    const { exitCode, stdout } = await world.run('escape', ['overwrite'], options)
    assert.deepEqual([exitCode, stdout], [errno.EACCES, ''])
  }
  // The runtime itself as interpreter of a script: it is started as the program, with nothing of
  // init's.
  await using box = await openBox({
    files: { script: '#!/proc/self/exe\n' },
    binds: [{ source: program('escape') }],
  })
  await box.run('chmod', ['755', 'script'])
  const ended = await box
    .run('sh', ['-c', `(./script; /box/script) 2>/dev/null & '${program('escape')}' overwrite`])
    .catch(() => undefined)
  assert.equal(ended?.stdout ?? '', '')
  const direct = await box
    .run('/box/script', [], { limits: { wallTimeMs: 500 } })
    .catch((error: unknown) => error)
  context.diagnostic(
    `a script of /proc/self/exe: ${JSON.stringify((direct as { status?: string }).status ?? String(direct))}`,
  )
  assert.equal(hash(initProgram), before)
})

test('a working directory among the descriptors of init is refused or inside the box [RT-02]', async () => {
  // Also through a link that a program left for the next command.
  const script =
    'for i in $(seq 0 90); do ln -s /proc/self/fd/$i $i; ln -s /proc/1/fd/$i one$i; done; ln -s /proc/1/cwd one'
  await using box = await openBox()
  await box.run('sh', ['-c', script])
  const inside = (await box.run('stat', ['-c', '%d:%i', '/'])).stdout
  // Not by `cd`, which shells do in different ways where the directory has no path.
  const climb = 'stat -c %d:%i ../../../../../../../../../..'
  // The control: natively such a descriptor does lead from one root to another, which the same
  // climbing tells.
  const words = [...(root ? [] : ['-Ur']), '-m', 'sh', '-c']
  const other =
    'mount -t tmpfs none /tmp && cd /tmp && mkdir bin lib lib64 usr proc && mount --rbind /usr usr && ' +
    'mount --bind /bin bin && mount --bind /lib lib && mount --bind /lib64 lib64 && mount --rbind /proc proc && ' +
    `exec 9< / && PATH=$PATH:/usr/sbin && exec chroot . sh -c "stat -c %d:%i /; cd /proc/self/fd/9; ${climb}"`
  const native = spawnSync('unshare', [...words, other], { encoding: 'utf8' })
  const [start, reached] = native.stdout.trim().split('\n')
  assert.ok(start && reached && start !== reached, `natively it leads out: ${native.stdout}${native.stderr}`)
  const directories = Array.from({ length: 91 }, (_, fd) => [
    `/proc/self/fd/${fd}`,
    `/box/${fd}`,
    `/box/one${fd}`,
  ]).flat()
  for (const cwd of [
    ...directories,
    '/box/one',
    '/proc/1/root',
    '/proc/1/cwd',
    '/proc/self/root',
    '/proc/self/cwd',
  ]) {
    const ended = await box
      .run('sh', ['-c', climb], { cwd })
      .catch((error: unknown) => error as { code: string })
    if ('code' in ended) assert.match(ended.code, /^ERR_GLASSBOX_/, cwd)
    else assert.equal(ended.stdout, inside, `${cwd} leads out`)
  }
})

test('an interpreter path that leads to a descriptor of init is not executed [RT-02]', async context => {
  // Until execve the program has what init has: a script of an earlier command may name its way by
  // it.
  const outside = join(temporaryDirectory(context, '/tmp'), 'outside') // `#!` ends at white space
  writeFileSync(outside, `#!/bin/sh\necho ${world.secret}\n`)
  execFileSync('chmod', ['-R', '755', outside, join(outside, '..')])
  const climb = `${'../'.repeat(8)}${outside.slice(1)}`
  const source = join(temporaryDirectory(context), 'script')
  await using box = await openBox()
  for (const fd of [
    ...Array.from({ length: 91 }, (_, index) => `self/fd/${index}`),
    'self/cwd',
    'self/root',
    '1/root',
  ]) {
    const script = `#!/proc/${fd}/${climb}\n`
    assert.ok(script.length < 250)
    await box.writeFile('script', script, { mode: 0o755 })
    const ended = await box.run('./script').catch((error: unknown) => error as { code: string })
    assert.ok('code' in ended, `/proc/${fd} leads out`)
  }
  // The control: a way that is there is gone.
  writeFileSync(source, `#!/proc/self/cwd/${climb}\n`, { mode: 0o755 })
  assert.match(execFileSync(source, { encoding: 'utf8' }), new RegExp(world.secret))
})

test('descriptors are exactly 0, 1 and 2, whatever the caller has open without close-on-exec [RT-03, PO-02, VF-01]', async () => {
  const dup = (fd: number): number => call('dup', [fd], 'a canary')
  const open = [openSync(world.file, 'r+'), openSync(world.directory, 'r'), openSync('/dev/null', 'r')]
  const inheritable = open.map(dup)
  const control = execFileSync(program('escape'), ['descriptors'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore', ...inheritable],
  })
  assert.match(control, /^0 1 2 3 4 5 /, 'a program that inherits them sees them')
  try {
    assert.equal((await world.run('escape', ['descriptors'])).stdout, '0 1 2 ')
    for (const stdio of [
      { stdout: { file: '/dev/null' } as const },
      { stdin: 'input' },
      { stdout: 'ignore' as const },
    ]) {
      const options = { ...stdio, binds: [{ source: program('escape') }] }
      const { stderr } = await run('sh', ['-c', `'${program('escape')}' descriptors >&2`], options)
      assert.equal(stderr, '0 1 2 ')
    }
  } finally {
    for (const fd of [...open, ...inheritable]) closeSync(fd)
  }
})

test('descriptors are exactly 0, 1 and 2 in each of 200 boxes at once [RT-04]', async () => {
  const results = await Promise.all(Array.from({ length: 200 }, () => world.run('escape', ['descriptors'])))
  for (const { stdout } of results) assert.equal(stdout, '0 1 2 ')
})

test('a program cannot climb out of a second root [RT-09]', { skip: needsRoot }, async context => {
  assert.equal(unboxed(context, 'escape', ['chroot']).code, 0)
  for (const options of WITH_AND_WITHOUT) {
    assert.equal((await world.run('escape', ['chroot'], options)).exitCode, errno.EPERM)
  }
})

test('nothing of the host’s root can be reached by any name [RT-10, RT-28]', async context => {
  const names = [
    '',
    '/.host',
    '/oldroot',
    '/.oldroot',
    '/newroot',
    '/proc/1/root',
    '/proc/1/cwd',
    '/proc/self/root',
  ]
  const climbing = [
    '/../../..',
    '/proc/self/root/../..',
    '/box/../../..',
    '/proc/self/cwd/../../..',
    '/proc/thread-self/root',
  ]
  const paths = [...names, ...climbing].map(name => `${name}${world.file}`)
  assert.equal(unboxed(context, 'escape', ['open', ...paths]).code, 0)
  for (const options of WITH_AND_WITHOUT) {
    const { exitCode } = await world.run('escape', ['open', ...paths], options)
    assert.ok([errno.ENOENT, errno.EACCES].includes(exitCode ?? 0), `${exitCode}`)
  }
  const { stdout } = await run('cat', ['/proc/self/mountinfo', '/proc/self/mounts', '/proc/self/cgroup'])
  for (const name of [world.directory, '.host', 'glassbox-', process.cwd()]) {
    assert.ok(!stdout.includes(name), `${name} is told`)
  }
  assert.match(stdout, /^0?.*:\/$/m, 'its own cgroup is the root')
})

test('a box shows those host files that the documentation names, and no readable secrets [RT-28, VF-15]', async () => {
  const { stdout } = await run('sh', ['-c', 'ls -A / /dev; ls -A /etc | sort'])
  for (const name of [
    'shadow',
    'sudoers',
    'ssh',
    'machine-id',
    'hosts.allow',
    'docker.sock',
    'mem',
    'kmsg',
    'ptmx',
    'tty',
  ]) {
    assert.doesNotMatch(stdout, new RegExp(`^${name}$`, 'm'))
  }
  const environments = await run('sh', ['-c', 'cat /proc/*/environ /proc/*/cmdline | tr "\\0" "\\n"'])
  assert.ok(!environments.stdout.includes(world.secret))
  assert.doesNotMatch(environments.stdout, /GLASSBOX_CANARY/)
})

const MOUNTS = [
  { kind: 'remount', path: '/usr' },
  { kind: 'remount', path: '/' },
  { kind: 'unmount', path: '/proc' },
  { kind: 'unmount', path: '/usr' },
  { kind: 'unmount', path: '/dev/null' },
  { kind: 'move', path: '/usr' },
  { kind: 'mount', path: '/tmp' },
]
for (const { kind, path } of MOUNTS) {
  test(`${kind} of ${path} is refused [RT-12]`, { skip: needsRoot }, async () => {
    const control = ['-m', '--propagation', 'private', program('escape'), kind, path]
    // Natively in a mount namespace that ends with it. The root of a disk would become writable
    // only for itself.
    if (path !== '/')
      assert.equal(
        spawnSync('unshare', [
          '-m',
          'sh',
          '-c',
          'mount --bind /usr /usr; mount --bind /dev/null /dev/null; exec "$@"',
          'sh',
          ...control.slice(3),
        ]).status,
        0,
      )
    for (const options of WITH_AND_WITHOUT) {
      assert.equal((await world.run('escape', [kind, path], options)).exitCode, errno.EPERM)
    }
  })
}

test('a nested user namespace is refused; without the filter its root can undo nothing [RT-14]', async () => {
  assert.equal((await world.run('escape', ['nested', '/usr'])).exitCode, errno.EPERM)
  // The control: where nothing is masked and no one else’s mount is over it, the same gets
  // further.
  const words = [
    ...(root ? [] : ['-Ur']),
    '-m',
    'sh',
    '-c',
    `mount --make-rslave / && exec '${program('escape')}' nested /usr`,
  ]
  const native = spawnSync('unshare', words, { encoding: 'utf8' })
  assert.match(native.stdout, /^root in a namespace of its own$/m)
  assert.match(native.stdout, /^a procfs of its own$/m)
  await using box = await openBox({ binds: [{ source: program('escape') }] })
  await box.run(program('escape'), ['nested', '/usr'], { policy: null })
  assert.match((await box.run('ls', ['/usr'])).stdout, /^bin$/m, 'nobody else sees what it mounts')
  const { stdout, exitCode } = await world.run('escape', ['nested', '/usr'], { policy: null })
  if (exitCode === 0) assert.equal(stdout, 'root in a namespace of its own\n')
  else assert.ok([errno.EPERM, errno.ENOSPC].includes(exitCode ?? 0))
})

test('parts of procfs are masked by the host’s /dev/null, whatever the caller binds there [RT-06]', async context => {
  const directory = temporaryDirectory(context)
  const file = join(directory, 'file')
  writeFileSync(file, 'of the caller')
  const look = 'cat /dev/null; stat -c %F:%t:%T /proc/keys; cat /proc/keys'
  const { stdout } = await run('sh', ['-c', look], { binds: [{ source: file, target: '/dev/null' }] })
  assert.equal(stdout, 'of the callercharacter special file:1:3\n')
  // A link to a writable file of procfs, by which runc’s masks were led there.
  symlinkSync('/proc/sys/kernel/core_pattern', join(directory, 'null'))
  await assert.rejects(
    async () => run('sh', ['-c', look], { binds: [{ source: directory, target: '/dev' }] }),
    { code: 'ERR_GLASSBOX_INVALID_OPTION', option: 'binds[0].target' },
  )
})

test('the users of keyrings, whose ids tell the inits of other boxes, are not shown [F15]', async () => {
  const native = readFileSync('/proc/key-users', 'utf8')
  assert.match(native, /^ *\d+: +\d+ /m, 'control: outside they are')
  const look = `cat /proc/key-users /proc/self/root/proc/key-users
    unshare -Urmpf sh -c 'mount -t proc proc /tmp && cat /tmp/key-users'
    mount -t proc proc /tmp && cat /tmp/key-users
    umount /proc/key-users && cat /proc/key-users
    exit 0`
  for (const options of [{}, { policy: null }] as const) {
    const { stdout, stderr, status } = await run('sh', ['-c', look], options)
    assert.deepEqual([stdout, status], ['', 'exited'], stderr)
  }
})

test('a caller cannot bind a file over one of procfs by which a box is set up [RT-08]', async context => {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  const source = join(directory, 'file')
  writeFileSync(source, 'as it was')
  for (const target of ['/proc/sys/kernel/ns_last_pid', '/proc/self/oom_score_adj', '/proc/self/uid_map']) {
    await assert.rejects(openBox({ binds: [{ source, target, writable: true }] }), {
      code: 'ERR_GLASSBOX_INVALID_OPTION',
      option: 'binds[0].target',
    })
  }
  // The control: elsewhere it is seen, and the numbering of processes works.
  await using box = await openBox({ binds: [{ source, target: '/proof', writable: true }] })
  for (let i = 0; i < 2; i++)
    assert.equal((await box.run('sh', ['-c', 'echo $$; cat /proof'])).stdout, '2\nas it was')
  assert.equal(readFileSync(source, 'utf8'), 'as it was')
})

test('no device of the host can be opened, by a name or by a node of its own [RT-16, RT-17]', async context => {
  const names = [
    'mem',
    'kmem',
    'port',
    'kmsg',
    'kvm',
    'fuse',
    'uinput',
    'tty',
    'tty0',
    'console',
    'ptmx',
    'pts/ptmx',
    'net/tun',
    'vda',
    'sda',
    'loop0',
    'loop-control',
    'mapper/control',
    'vsock',
    'vhost-vsock',
    'cpu/0/msr',
    'rtc0',
    'btrfs-control',
    'userfaultfd',
    'snapshot',
    'hwrng',
  ]
  const paths = names.map(name => `/dev/${name}`)
  if (root)
    assert.equal(
      unboxed(context, 'escape', ['open', ...paths.filter(path => /ptmx|loop0|kmsg/.test(path))]).code,
      0,
    )
  const { stdout } = await world.run('escape', ['open', ...paths], { policy: null })
  assert.equal(stdout, paths.map(path => `${path} ${errno.ENOENT}\n`).join(''))
  for (const kind of ['char', 'block']) {
    if (root) assert.equal(unboxed(context, 'escape', [kind]).code, 0)
    for (const options of WITH_AND_WITHOUT) {
      assert.equal((await world.run('escape', [kind], options)).exitCode, errno.EPERM)
    }
  }
})

test('file handles lead nowhere [RT-18]', { skip: needsRoot }, async context => {
  assert.equal(unboxed(context, 'escape', ['handle', world.file]).code, 0)
  for (const options of WITH_AND_WITHOUT) {
    const { exitCode } = await world.run('escape', ['handle', '/usr/bin/env'], options)
    assert.equal(exitCode, errno.EPERM)
  }
})

test('no other namespace can be entered [RT-19]', { skip: needsRoot }, async context => {
  assert.equal(unboxed(context, 'escape', ['setns', `${process.pid}`]).code, 0)
  for (const options of WITH_AND_WITHOUT) {
    const { exitCode } = await world.run('escape', ['setns', '1'], options)
    assert.ok([errno.EPERM, errno.EACCES].includes(exitCode ?? 0), `${exitCode}`)
  }
})

test('init is static: it loads nothing from its box [RT-20]', () => {
  const interpreter = 3 // PT_INTERP
  const headers = (path: string): number[] => {
    const elf = readFileSync(path)
    const [at, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)]
    return Array.from({ length: count }, (_, index) => elf.readUInt32LE(at + index * size))
  }
  assert.ok(headers('/bin/sh').includes(interpreter), 'a dynamic program has one')
  assert.ok(!headers(initProgram).includes(interpreter))
})

test('the environment of a program is not that of init [RT-21]', async () => {
  const env = {
    LD_PRELOAD: '/box/evil.so',
    GLIBC_TUNABLES: 'x',
    NODE_OPTIONS: '--bad',
    PATH: '/usr/bin:/bin',
    CANARY: '1',
  }
  await using box = await openBox()
  const running = box.run('sh', ['-c', 'echo $CANARY; sleep 0.3'], { env })
  await new Promise(resolve => setTimeout(resolve, 150))
  const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean)
  assert.ok(children.length > 0)
  for (const pid of children) {
    // Only root may look at init at all: it is not dumpable.
    if (root) assert.equal(readFileSync(`/proc/${pid}/environ`, 'utf8'), '')
    else assert.throws(() => readFileSync(`/proc/${pid}/environ`), { code: 'EACCES' })
  }
  const { stdout, stderr } = await running
  assert.equal(stdout, '1\n')
  assert.match(stderr, /evil\.so/, 'the program itself has it')
})

test('if namespaces are refused, the run is refused: nothing runs outside a box [RT-22]', async context => {
  // glassbox inside a box: the filter refuses new namespaces there.
  const repository = fileURLToPath(new URL('../../../', import.meta.url))
  const index = new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url).pathname
  const script = `import { run } from ${JSON.stringify(index)}
    try { const { stdout } = await run('echo', ['ran']); console.log(stdout) } catch (error) { console.log(error.code) }`
  assert.match(
    execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }),
    /^ran/,
  )
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], {
    binds: [{ source: repository }, { source: process.execPath }],
    limits: { memoryBytes: Infinity },
  })
  assert.match(stdout, /^ERR_GLASSBOX_/, stderr)
  context.diagnostic(stdout.trim())
})

test('ids and namespaces are final before the first instruction [RT-24, PO-04]', async () => {
  const look = 'cat /proc/self/uid_map /proc/self/gid_map; readlink /proc/self/ns/*; cat /proc/self/mountinfo'
  const { stdout } = await run('sh', [
    '-c',
    `(${look}) > a; sleep 0.5; (${look}) > b; (setsid sh -c '${look}') > c; cat a; cmp a b && cmp a c && echo same`,
  ])
  assert.match(stdout, /same\n$/)
  const [uid] = /^\s*\d+\s+\d+\s+\d+/.exec(stdout) ?? ['']
  const parts = uid.trim().split(/\s+/)
  assert.deepEqual(parts.slice(1), root ? ['0', '4294967295'] : [`${process.getuid?.()}`, '1'])
})

const DIRECTORIES = [
  { cwd: '/nowhere', why: 'missing' },
  { cwd: '/etc/passwd', why: 'a file' },
  { cwd: '/box/gone', why: 'removed' },
  { cwd: '/box/barred', why: 'barred' },
]
for (const { cwd, why } of DIRECTORIES) {
  test(`a working directory that is ${why} is an error that names it [RT-25]`, async () => {
    await using box = await openBox()
    await box.run('sh', ['-c', 'mkdir gone barred there; rmdir gone; chmod 0 barred'])
    assert.equal((await box.run('pwd', [], { cwd: '/box/there' })).stdout, '/box/there\n')
    await assert.rejects(
      async () => box.run('pwd', [], { cwd }),
      (error: Error & { code?: string }) => {
        assert.match(error.code ?? '', /^ERR_GLASSBOX_/)
        assert.ok(error.message.includes(cwd), error.message)
        return true
      },
    )
    assert.equal((await box.run('echo', ['well'])).stdout, 'well\n')
  })
}

test('a crash leaves no core file and starts no handler [RT-26, DX-11]', async context => {
  const { directory } = unboxed(context, 'escape', ['core'])
  context.diagnostic(`natively: ${readdirSync(directory).join()}`)
  const { stdout } = await world.run('escape', ['core'])
  const piped = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').startsWith('|')
  assert.equal(stdout, `${piped ? 1 : 0}\nnot dumped\n`)
  assert.equal((await run('sh', ['-c', 'ulimit -c unlimited'])).ok, false, 'the limit cannot be raised')
  // The kernel's rule: 0 does not keep it from starting a piped handler, 1 does.
  assert.equal(coreLimit('|/usr/lib/systemd/systemd-coredump %P').value, 1)
  assert.equal(coreLimit('core').value, 0)
})

test('every mount is nosuid, nodev except for devices, and private [PO-03, RT-16]', async () => {
  const { stdout } = await run('cat', ['/proc/self/mountinfo'])
  const devices = new Set(['null', 'zero', 'full', 'random', 'urandom'].map(name => `/dev/${name}`))
  const writable = new Set<string>()
  for (const line of stdout.trim().split('\n')) {
    const [, , , , path = '', options = '', ...rest] = line.split(' ')
    const flags = new Set(options.split(','))
    assert.ok(flags.has('nosuid'), line)
    // What is hidden in procfs is hidden by /dev/null, also for a bind of the device.
    const masked = path.startsWith('/proc/') && / \/null /.test(line)
    if (!devices.has(path) && !masked) assert.ok(flags.has('nodev'), line)
    assert.equal(rest[0], '-', `does not propagate: ${line}`)
    if (flags.has('rw')) writable.add(path)
  }
  const allowed = [
    '/box',
    '/tmp',
    '/dev/shm',
    '/proc',
    ...devices,
    ...[...writable].filter(path => path.startsWith('/proc/')),
  ]
  assert.deepEqual(
    [...writable].filter(path => !allowed.includes(path)),
    [],
  )
})

test('a bind keeps the flags of the mount that it shows, and of mounts below it [RT-12, PO-03]', {
  skip: needsRoot,
}, async context => {
  const directory = temporaryDirectory(context)
  mkdirSync(join(directory, 'sub'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'mode=777,noexec', 'tmpfs', join(directory, 'sub')])
  try {
    writeFileSync(join(directory, 'sub/file'), 'x')
    const bind = { source: directory, target: '/data' }
    const flags = 'grep " /data" /proc/self/mountinfo | cut -d" " -f5,6'
    const reading = (await run('sh', ['-c', flags], { binds: [bind] })).stdout
    assert.match(reading, /^\/data\/sub ro,nosuid,nodev,noexec/m)
    assert.notEqual((await run('touch', ['/data/sub/file'], { binds: [bind] })).exitCode, 0)
    const writing = (await run('sh', ['-c', flags], { binds: [{ ...bind, writable: true }] })).stdout
    assert.match(writing, /^\/data\/sub rw,nosuid,nodev,noexec/m)
    assert.equal(existsSync(join(directory, 'sub/file')), true)
  } finally {
    execFileSync('umount', [join(directory, 'sub')])
  }
})
