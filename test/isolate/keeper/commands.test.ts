/** Making and removing boxes: what is on the disk, whose it is, and who is refused. */
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { constants } from 'node:os'
import { IsolateHost } from '../../support/isolate.js'
import { privileged } from '../../support/privilege.js'

const host = new IsolateHost()
const options = { skip: privileged }
const ALICE = { ids: { uid: 4001, gid: 4002 } }
const BOB = { ids: { uid: 4003, gid: 4003 } }

const at = (id: number, ...names: readonly string[]): string => host.boxPath(id, ...names)
const lockOf = (id: number): string => join(host.directory, 'locks', String(id))
const ownerOf = (path: string): number[] => {
  const { uid, gid, mode } = statSync(path)
  return [uid, gid, mode & 0o777]
}

test('--init prints the directory of the box and nothing else', options, async () => {
  const id = host.newBox()
  const made = await host.call([`-b${id}`, '--init'], ALICE)
  assert.deepEqual([made.code, made.out, made.err], [0, `${at(id)}\n`, ''])
  assert.deepEqual(ownerOf(at(id)), [0, 0, 0o755])
  assert.deepEqual(ownerOf(at(id, 'box')), [4001, 4002, 0o700])
  assert.equal(statSync(lockOf(id)).size, 12)
  assert.equal((await host.call([`-b${id}`, '--cleanup'], ALICE)).code, 0)
  assert.equal(existsSync(at(id)), false)
  assert.equal(statSync(lockOf(id)).size, 0, 'the lock file is emptied and not unlinked')
})

test('--init -vv keeps its standard output clean', options, async () => {
  const id = host.newBox()
  const { out } = await host.call([`-b${id}`, '--init', '-vv'])
  assert.equal(out, `${at(id)}\n`)
  await host.call([`-b${id}`, '--cleanup'])
})

test('--verbose says on stderr what is done', options, async () => {
  const id = host.newBox()
  const made = await host.call([`-b${id}`, '-v', '--init'])
  assert.equal(made.err, `Preparing box directory ${at(id)}\n`)
  const ran = await host.call([`-b${id}`, '-v', '--run', '--', '/bin/true'])
  assert.match(ran.err, /^Mounting .*\/box on box\n(?:Mounting .+\n)+Started proxy_pid=\d+ box_uid=\d+ /)
  const removed = await host.call([`-b${id}`, '-v', '--cleanup'])
  assert.equal(removed.err, `Removing box directory ${at(id)}\n`)
})

test('--init of a box that exists starts it anew; 1.x refuses', options, async () => {
  const box = await host.box()
  writeFileSync(box.path('old'), '')
  mkdirSync(host.boxPath(box.id, 'callers-own'))
  const old = await host.call([`-b${box.id}`, '--init'], { programName: 'isolate1' })
  assert.equal(old.code, 2)
  assert.equal(old.err, "Box already exists, run `isolate --cleanup' first\n")
  assert.ok(existsSync(box.path('old')), 'nothing was changed')
  assert.equal((await host.call([`-b${box.id}`, '--init'])).code, 0)
  assert.deepEqual(readdirSync(box.path()), [])
  assert.deepEqual(readdirSync(at(box.id)), ['box'])
  await box.cleanup()
})

test('--cleanup of a box that never was succeeds, twice', options, async () => {
  const id = host.newBox()
  for (let time = 0; time < 2; time++) {
    const { code, out, err } = await host.call([`--box-id=${id}`, '--cleanup'])
    assert.deepEqual([code, out, err], [0, '', ''])
  }
})

test('--run without a box is refused, in the words of each dialect', options, async () => {
  const id = host.newBox()
  const words = [`-b${id}`, '--run', '--', '/bin/true']
  const now = await host.call(words)
  assert.deepEqual([now.code, now.err], [2, "Box not found, did you run `isolate --init'?\n"])
  const old = await host.call(words, { programName: 'isolate1' })
  assert.deepEqual([old.code, old.err], [2, "Box directory not found, did you run `isolate --init'?\n"])
  assert.equal(existsSync(at(id)), false)
})

test(
  'after a reboot: --run finds no box, --cleanup does nothing, --init starts afresh',
  options,
  async () => {
    const box = await host.box()
    writeFileSync(box.path('old'), '')
    rmSync(lockOf(box.id))
    assert.match((await box.sh('exit 0')).err, /^Box not found/)
    assert.equal((await box.cleanup()).code, 0)
    assert.ok(existsSync(box.path('old')), 'the leftover directory stays')
    assert.equal((await host.call([`-b${box.id}`, '--init'])).code, 0)
    assert.deepEqual(readdirSync(box.path()), [])
    await box.cleanup()
  },
)

test('a lock without a directory: --run finds no box, --cleanup and --init work', options, async () => {
  const box = await host.box()
  rmSync(at(box.id), { recursive: true })
  assert.match((await box.sh('exit 0')).err, /^Box not found/)
  assert.equal((await box.cleanup()).code, 0)
  assert.equal((await host.call([`-b${box.id}`, '--init'])).code, 0)
  await box.cleanup()
})

test('a box whose --init failed is not run, but can be removed and made again', options, async () => {
  const id = host.newBox()
  // No file system here has quotas that are on, or this number of blocks would not fit.
  const failed = await host.call([`-b${id}`, '--quota=99999999,10', '--init'])
  assert.equal(failed.code, 2)
  assert.match(failed.err, /^Cannot set disk quota: .+\n$/)
  assert.equal(failed.out, '')
  const ran = await host.call([`-b${id}`, '--run', '--', '/bin/true'])
  assert.deepEqual([ran.code, ran.err], [2, 'This box was not initialized properly\n'])
  assert.equal((await host.call([`-b${id}`, '--cleanup'])).code, 0)
  assert.equal(existsSync(at(id)), false)
  assert.equal((await host.call([`-b${id}`, '--init'])).code, 0)
  await host.call([`-b${id}`, '--cleanup'])
})

test('a box in use is refused; with --wait the call waits', options, async () => {
  const box = await host.box()
  const order: string[] = []
  const first = box.sh('sleep 0.3').then(ended => {
    order.push('first')
    return ended
  })
  await new Promise(resolve => setTimeout(resolve, 100))
  for (const words of [['--run', '--', '/bin/true'], ['--init'], ['--cleanup']]) {
    const { code, err } = await host.call([`-b${box.id}`, ...words])
    assert.deepEqual([code, err], [2, 'This box is currently in use by another process\n'])
  }
  const second = box.sh('exit 0', ['--wait']).then(ended => {
    order.push('second')
    return ended
  })
  assert.equal((await first).code, 0)
  assert.equal((await second).code, 0)
  assert.deepEqual(order, ['first', 'second'])
  await box.cleanup()
})

test('a waiting call can be interrupted', options, async () => {
  const box = await host.box()
  const first = box.sh('sleep 0.4')
  await new Promise(resolve => setTimeout(resolve, 50))
  const second = await box.sh('exit 0', ['--wait'], {
    onKeeper: send => setTimeout(send, 50, constants.signals.SIGTERM),
  })
  assert.deepEqual([second.code, second.err], [1, 'Interrupted\n'])
  assert.equal((await first).code, 0)
  await box.cleanup()
})

test('a box of another user is refused, but not to root', options, async () => {
  const id = host.newBox()
  await host.call([`-b${id}`, '--init'], ALICE)
  const before = readFileSync(lockOf(id))
  for (const words of [['--run', '--', '/bin/true'], ['--init'], ['--cleanup']]) {
    const { code, err } = await host.call([`-b${id}`, ...words], BOB)
    assert.deepEqual([code, err], [2, 'This box belongs to a different user (uid 4001)\n'])
  }
  assert.deepEqual(readFileSync(lockOf(id)), before, 'nothing was changed')
  assert.equal((await host.call([`-b${id}`, '--run', '--', '/bin/true'])).code, 0)
  assert.deepEqual(ownerOf(at(id, 'box')), [0, 0, 0o700], 'the files are root’s now')
  assert.equal((await host.call([`-b${id}`, '--cleanup'])).code, 0)
})

test('--as-uid and --as-gid act for a user, for all commands; only root may say so', options, async () => {
  const id = host.newBox()
  const as = ['--as-uid=4001', '--as-gid=4002', `-b${id}`]
  assert.equal((await host.call([...as, '--init'], ALICE)).code, 2)
  assert.equal((await host.call([...as, '--init'])).code, 0)
  assert.deepEqual(ownerOf(at(id, 'box')), [4001, 4002, 0o700])
  const ran = await host.call([...as, '--run', '--', '/bin/true'])
  assert.deepEqual([ran.code, ran.err.startsWith('OK')], [0, true])
  assert.deepEqual(ownerOf(at(id, 'box')), [4001, 4002, 0o700])
  assert.equal((await host.call([...as, '--cleanup'])).code, 0)
})

test('restricted_init leaves --init to root', options, async () => {
  const strict = new IsolateHost('restricted_init = 1\n')
  const id = strict.newBox()
  const refused = await strict.call([`-b${id}`, '--init'], ALICE)
  assert.equal(refused.code, 2)
  assert.equal(existsSync(strict.boxPath(id)), false)
  assert.equal((await strict.call([`-b${id}`, '--init'])).code, 0)
  await strict.call([`-b${id}`, '--cleanup'])
})

test('--box-id=auto takes boxes that are free, and says which', options, async () => {
  const small = new IsolateHost('num_boxes = 3\n')
  const made: string[] = []
  for (let time = 0; time < 3; time++) {
    const { code, out } = await small.call(['--box-id=auto', '--init'])
    assert.equal(code, 0)
    made.push(out.trim())
  }
  assert.deepEqual(
    made,
    [0, 1, 2].map(id => small.boxPath(id)),
  )
  const full = await small.call(['--box-id=auto', '--init'])
  assert.deepEqual([full.code, full.err], [2, 'All boxes are in use (0-2)\n'])
  assert.equal((await small.call(['-b1', '--cleanup'])).code, 0)
  assert.equal((await small.call(['--box-id=auto', '--init'])).out.trim(), small.boxPath(1))
  for (const id of [0, 1, 2]) await small.call([`-b${id}`, '--cleanup'])
})

test('a lock file of another format is refused, and left alone', options, async () => {
  const id = host.newBox()
  await host.call([`-b${id}`, '--cleanup'])
  mkdirSync(join(host.directory, 'locks'), { recursive: true })
  writeFileSync(lockOf(id), 'not a lock!!')
  for (const words of [['--run', '--', '/bin/true'], ['--init'], ['--cleanup']])
    assert.equal((await host.call([`-b${id}`, ...words])).code, 2)
  assert.equal(readFileSync(lockOf(id), 'utf8'), 'not a lock!!')
})

test('a lock file that is a link is not followed', options, async () => {
  const id = host.newBox()
  const target = join(host.directory, 'victim')
  symlinkSync(target, lockOf(id))
  assert.equal((await host.call([`-b${id}`, '--init'])).code, 2)
  assert.equal(existsSync(target), false)
})

test('--cleanup removes what is left, however deep and however closed it is', options, async () => {
  const box = await host.box()
  const deep = Array.from({ length: 60 }, () => 'd'.repeat(200)).join('/')
  const script = `mkdir closed && touch closed/f && chmod 0 closed && ln -s / link && mkfifo fifo
    i=0; while [ $i -lt 40 ]; do mkdir ${'d'.repeat(200)}; cd ${'d'.repeat(200)}; i=$((i+1)); done; touch end`
  assert.ok(deep.length > 4096)
  assert.equal((await box.sh(script, ['--special-files'])).code, 0)
  writeFileSync(host.boxPath(box.id, 'callers-own'), '')
  assert.equal((await box.cleanup()).code, 0)
  assert.equal(existsSync(at(box.id)), false)
})
