/** The files of a box: streams that are files in it, whose they are, and what may not stay. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { IsolateHost } from '../../support/isolate.js'
import { privileged } from '../../support/privilege.js'

const host = new IsolateHost()
const options = { skip: privileged }
const ALICE = { ids: { uid: 4001, gid: 4002 } }

const ownerOf = (path: string): number[] => [lstatSync(path).uid, lstatSync(path).gid]

test('streams are files in the box, relative to /box even with --chdir', options, async () => {
  const box = await host.box()
  writeFileSync(box.path('input'), 'some text\n')
  mkdirSync(box.path('sub'))
  for (const chdir of [[], ['--chdir=sub']]) {
    const streams = ['--stdin=input', '--stdout=output', '--stderr=errors']
    const ended = await box.sh('cat; pwd; echo bad >&2', [...streams, ...chdir])
    assert.deepEqual([ended.code, ended.out], [0, ''])
    assert.match(ended.err, /^OK /, 'only the program is redirected')
    assert.equal(
      readFileSync(box.path('output'), 'utf8'),
      `some text\n/box${chdir.length > 0 ? '/sub' : ''}\n`,
    )
    assert.equal(readFileSync(box.path('errors'), 'utf8'), 'bad\n')
    assert.equal(statSync(box.path('output')).mode & 0o777, 0o644)
  }
  await box.cleanup()
})

test('a stream whose file cannot be opened is a fault that names it', options, async () => {
  const box = await host.box()
  const faults: [option: string, message: string][] = [
    ['--stdin=missing', 'open("missing"): No such file or directory'],
    ['--stdout=missing/file', 'open("missing/file"): No such file or directory'],
    ['--stderr=/usr/file', 'open("/usr/file"): Read-only file system'],
  ]
  for (const [option, message] of faults) {
    const { code, err, meta } = await box.sh('exit 0', [option])
    assert.deepEqual([code, err, meta], [2, `${message}\n`, ['status:XX', `message:${message}`]])
  }
  assert.deepEqual(ownerOf(box.path()), [0, 0], 'the caller has the box back')
  await box.cleanup()
})

test('--stderr-to-stdout follows stdout; the last of it and --stderr counts', options, async () => {
  const box = await host.box()
  const script = 'echo out; echo err >&2'
  await box.sh(script, ['--stdout=both', '--stderr=other', '--stderr-to-stdout'])
  assert.equal(readFileSync(box.path('both'), 'utf8'), 'out\nerr\n')
  assert.equal(existsSync(box.path('other')), false)
  await box.sh(script, ['--stderr-to-stdout', '--stderr=other', '--stdout=both'])
  assert.equal(readFileSync(box.path('both'), 'utf8'), 'out\n')
  assert.equal(readFileSync(box.path('other'), 'utf8'), 'err\n')
  await box.cleanup()
})

test('the box belongs to its program during a run, and to the caller before and after', options, async () => {
  const id = host.newBox()
  await host.call([`-b${id}`, '--init'], ALICE)
  const path = (...names: string[]): string => host.boxPath(id, 'box', ...names)
  mkdirSync(path('dir'))
  writeFileSync(path('dir', 'file'), '')
  const script = 'stat -c %u:%g . dir dir/file; touch made; mkdir -m 0 closed; touch none; chmod 0 none'
  const ran = await host.call(
    [`-b${id}`, '-p', '-E', 'PATH=/bin', '--run', '--', '/bin/sh', '-c', script],
    ALICE,
  )
  const user = host.userOf(id)
  assert.equal(ran.out, `${user}:${user}\n`.repeat(3))
  for (const name of ['.', 'dir', 'dir/file', 'made', 'closed', 'none'])
    assert.deepEqual(ownerOf(path(name)), [4001, 4002], name)
  assert.equal(statSync(path('none')).mode & 0o777, 0, 'permissions are not touched')
  await host.call([`-b${id}`, '--cleanup'], ALICE)
})

test('special files are removed on the way in and out, unless they are to be kept', options, async () => {
  const box = await host.box()
  const special = 'ln -s /etc/passwd link; mkfifo fifo; mkdir -p d; ln -s / d/deep'
  await box.sh(`${special}; ls -A . d`)
  assert.deepEqual(readdirSync(box.path()), ['d'])
  assert.deepEqual(readdirSync(box.path('d')), [])
  symlinkSync('/', box.path('callers'))
  assert.equal((await box.sh('ls -A')).out, 'd\n')
  await box.sh(special, ['--special-files'])
  assert.deepEqual(readdirSync(box.path()).toSorted(), ['d', 'fifo', 'link'])
  assert.deepEqual(ownerOf(box.path('link')), [0, 0])
  assert.equal((await box.sh('ls -A', ['--special-files'])).out, 'd\nfifo\nlink\n')
  await box.cleanup()
})

test('a mount in the box stops a run and a cleanup; nothing behind it changes', options, async () => {
  const box = await host.box()
  const elsewhere = join(host.directory, 'elsewhere')
  mkdirSync(elsewhere)
  writeFileSync(join(elsewhere, 'precious'), '')
  mkdirSync(box.path('mounted'))
  for (const [source, target] of [
    [elsewhere, box.path('mounted')],
    [join(elsewhere, 'precious'), box.path('file')],
  ] as const) {
    writeFileSync(box.path('file'), '')
    execFileSync('mount', ['--bind', source, target])
    try {
      const name = target === box.path('file') ? 'file' : 'mounted'
      const ran = await box.sh('exit 0')
      assert.deepEqual([ran.code, ran.err], [2, `Unexpected mountpoint: ${name}\n`])
      assert.equal((await box.cleanup()).code, 2)
      assert.deepEqual(ownerOf(join(elsewhere, 'precious')), [0, 0])
    } finally {
      execFileSync('umount', [target])
    }
  }
  assert.equal((await box.cleanup()).code, 0)
  assert.ok(existsSync(join(elsewhere, 'precious')))
})

test('trees can be renamed from box to box', options, async () => {
  const first = await host.box()
  const second = await host.box()
  await first.sh('mkdir submission; echo built > submission/program')
  renameSync(first.path('submission'), second.path('submission'))
  const ran = await second.sh('cat program; touch more', ['--chdir=/box/submission'])
  assert.equal(ran.out, 'built\n')
  assert.deepEqual(ownerOf(second.path('submission', 'more')), [0, 0])
  await first.cleanup()
  await second.cleanup()
})

test('directories on the host beside `box` and below `root` do not disturb', options, async () => {
  const box = await host.box()
  mkdirSync(host.boxPath(box.id, 'root', 'root', 'common'), { recursive: true })
  writeFileSync(host.boxPath(box.id, 'stdin.txt'), 'judge')
  const ran = await box.sh('ls -d /root /box')
  assert.match(ran.out, /^\/box\n$/)
  assert.ok(existsSync(host.boxPath(box.id, 'root', 'root', 'common')))
  assert.ok(existsSync(host.boxPath(box.id, 'stdin.txt')))
  await box.cleanup()
})

test('a FIFO that nobody opens does not outlast the limit by more than the patience', options, async () => {
  const shared = join(host.directory, 'shared')
  mkdirSync(shared)
  execFileSync('mkfifo', ['-m', '666', join(shared, 'fifo')])
  chmodSync(shared, 0o755)
  const box = await host.box()
  const ended = await box.sh('cat', ['--dir=/shared=' + shared, '--stdin=/shared/fifo', '--wall-time=0.1'])
  assert.equal(ended.code, 1)
  assert.equal(ended.err, 'Time limit exceeded (wall clock)\n')
  assert.equal((await box.sh('exit 0')).code, 0, 'the box is free')
  await box.cleanup()
})
