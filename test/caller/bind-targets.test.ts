/**
 * Targets of binds that the box has itself. Each works, and shows exactly the source, or is
 * refused by name before a box is made. Nothing fails in the set-up.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createPool, run, type RunOptions } from '#glassbox/index.js'
import { hostRoot } from '#glassbox/rootfs/host.js'
import { IDENTITY_FILES } from '#glassbox/rootfs/identity.js'
import { root } from '../support/hostile.js'
import { temporaryDirectory } from '../support/temporary.js'

const index = pathToFileURL(
  fileURLToPath(new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url)),
).href

/** A directory with the file `mine`, for every user. */
function source(context: TestContext): { readonly directory: string; readonly file: string } {
  const directory = join(temporaryDirectory(context), 'source')
  mkdirSync(directory)
  chmodSync(join(directory, '..'), 0o755)
  writeFileSync(join(directory, 'mine'), 'of the caller')
  return { directory, file: join(directory, 'mine') }
}

/** Always refused: without these a box is none. */
const CLOSED = [
  '/proc',
  '/proc/1',
  '/proc/sys/kernel',
  '/.host',
  '/.host/etc',
  '/dev',
  '/dev/fd',
  '/dev/stdin',
]
/** Directories of a box: only a directory can replace them. */
const DIRECTORIES = [
  '/box',
  '/tmp',
  '/dev/shm',
  '/etc',
  '/etc/ssl',
  '/usr',
  '/usr/bin',
  '/bin',
  '/lib',
  '/var',
]
/** Files of a box: only a file can replace them. */
const FILES = [
  ...IDENTITY_FILES,
  ...['/etc/resolv.conf', '/etc/ld.so.cache', '/dev/null', '/dev/random', '/usr/bin/env', '/bin/cat'],
]
/** Nothing is there. */
const FREE = [
  '/data',
  '/etc/new',
  '/etc/ssl/new',
  '/var/new',
  '/dev/new',
  '/box/in/it',
  '/tmp/a',
  '/home',
  '/root',
]

interface Case {
  readonly target: string
  readonly net: 'none' | 'host'
  /** What kinds of source work. */
  readonly works: readonly ('directory' | 'file')[]
}

const there = (target: string): boolean =>
  spawnSync('test', ['-e', target]).status === 0 || !target.startsWith('/etc/l')

const CASES: readonly Case[] = (['none', 'host'] as const).flatMap(net => [
  ...CLOSED.map(target => ({ target, net, works: [] })),
  ...DIRECTORIES.filter(there).map(target => ({ target, net, works: ['directory'] as const })),
  ...FILES.filter(there).map(target => ({ target, net, works: ['file'] as const })),
  ...FREE.map(target => ({ target, net, works: ['directory', 'file'] as const })),
])

/** Static, so that it runs also if the host's libraries are hidden. */
function probe(context: TestContext): string {
  const path = join(temporaryDirectory(context), 'probe')
  const code = `#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(int n, char **a) {
  char name[256], text[64] = "";
  snprintf(name, sizeof name, "%s/mine", a[1]);
  int f = open(name, O_RDONLY);
  int directory = f >= 0;
  if (!directory) f = open(a[1], O_RDONLY);
  read(f, text, sizeof text - 1);
  printf("%s %s", directory ? "directory" : "file", text);
  return 0;
}`
  const { status, stderr } = spawnSync('cc', ['-static', '-w', '-x', 'c', '-o', path, '-'], {
    input: code,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stderr)
  chmodSync(path, 0o755)
  chmodSync(join(path, '..'), 0o755)
  return path
}

/** Every case, in a process of its own, with that user. */
const ALL = `import { run } from ${JSON.stringify(index)}
  const { probe, cases } = JSON.parse(process.env.CASES)
  const outcomes = []
  for (const { target, net, source } of cases)
    outcomes.push(await run('/probe', [target], { net, binds: [{ source, target }, { source: probe, target: '/probe' }] }).then(
      ({ stdout, stderr, status }) => stdout || stderr || status,
      error => [error.code, error.option, error.message].join(' ')))
  console.log(JSON.stringify(outcomes))`

for (const uid of root ? [0, 65_534] : [process.getuid?.() ?? 0]) {
  test(`each target works or is refused before a box is made, as uid ${uid}`, context => {
    const { directory, file } = source(context)
    const cases = CASES.flatMap(one =>
      (['directory', 'file'] as const).map(kind => ({
        ...one,
        kind,
        source: kind === 'directory' ? directory : file,
      })),
    )
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', ALL], {
      encoding: 'utf8',
      cwd: '/',
      env: { ...process.env, CASES: JSON.stringify({ probe: probe(context), cases }) },
      ...(root ? { uid, gid: uid } : {}),
    })
    const outcomes = JSON.parse(stdout || stderr) as string[]
    assert.equal(outcomes.length, cases.length)
    for (const [i, { target, kind, works, net }] of cases.entries()) {
      const what = `${kind} at ${target}, network ${net}`
      if ((works as readonly string[]).includes(kind))
        assert.equal(outcomes[i], `${kind} of the caller`, what)
      else
        assert.match(
          outcomes[i] ?? '',
          /^ERR_GLASSBOX_INVALID_OPTION binds\[0\]\.target Cannot bind to \//,
          what,
        )
    }
  })
}

const refused = async (options: RunOptions, option: string, message: RegExp): Promise<void> =>
  assert.rejects(async () => run('true', [], options), {
    code: 'ERR_GLASSBOX_INVALID_OPTION',
    option,
    message,
  })

test('a target below a file, or below a directory of the host that lacks it, is refused', async context => {
  const { directory, file } = source(context)
  const at = (target: string, from = file): RunOptions => ({ binds: [{ source: from, target }] })
  await refused(at('/etc/passwd/x'), 'binds[0].target', /\/etc\/passwd is a file/)
  await refused(at('/usr/no-such-file'), 'binds[0].target', /does not exist/)
  await refused(at('/bin/no-such-file'), 'binds[0].target', /does not exist/)
  await refused(
    at('/usr/bin/env', directory),
    'binds[0].target',
    /it is a file, but the source is a directory/,
  )
  const twice = {
    binds: [
      { source: directory, target: '/usr/bin' },
      { source: directory, target: '/bin' },
    ],
  }
  if (hostRoot().links.some(({ path }) => path === '/bin'))
    await refused(twice, 'binds[1].target', /the same as the target of binds\[0\]/)
})

test('a target inside another bind has to be there, if that bind is read-only', async context => {
  const { directory, file } = source(context)
  mkdirSync(join(directory, 'sub'))
  symlinkSync('/etc', join(directory, 'link'))
  const inside = (target: string, writable = false, from = file): RunOptions => ({
    binds: [
      { source: directory, target: '/data', writable },
      { source: from, target },
    ],
  })
  await refused(inside('/data/new'), 'binds[1].target', /does not exist in the bind of .* read-only/)
  await refused(inside('/data/sub'), 'binds[1].target', /it is a directory in the bind/)
  await refused(inside('/data/link/x'), 'binds[1].target', /it is a link in the bind/)
  await refused(inside('/data/mine/x'), 'binds[1].target', /it is below a file in the bind/)
  const shown = await run('cat', ['/data/mine'], inside('/data/mine'))
  assert.equal(shown.stdout, 'of the caller', 'control: it works')
  assert.deepEqual(readdirSync(directory).toSorted(), ['link', 'mine', 'sub'], 'nothing was made there')
})

test('a pool keeps a bind in the place of a writable directory, and the others are fresh', async context => {
  const { directory } = source(context)
  for (const target of ['/tmp', '/box', '/dev/shm', '/etc']) {
    await using pool = await createPool({ size: 1, binds: [{ source: directory, target }] })
    const other = target === '/tmp' ? '/dev/shm' : '/tmp'
    const words = ['-c', `cat ${target}/mine; ls ${other}; echo x > ${other}/left`]
    for (let i = 0; i < 3; i++) assert.equal((await pool.run('sh', words)).stdout, 'of the caller', target)
  }
})
