/**
 * Paths that the caller names below a writable bind: a program may have left a link there, and
 * glassbox must not follow it. Paths elsewhere belong to the caller and are opened as named.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createPool, openBox } from '#glassbox/index.js'
import { command } from '../support/command.js'
import { guard, needsRoot } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const world = guard()
const handed = program('handed')

/** A writable bind in which a program has left links, a FIFO and a file. */
function tampered(context: TestContext): { work: string; victim: string; bind: string } {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  const work = join(directory, 'work')
  const victim = join(directory, 'victim')
  mkdirSync(work)
  chmodSync(work, 0o777)
  mkdirSync(victim)
  writeFileSync(join(victim, 'file'), world.secret)
  chmodSync(join(victim, 'file'), 0o600)
  for (const [target, name] of [
    [join(victim, 'file'), 'file'],
    [victim, 'directory'],
  ] as const) {
    const { status } = spawnSync(process.execPath, [
      command,
      ...['run', '--quiet', '--bind', `${work}:/shared:rw`, '--', handed, 'link', target, `/shared/${name}`],
    ])
    assert.equal(status, 0)
  }
  return { work, victim, bind: `${work}:/shared:rw` }
}

const glassbox = (words: readonly string[], cwd: string): { status: number | null; stderr: string } =>
  spawnSync(process.execPath, [command, 'run', '--quiet', ...words], {
    cwd,
    encoding: 'utf8',
    timeout: 20_000,
    input: '',
  })

/** Each opens what lies in the writable bind for the caller. `--` and the program follow. */
const OPENERS: readonly { name: string; words: (path: string) => string[] }[] = [
  { name: '--copy-in', words: path => ['--copy-in', `${path}:in`, '--copy-out', 'in:../out'] },
  { name: '--stdin', words: path => ['--stdin', path, '--stdout', '../out'] },
  { name: '--stdout', words: path => ['--stdout', path] },
  { name: '--stderr', words: path => ['--stderr', path] },
  { name: '--trace', words: path => ['--trace', path] },
  { name: '--bind', words: path => ['--stdout', '../out', '--bind', `${path}:/other`] },
]

for (const { name, words } of OPENERS) {
  test(`${name} follows no link below a directory that is bound writable [FS-01, FS-02, FS-04]`, context => {
    const { work, victim, bind } = tampered(context)
    assert.equal(readFileSync(join(work, 'file'), 'utf8'), world.secret, 'a reader that follows is led there')
    const alias = join(work, '../alias')
    symlinkSync(work, alias)
    for (const path of [
      'file',
      'directory/file',
      '../work/file',
      join(alias, 'file'),
      join(work, 'directory/file'),
    ]) {
      const script = 'cat; cat /other; cat /other/file; echo changed; echo changed >&2'
      const { status, stderr } = glassbox(['--bind', bind, ...words(path), '--', 'sh', '-c', script], work)
      assert.equal(status, 125, `${path}: ${stderr}`)
      assert.match(stderr, /symbolic link|ELOOP/)
      assert.equal(readFileSync(join(victim, 'file'), 'utf8'), world.secret)
      assert.equal(existsSync(join(work, '../out')), false)
    }
    writeFileSync(join(work, 'plain'), 'plain')
    const { status, stderr } = glassbox(['--bind', bind, ...words('plain'), '--', 'cat'], work)
    assert.equal(status, 0, `a file itself can be named: ${stderr}`)
  })
}

test('a program that is a link below a writable bind is not shown in the box [FS-01]', context => {
  const { work, bind } = tampered(context)
  chmodSync(join(work, '../victim/file'), 0o755)
  const { status, stderr } = glassbox(['--bind', bind, '--', './file'], work)
  assert.equal(status, 125)
  assert.match(stderr, /symbolic link/)
})

test('--copy-out writes through no link that a program left under its name [FS-01, FS-04, FS-05]', context => {
  const { work, victim, bind } = tampered(context)
  const make = ['--', 'sh', '-c', 'echo result > made; chmod 755 made']
  const before = statSync(join(victim, 'file'))
  assert.equal(glassbox(['--bind', bind, '--copy-out', 'made:file', ...make], work).status, 0)
  const after = statSync(join(victim, 'file'))
  assert.deepEqual([after.mode, after.mtimeMs, after.ino], [before.mode, before.mtimeMs, before.ino])
  assert.equal(readFileSync(join(victim, 'file'), 'utf8'), world.secret)
  assert.equal(readFileSync(join(work, 'file'), 'utf8'), 'result\n', 'the link is replaced')
  assert.equal(statSync(join(work, 'file')).mode & 0o777, 0o755)

  const other = glassbox(['--bind', bind, '--copy-out', 'made:directory/new', ...make], work)
  assert.equal(other.status, 125)
  assert.match(other.stderr, /symbolic link/)
  assert.equal(existsSync(join(victim, 'new')), false)
})

test('--copy-out is not blocked by a FIFO that a program left under its name [FS-07]', context => {
  const { work, bind } = tampered(context)
  const leave = ['--', 'sh', '-c', 'mkfifo /shared/fifo; echo result > made']
  assert.equal(glassbox(['--bind', bind, '--copy-out', 'made:fifo', ...leave], work).status, 0)
  assert.equal(readFileSync(join(work, 'fifo'), 'utf8'), 'result\n')
})

test('--copy-out elsewhere follows the caller’s own links', context => {
  const directory = temporaryDirectory(context)
  mkdirSync(join(directory, 'real'))
  symlinkSync('real/file', join(directory, 'link'))
  const make = ['--', 'sh', '-c', 'echo result > made']
  assert.equal(glassbox(['--copy-out', 'made:link', ...make], directory).status, 0)
  assert.equal(readFileSync(join(directory, 'real/file'), 'utf8'), 'result\n')
})

test('--copy-out to a device or a pipe replaces neither', { skip: needsRoot }, context => {
  const directory = temporaryDirectory(context)
  const make = ['--', 'sh', '-c', 'echo result > made']
  // What Node gives its children is a socket, which has no name to be opened by.
  const script = '"$0" "$@" | cat'
  const words = [command, 'run', '--quiet', '--copy-out', 'made:/dev/stdout', ...make]
  const { stdout } = spawnSync('sh', ['-c', script, process.execPath, ...words], {
    cwd: directory,
    encoding: 'utf8',
  })
  assert.equal(stdout, 'result\n')
  assert.equal(glassbox(['--copy-out', 'made:/dev/null', ...make], directory).status, 0)
  assert.ok(statSync('/dev/null').isCharacterDevice())
})

test('a box recognises its writable directory under another name, and from another current directory [FS-01]', async context => {
  const { work, victim } = tampered(context)
  const before = process.cwd()
  context.after(() => process.chdir(before))
  process.chdir(join(work, '..'))
  const binds = [{ source: 'work', target: '/shared', writable: true }]
  await using box = await openBox({ binds })
  await using pool = await createPool({ size: 1, binds })
  process.chdir(before)
  const refused = { code: 'ERR_GLASSBOX_FILE', message: /symbolic link/ }
  for (const place of [box, pool])
    await assert.rejects(async () => place.run('cat', [], { stdin: { file: join(work, 'file') } }), refused)
  const files = { in: { file: join(work, 'directory/file') } }
  await assert.rejects(async () => pool.run('cat', ['in'], { files }), refused)
  const { stdout } = await box.run('cat', [], { stdin: { file: join(victim, 'file') } })
  assert.equal(stdout, world.secret, 'elsewhere it can be named')
})
