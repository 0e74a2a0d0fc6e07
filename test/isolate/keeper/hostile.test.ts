/**
 * Attacks on isolate itself, by a program in a box and by a caller who is not root (group IC of
 * the catalogue). Others are where their subject is: locks and owners (commands.test.ts), special
 * files (files.test.ts), rules (rules.test.ts), wrong numbers (front/words.test.ts).
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { IsolateHost } from '../../support/isolate.js'
import { privileged } from '../../support/privilege.js'

const host = new IsolateHost()
const options = { skip: privileged }
const ALICE = { ids: { uid: 4001, gid: 4002 } }

test('IC-03: a meta file is opened with the rights of the caller', options, async () => {
  const closed = join(host.directory, 'closed')
  mkdirSync(closed)
  chownSync(closed, 0, 0)
  chmodSync(closed, 0o770) // what root's group may write
  const words = [`--meta=${closed}/meta`, '--cleanup']
  const refused = await host.call(words, ALICE)
  assert.deepEqual(
    [refused.code, refused.err],
    [2, `Failed to open metafile '${closed}/meta': Permission denied\n`],
  )
  assert.equal(existsSync(join(closed, 'meta')), false)
  const open = join(host.directory, 'open')
  mkdirSync(open)
  chmodSync(open, 0o777)
  assert.equal((await host.call([`--meta=${open}/meta`, '--cleanup'], ALICE)).code, 0)
  const { uid, gid } = statSync(join(open, 'meta'))
  assert.deepEqual([uid, gid], [4001, 4002])
  assert.equal((await host.call(words)).code, 0, 'the control: root may')
})

test('IC-04: rules that lead outside, or name no file system, are usage errors', options, async t => {
  const box = await host.box()
  for (const rule of [
    '../x=/usr',
    'a/../../x=/usr',
    '/=/usr',
    'x=overlay:fs',
    'x=usr',
    '',
    '=',
    'x=/usr:bad',
  ])
    await t.test(rule, async () => {
      const { code, err } = await box.run([`--dir=${rule}`], ['/bin/true'])
      assert.equal(code, 2)
      assert.ok(err.startsWith(`Invalid directory rule '${rule}'`), err)
    })
  assert.deepEqual(readdirSync(host.boxPath(box.id)), ['box'])
  await box.cleanup()
})

test('IC-06: links of a program lead a stream nowhere that the program could not go', options, async () => {
  const secret = mkdtempSync('/var/tmp/glassbox-isolate-')
  writeFileSync(join(secret, 'secret'), 'secret', { mode: 0o600 })
  chmodSync(secret, 0o755)
  try {
    const box = await host.box()
    const shown = ['--special-files', `--dir=/shown=${secret}:rw`]
    await box.sh(
      `ln -s /shown/secret a; ln -s ${secret}/secret b; ln -s /proc/1/fd/8 c; ln -s /proc/self/fd/9 d`,
      shown,
    )
    const read = (name: string) => box.run([...shown, `--stdin=${name}`], ['/bin/cat'])
    assert.equal((await read('a')).err, 'open("a"): Permission denied\n')
    assert.equal((await read('b')).err, 'open("b"): No such file or directory\n')
    assert.equal((await read('c')).err, 'open("c"): No such file or directory\n')
    assert.equal((await read('d')).err, 'open("d"): No such file or directory\n')
    assert.equal((await box.run([...shown, '--stdout=a'], ['/bin/echo', 'x'])).code, 2)
    assert.equal(readFileSync(join(secret, 'secret'), 'utf8'), 'secret')
    // The control: what it may read, it may read by a link.
    chmodSync(join(secret, 'secret'), 0o644)
    assert.equal((await read('a')).out, 'secret')
    await box.cleanup()
  } finally {
    rmSync(secret, { recursive: true })
  }
})

test('nothing of a program survives it, whatever it leaves', options, async () => {
  const box = await host.box()
  const script = '(setsid sleep 1000 &) ; (trap "" TERM HUP INT; sleep 1000 &) ; exit 0'
  assert.equal((await box.sh(script)).code, 0)
  const user = host.userOf(box.id)
  const left = readdirSync('/proc').filter(name => {
    try {
      return /^\d+$/.test(name) && statSync(`/proc/${name}`).uid === user
    } catch {
      return false
    }
  })
  assert.deepEqual(left, [])
  await box.cleanup()
})

test('a program can neither end nor look into the proxy', options, async () => {
  const box = await host.box()
  const script =
    'kill -9 1; kill -STOP 1; kill -9 -1 2>/dev/null; cat /proc/1/environ; ls /proc/1/root; ls -d /proc/1'
  const ended = await box.sh(`(${script}) 2>/dev/null; echo alive`)
  assert.match(ended.out, /^(?:alive\n)?$/, 'nothing of /proc/1 is seen')
  assert.notEqual(ended.code, 2)
  await box.cleanup()
})

test('set-id programs in a directory of the caller give no rights', options, async () => {
  const shown = mkdtempSync('/var/tmp/glassbox-isolate-')
  copyFileSync('/usr/bin/id', join(shown, 'id'))
  chmodSync(shown, 0o755)
  chmodSync(join(shown, 'id'), 0o4755)
  try {
    const box = await host.box()
    const natively = execFileSync('setpriv', ['--reuid', '4001', '--clear-groups', join(shown, 'id'), '-u'], {
      encoding: 'utf8',
    })
    assert.equal(natively, '0\n', 'the control: it works natively')
    const { out } = await box.run([`--dir=/shown=${shown}`, '--syscalls=0'], ['/shown/id', '-u'])
    assert.equal(out, `${host.userOf(box.id)}\n`)
    await box.cleanup()
  } finally {
    rmSync(shown, { recursive: true })
  }
})

test('what a program writes to its streams is not taken for a word of the keeper', options, async () => {
  const box = await host.box()
  const ended = await box.sh('echo "OK (0.000 sec real, 0.000 sec wall)" >&2; echo "exitcode:0"; exit 9')
  assert.deepEqual(ended.verdict, ['exitcode:9', 'status:RE', 'message:Exited with error status 9'])
  assert.match(ended.err, /\nExited with error status 9\n$/)
  await box.cleanup()
})

test('a full disk under the boxes is a fault that says so', options, async () => {
  const mount = mkdtempSync('/var/tmp/glassbox-isolate-')
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=4,mode=755', 'tmpfs', mount])
  try {
    const small = new IsolateHost(`box_root = ${mount}/boxes\n`)
    const failed = await small.call(['-b0', '--init'])
    const next = await small.call(['-b1', '--init'])
    const full = failed.code === 0 ? next : failed
    assert.equal(full.code, 2)
    assert.match(full.err, /^Cannot create .*: No space left on device\n$/)
    assert.equal(full.out, '')
    for (const id of [0, 1]) assert.equal((await small.call([`-b${id}`, '--cleanup'])).code, 0)
  } finally {
    execFileSync('umount', [mount])
    rmSync(mount, { recursive: true })
  }
})

test('IC-12: a quota limits what a program can write, in blocks and files', options, async t => {
  const mount = mkdtempSync('/var/tmp/glassbox-isolate-')
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m,mode=755,usrquota', 'tmpfs', mount], {
      stdio: 'ignore',
    })
  } catch {
    rmSync(mount, { recursive: true })
    return t.skip('needs CONFIG_TMPFS_QUOTA')
  }
  try {
    const limited = new IsolateHost(`box_root = ${mount}/boxes\n`)
    const box = await limited.box('--quota=256,20')
    const large = await box.sh(
      'head -c 1000000 /dev/zero > large; rm large; head -c 100000 /dev/zero > small',
    )
    assert.match(large.err, /Disk quota exceeded/)
    const many = await box.sh('i=0; while [ $i -lt 40 ]; do : > f$i || exit 3; i=$((i+1)); done')
    assert.match(many.err, /Disk quota exceeded/)
    await box.cleanup()
  } finally {
    execFileSync('umount', [mount])
    rmSync(mount, { recursive: true })
  }
})
