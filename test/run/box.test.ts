/** Boxes: what a program finds in one, files in and out, several commands, and the end. */
import assert from 'node:assert/strict'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openBox, run } from '#glassbox/index.js'
import { assertNothingLeft, surroundings } from '../support/left.js'
import { temporaryDirectory } from '../support/temporary.js'

const initial = surroundings()
before(async () => {
  // What a process keeps for its life: the configuration, and what an id map needs.
  await run('true', [], { binds: [{ source: tmpdir(), writable: true }] })
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

const shell = async (script: string, options = {}): Promise<string> =>
  (await run('sh', ['-c', script], options)).stdout

test('descriptors are exactly 0, 1 and 2', async () => {
  // 3 is what ls reads the directory by
  assert.equal(await shell('ls /proc/self/fd | tr "\\n" " "'), '0 1 2 3 ')
})

test('no capability, no group, no way to gain privilege', async () => {
  const status = await shell('cat /proc/self/status')
  for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
    assert.match(status, new RegExp(`^${set}:\\s+0+$`, 'm'), set)
  }
  assert.match(status, /^NoNewPrivs:\s+1$/m)
  assert.match(status, /^Seccomp:\s+2$/m)
  assert.match(status, /^SigIgn:\s+0+$/m)
  assert.match(status, /^SigBlk:\s+0+$/m)
})

test('with privilege each box has a user of its own', {
  skip: process.getuid?.() === 0 ? false : 'needs root',
}, async () => {
  const ids = await Promise.all([shell('id -u; sleep 0.2'), shell('id -u; sleep 0.2')])
  assert.notEqual(ids[0], ids[1])
  assert.ok(ids.every(id => Number(id) >= 0x70000000))
})

test('the program is not PID 1, and sees no process but its own', async () => {
  assert.equal(await shell('echo $$'), '2\n')
  assert.equal(await shell('set -- /proc/[0-9]*; echo $#'), '2\n') // init and the shell
})

/** What stands in the root of every box; the host's own names for libraries come to it. */
const ROOT_OF_BOX = ['.glassbox', ...'bin box dev etc lib proc sbin sys tmp usr var'.split(' ')]
const LIBRARIES = ['lib32', 'lib64', 'libx32']
test('nothing of the host but programs, libraries and their configuration', async () => {
  const expected = [...ROOT_OF_BOX, ...LIBRARIES.filter(name => existsSync(`/${name}`))]
  assert.deepEqual((await shell('ls -A /')).trim().split('\n'), expected.toSorted())
  assert.equal(
    await shell('ls /sys/devices /sys/devices/system'),
    '/sys/devices:\nsystem\n\n/sys/devices/system:\ncpu\n',
  )
  const hidden = ['/etc/shadow', '/root', '/home', '/var/log', '/sys/kernel'].filter(path => existsSync(path))
  assert.ok(hidden.length > 2, 'the control: the host has them')
  for (const path of [...hidden, '/work']) assert.equal((await run('ls', [path])).exitCode, 2, path)
})

test('the system is read-only, the working directory is not', async () => {
  assert.notEqual((await run('touch', ['/usr/x'])).exitCode, 0)
  assert.notEqual((await run('touch', ['/x'])).exitCode, 0)
  assert.equal((await run('touch', ['/box/x', '/tmp/x', '/dev/shm/x'])).exitCode, 0)
})

test('a network with nothing but loopback', async () => {
  assert.equal(await shell('cat /proc/net/dev | tail -n +3 | cut -d: -f1 | tr -d " \\n"'), 'lo')
})

test('the environment is what a login sets, or what was asked for', async () => {
  const names = (text: string): string[] =>
    text
      .trim()
      .split('\n')
      .map(line => line.split('=')[0] ?? '')
      .toSorted()
  const expected = ['HOME', 'LANG', 'LOGNAME', 'PATH', 'SHELL', 'TERM', 'USER']
  assert.deepEqual(names((await run('env')).stdout), expected)
  assert.equal((await run('sh', ['-c', 'id -un; echo $USER $LOGNAME'])).stdout, 'box\nbox box\n')
  assert.equal((await run('/usr/bin/env', [], { env: { A: 'b c' } })).stdout, 'A=b c\n')
})

test('the file mode mask and the host name are fixed', async () => {
  assert.equal(await shell('umask; cat /proc/sys/kernel/hostname'), '0022\nglassbox\n')
  assert.equal(await shell('cat /proc/sys/kernel/hostname', { hostname: 'other' }), 'other\n')
})

test('the file mode mask of the caller changes nothing in the box', async () => {
  const script = 'umask; cat input /etc/passwd >/dev/null && mkdir made && stat -c %a input made . /tmp /etc'
  const look = async (): Promise<string> => shell(script, { files: { input: 'text' } })
  const usual = await look()
  assert.match(usual, /^0022\n644\n755\n/, 'the control')
  const usualMask = process.umask(0o077)
  try {
    assert.equal(await look(), usual)
  } finally {
    process.umask(usualMask)
  }
})

test('disk space and the number of files are capped, and count in the box only [DX-09]', async () => {
  const options = { diskBytes: 2 ** 20, diskFiles: 50 }
  assert.match(
    (await run('head', ['-c', '2000000', '/dev/zero'], { ...options, stdout: 'ignore' })).status,
    /exited/,
  )
  assert.notEqual((await run('dd', ['if=/dev/zero', 'of=/box/big', 'bs=1M', 'count=2'], options)).exitCode, 0)
  assert.notEqual(
    (await run('sh', ['-c', 'for i in $(seq 60); do : > /tmp/$i || exit 1; done'], options)).exitCode,
    0,
  )
  assert.equal(
    (await run('sh', ['-c', 'for i in $(seq 40); do : > /tmp/$i || exit 1; done'], options)).exitCode,
    0,
  )
})

test('files go in and come out', async context => {
  const file = join(temporaryDirectory(context), 'host.txt')
  writeFileSync(file, 'from the host')
  const { files, fileErrors, exitCode } = await run(
    'sh',
    ['-c', 'cat a/b host > out; ln -s /etc/passwd link; mkfifo fifo'],
    {
      files: { 'a/b': 'text ', host: { file } },
      collect: ['out', 'missing', 'link', 'fifo', 'a'],
    },
  )
  assert.equal(exitCode, 0)
  assert.equal(Buffer.from(files['out']?.contents ?? []).toString(), 'text from the host')
  assert.equal(Buffer.from(files['a/b']?.contents ?? []).toString(), 'text ', 'a directory comes out whole')
  assert.deepEqual(Object.keys(fileErrors).toSorted(), ['fifo', 'link', 'missing'])
})

test('an empty file and no file are told apart', async () => {
  const { files, fileErrors } = await run('sh', ['-c', ': > empty'], { collect: ['empty', 'none'] })
  assert.equal(files['empty']?.contents.length, 0)
  assert.match(fileErrors['none']?.message ?? '', /ENOENT/)
})

test('collected files share a budget, and a sparse giant is refused by its size', async () => {
  const { files, fileErrors } = await run(
    'sh',
    ['-c', 'printf 12345 > a; printf 12345 > b; truncate -s 1G big'],
    {
      collect: ['a', 'b', 'big'],
      collectBytes: 8,
      limits: { fileSizeBytes: Infinity },
      diskBytes: 2 ** 31,
    },
  )
  assert.deepEqual(Object.keys(files), ['a'])
  assert.deepEqual(Object.keys(fileErrors).toSorted(), ['b', 'big'])
})

test('names that lead out of the working directory are refused before anything runs', async () => {
  for (const path of ['../x', '/etc/x', '', 'a/../../x', 'a\0b']) {
    await assert.rejects(
      async () => run('true', [], { files: { [path]: 'x' } }),
      { code: 'ERR_GLASSBOX_INVALID_OPTION', option: `files[${JSON.stringify(path)}]` },
      JSON.stringify(path),
    )
  }
})

test('a bind is read-only unless it is said to be writable', async context => {
  const directory = temporaryDirectory(context)
  mkdirSync(join(directory, 'sub'))
  chmodSync(directory, 0o777)
  writeFileSync(join(directory, 'file'), 'shown')
  const bind = { source: directory, target: '/data' }
  assert.equal((await run('cat', ['/data/file'], { binds: [bind] })).stdout, 'shown')
  assert.notEqual((await run('touch', ['/data/new'], { binds: [bind] })).exitCode, 0)
  assert.equal(
    (await run('sh', ['-c', 'echo new > /data/new'], { binds: [{ ...bind, writable: true }] })).exitCode,
    0,
  )
  assert.equal(readFileSync(join(directory, 'new'), 'utf8'), 'new\n')
})

test('a program of the host is seen wherever it lies, also in a directory that only its owner may enter', async context => {
  const directory = temporaryDirectory(context)
  const program = join(directory, 'script')
  writeFileSync(program, '#!/bin/sh\necho "$0"\n', { mode: 0o755 })
  assert.equal((await run(program)).stdout, `${program}\n`)
})

test('several commands in one box share its files, not their processes', {
  skip: existsSync('/usr/bin/gcc') ? false : 'needs gcc',
}, async () => {
  const box = await openBox({
    files: { 'main.c': '#include <stdio.h>\nint main(void) { puts("built"); return 5; }\n' },
  })
  try {
    const compiled = await box.run('gcc', ['-o', 'main', 'main.c'])
    assert.equal(compiled.exitCode, 0, compiled.stderr)
    const ran = await box.run('./main')
    assert.deepEqual({ code: ran.exitCode, out: ran.stdout }, { code: 5, out: 'built\n' })
    await box.run('sh', ['-c', 'sleep 50 & echo $! > pid'])
    assert.equal((await box.run('sh', ['-c', 'kill -0 $(cat pid)'])).exitCode, 1)
    await box.writeFile('note', 'written')
    assert.equal((await box.run('cat', ['note'])).stdout, 'written')
    assert.equal(Buffer.from(await box.readFile('note')).toString(), 'written')
  } finally {
    await box.close()
  }
})

test('commands of one box wait for each other', async () => {
  const box = await openBox()
  try {
    const order = await Promise.all([
      box.run('sh', ['-c', 'sleep 0.2; echo a >> log']),
      box.run('sh', ['-c', 'echo b >> log']),
      box.run('cat', ['log']),
    ])
    assert.equal(order[2].stdout, 'a\nb\n')
  } finally {
    await box.close()
  }
})

test('a box that is closed says so, and closing twice is harmless', async () => {
  const box = await openBox()
  await box.close()
  await box.close()
  await assert.rejects(async () => box.run('true'), { code: 'ERR_GLASSBOX_BOX_CLOSED' })
  await assert.rejects(box.readFile('x'), { code: 'ERR_GLASSBOX_BOX_CLOSED' })
})

test('a box closed in the middle of a command ends it', async () => {
  const box = await openBox()
  const running = box.run('sleep', ['30']).catch((error: unknown) => error as { code: string })
  await new Promise(resolve => setTimeout(resolve, 100))
  await box.close()
  assert.equal(((await running) as { code: string }).code, 'ERR_GLASSBOX_BOX_LOST')
})

test('kill() and an AbortSignal cancel, before the start and during the run', async () => {
  const handle = run('sleep', ['30'])
  setTimeout(() => handle.kill(), 100)
  assert.equal((await handle).status, 'canceled')

  const controller = new AbortController()
  setTimeout(() => controller.abort(), 100)
  assert.equal((await run('sleep', ['30'], { signal: controller.signal })).status, 'canceled')

  const { status, exitCode } = await run('true', [], { signal: AbortSignal.abort() })
  assert.deepEqual({ status, exitCode }, { status: 'canceled', exitCode: undefined })
})

test('eight boxes at a time, each with its own result', async () => {
  const results = await Promise.all(
    Array.from({ length: 8 }, (_, index) => run('sh', ['-c', `echo ${index}; exit ${index}`])),
  )
  assert.deepEqual(
    results.map(({ exitCode, stdout }) => [exitCode, stdout]),
    results.map((_, index) => [index, `${index}\n`]),
  )
})
