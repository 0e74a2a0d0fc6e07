/** Directories of the host in a world: what guests reach of them, and what they cannot. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { O_CREAT, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from '#glassbox/linux/constants.js'
import { BUFFER, FileTask, ownCredentials } from '../../support/kernel/file-task.js'
import { temporaryDirectory } from '../../support/temporary.js'

function prepared(context: TestContext, writable: boolean): { task: FileTask; host: string } {
  const host = temporaryDirectory(context)
  const outside = temporaryDirectory(context)
  writeFileSync(join(outside, 'secret'), 'secret')
  mkdirSync(join(host, 'dir'))
  writeFileSync(join(host, 'dir', 'file'), 'of the host')
  symlinkSync(join(outside, 'secret'), join(host, 'out'))
  symlinkSync('/h/dir/file', join(host, 'absolute'))
  symlinkSync('../../../../../../../etc/passwd', join(host, 'up'))
  const bind = { source: host, target: '/h', directory: true, writable }
  const task = new FileTask({ binds: [bind] }, ownCredentials())
  context.after(() => task.root.close())
  return { task, host }
}

function read(task: FileTask, path: string): string | number {
  const fd = task.outcome('openat', -100, path, O_RDONLY, 0)
  if (typeof fd === 'string') return fd
  const length = task.call('read', fd, BUFFER, 1000)
  task.call('close', fd)
  return task.text(length)
}

test('files are read, and links lead within the world only', context => {
  const { task } = prepared(context, false)
  assert.equal(read(task, '/h/dir/file'), 'of the host')
  assert.equal(read(task, '/h/dir/../dir/./file'), 'of the host')
  assert.equal(read(task, '/h/absolute'), 'of the host')
  assert.equal(read(task, '/h/out'), 'ENOENT')
  assert.equal(read(task, '/h/up'), 'ENOENT')
  assert.equal(read(task, '/h/../h/dir/file'), 'of the host')
  assert.equal(read(task, '/h/none'), 'ENOENT')
})

test('a read-only directory refuses every change', context => {
  const { task, host } = prepared(context, false)
  const changes: [string, ...(string | number)[]][] = [
    ['openat', -100, '/h/dir/file', O_WRONLY, 0],
    ['openat', -100, '/h/dir/file', O_RDONLY | O_TRUNC, 0],
    ['openat', -100, '/h/new', O_RDWR | O_CREAT, 0o644],
    ['mkdir', '/h/new', 0o755],
    ['symlink', 'x', '/h/new'],
    ['unlink', '/h/dir/file'],
    ['rmdir', '/h/dir'],
    ['rename', '/h/dir', '/h/new'],
    ['chmod', '/h/dir/file', 0o600],
    ['truncate', '/h/dir/file', 1],
    ['utimensat', -100, '/h/dir/file', 0, 0],
    ['link', '/h/dir/file', '/h/new'],
  ]
  for (const [call, ...args] of changes)
    assert.equal(task.outcome(call, ...args), 'EROFS', `${call} ${args[0]}`)
  assert.equal(readFileSync(join(host, 'dir', 'file'), 'utf8'), 'of the host')
})

test('what a guest writes in a writable directory is on the host at once', context => {
  const { task, host } = prepared(context, true)
  const fd = task.call('openat', -100, '/h/new', O_RDWR | O_CREAT, 0o644)
  assert.ok(fd >= 0)
  assert.equal(task.outcome('write', fd, BUFFER, task.put('written')), 7)
  assert.equal(readFileSync(join(host, 'new'), 'utf8'), 'written')
  assert.equal(task.outcome('ftruncate', fd, 3), 0)
  assert.equal(readFileSync(join(host, 'new'), 'utf8'), 'wri')
  assert.equal(task.outcome('mkdir', '/h/sub', 0o755), 0)
  assert.equal(task.outcome('rename', '/h/new', '/h/sub/moved'), 0)
  assert.equal(task.outcome('pwrite64', fd, BUFFER, task.put('X'), 0), 1)
  assert.equal(readFileSync(join(host, 'sub', 'moved'), 'utf8'), 'Xri')
  assert.equal(task.outcome('unlink', '/h/dir/file'), 0)
  assert.equal(task.outcome('rmdir', '/h/dir'), 0)
  assert.deepEqual(readdirSync(host).toSorted(), ['absolute', 'out', 'sub', 'up'])
})

test('what the host changes in a writable directory is seen', context => {
  const { task, host } = prepared(context, true)
  assert.equal(read(task, '/h/dir/file'), 'of the host')
  writeFileSync(join(host, 'dir', 'file'), 'something else, and longer')
  assert.equal(read(task, '/h/dir/file'), 'something else, and longer')
  assert.equal(read(task, '/h/later'), 'ENOENT')
  writeFileSync(join(host, 'later'), 'now')
  assert.equal(read(task, '/h/later'), 'now')
})

test('a link that a guest makes in a writable directory leads within the world', context => {
  const { task } = prepared(context, true)
  assert.equal(task.outcome('symlink', '/etc/passwd', '/h/mine'), 0)
  assert.equal(read(task, '/h/mine'), 'ENOENT')
  assert.equal(task.outcome('openat', -100, '/h/mine', O_WRONLY | O_CREAT, 0o644), 'ENOENT')
})
