/**
 * Binds that programs change in memory: a program does with a tree in an overlay what it does with
 * a copy of the tree natively, errno for errno, and the tree of the host stays as it is.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { openBox, run } from '#glassbox/index.js'
import { O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY } from '#glassbox/linux/constants.js'
import { BUFFER, FileTask, ownCredentials } from '../../support/kernel/file-task.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'

const NOBODY = 65_534
const isRoot = process.getuid?.() === 0

/** What `file-overlay.c` changes. */
function makeTree(top: string): void {
  const at = (name: string): string => join(top, name)
  chmodSync(top, 0o755)
  for (const name of ['dir', 'dir/deep', 'empty', 'tree', 'tree/one', 'tree/two', 'many']) mkdirSync(at(name))
  const pattern = Buffer.from(Array.from({ length: 700_001 }, (_, index) => (index * 7 + (index >> 8)) & 255))
  const files = {
    file: 'text below',
    private: 'private',
    readonly: 'may only be read',
    emptied: 'gone',
    locked: 'l',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text)
  for (const name of ['big', 'cut']) writeFileSync(at(name), pattern)
  for (const name of ['dir/a', 'dir/b', 'dir/deep/c', 'tree/one/x']) writeFileSync(at(name), `at ${name}`)
  for (let index = 0; index < 60; index++) writeFileSync(at(`many/n${index}`), '')
  writeFileSync(at('linked1'), 'linked')
  linkSync(at('linked1'), at('linked2'))
  writeFileSync(at('sparse'), '')
  truncateSync(at('sparse'), 2 ** 30)
  writeFileSync(at('sparse'), 'data', { flag: 'a' })
  symlinkSync('dir/a', at('link'))
  symlinkSync('nowhere', at('dangling'))
  chmodSync(at('private'), 0o600)
  chmodSync(at('readonly'), 0o444)
  assert.equal(spawnSync('mkfifo', ['-m', '644', at('fifo')]).status, 0)
}

/** Everything that is beneath a directory: names, modes, links, owners, times, contents. */
function fingerprint(top: string): string {
  const hash = createHash('sha256')
  const visit = (path: string): void => {
    const { mode, nlink, uid, gid, size, mtimeMs, ctimeMs } = lstatSync(path)
    hash.update(`${path} ${mode} ${nlink} ${uid} ${gid} ${size} ${mtimeMs} ${ctimeMs}\n`)
    const type = mode & 0o170000
    if (type === 0o040000) for (const name of readdirSync(path).toSorted()) visit(join(path, name))
    else if (type === 0o120000) hash.update(readlinkSync(path))
    else if (type === 0o100000 && size < 2 ** 24) hash.update(readFileSync(path))
  }
  visit(top)
  return hash.digest('hex')
}

/** What the program prints in a copy of the tree, without a box. */
function natively(path: string, tree: string): string {
  const cwd = mkdtempSync('/dev/shm/glassbox-overlay-')
  try {
    assert.equal(spawnSync('cp', ['-a', '--sparse=always', `${tree}/.`, cwd]).status, 0)
    if (isRoot) assert.equal(spawnSync('chown', ['-Rh', `${NOBODY}:${NOBODY}`, cwd]).status, 0)
    const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {}
    const { stdout, status } = spawnSync(path, { ...user, cwd, encoding: 'utf8', timeout: 30_000 })
    assert.equal(status, 0, 'the program ends natively')
    return stdout
  } finally {
    rmSync(cwd, { recursive: true, force: true })
  }
}

test('a program changes a tree in memory as it changes a copy natively, and the host keeps its own', async context => {
  const tree = temporaryDirectory(context)
  makeTree(tree)
  const path = program('kernel/file-overlay')
  const expected = natively(path, tree)
  const before = fingerprint(tree)
  const binds = [{ source: dirname(path) }, { source: tree, target: '/tree', writable: 'copy' }] as const
  const { stdout, stderr, exitCode } = await run(path, [], { runner: 'kernel', binds, cwd: '/tree' })
  assert.deepEqual(stdout.split('\n'), expected.split('\n'), stderr)
  assert.equal(exitCode, 0)
  assert.equal(fingerprint(tree), before)
})

test('changes stay for the next program of a box, and are not in the next box', async context => {
  const tree = temporaryDirectory(context)
  writeFileSync(join(tree, 'file'), 'host')
  chmodSync(tree, 0o755)
  const options = { runner: 'kernel', binds: [{ source: tree, target: '/t', writable: 'copy' }] } as const
  const shell = async (box: Awaited<ReturnType<typeof openBox>>, line: string): Promise<string> =>
    (await box.run('/bin/sh', ['-c', line])).stdout
  const box = await openBox(options)
  try {
    assert.equal(await shell(box, 'echo box > /t/file; cat /t/file'), 'box\n')
    assert.equal(await shell(box, 'cat /t/file; cp /t/file /box/result'), 'box\n')
    assert.equal(Buffer.from(await box.readFile('result')).toString(), 'box\n')
  } finally {
    await box.close()
  }
  const next = await openBox(options)
  try {
    assert.equal(await shell(next, 'cat /t/file'), 'host')
  } finally {
    await next.close()
  }
})

/** A task that sees a tree of the host as an overlay with these limits. */
function prepared(
  context: TestContext,
  copy: { bytes: number; inodes: number },
): { task: FileTask; host: string } {
  const host = temporaryDirectory(context)
  writeFileSync(join(host, 'big'), Buffer.alloc(100_000, 'b'))
  for (const name of ['one', 'two', 'three']) writeFileSync(join(host, name), name)
  cpSync(join(host, 'big'), join(host, 'other'))
  const bind = { source: host, target: '/h', directory: true, writable: false, copy }
  const task = new FileTask({ binds: [bind] }, ownCredentials())
  context.after(() => task.root.close())
  return { task, host }
}

test('a copy that is beyond the limit of bytes is ENOSPC, and the file stays as it was', context => {
  const { task } = prepared(context, { bytes: 128 * 1024, inodes: 100 })
  assert.equal(task.outcome('openat', -100, '/h/big', O_RDWR, 0), 0)
  assert.equal(task.outcome('openat', -100, '/h/other', O_RDWR, 0), 'ENOSPC')
  const fd = task.call('openat', -100, '/h/other', O_RDONLY, 0)
  assert.equal(task.outcome('pread64', fd, BUFFER, 8, 99_992), 8)
  assert.equal(task.text(8), 'bbbbbbbb')
  assert.equal(task.outcome('truncate', '/h/other', 5), 0, 'only what stays is copied')
  assert.equal(task.outcome('pread64', fd, BUFFER, 100, 0), 5)
  assert.equal(task.outcome('unlink', '/h/big'), 0)
  assert.equal(task.outcome('close', 0), 0)
  assert.equal(
    task.outcome('pwrite64', task.call('openat', -100, '/h/new', 0o102, 0o644), BUFFER, 90_000, 0),
    90_000,
  )
})

test('changed files count as inodes, and give them back when they are removed', context => {
  const { task } = prepared(context, { bytes: 2 ** 20, inodes: 2 })
  assert.equal(task.outcome('chmod', '/h/one', 0o600), 0)
  assert.equal(task.outcome('chmod', '/h/one', 0o640), 0)
  assert.equal(task.outcome('truncate', '/h/two', 0), 0)
  assert.equal(task.outcome('chmod', '/h/three', 0o600), 'ENOSPC')
  assert.equal(task.outcome('openat', -100, '/h/three', O_WRONLY | O_TRUNC, 0), 'ENOSPC')
  assert.equal(task.outcome('mkdir', '/h/new', 0o700), 'ENOSPC')
  assert.equal(task.outcome('unlink', '/h/one'), 0)
  assert.equal(task.outcome('mkdir', '/h/new', 0o700), 0)
})

test('the namespace runner refuses such a bind and names the runner that has it', async () => {
  const binds = [{ source: '/usr', target: '/t', writable: 'copy' }] as const
  const refused = async (): Promise<unknown> => run('true', [], { runner: 'namespace', binds })
  await assert.rejects(refused, /only the kernel runner has them/)
})
