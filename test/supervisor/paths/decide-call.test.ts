/**
 * Decisions about calls of a real program: each call is compared with the same call made freely.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { program } from '../../support/programs.js'
import { temporaryDirectory } from '../../support/temporary.js'
import { callText } from '../support/call-text.js'
import { pathRule as rule } from '../../support/path-rule.js'
import { decided, type Decided } from '../support/decided.js'

/** A directory with a file of each kind. */
function directory(context: TestContext): string {
  const path = `${temporaryDirectory(context)}/top`
  mkdirSync(path)
  writeFileSync(`${path}/file`, 'text')
  writeFileSync(`${path}/other`, '')
  chmodSync(`${path}/other`, 0o640)
  mkdirSync(`${path}/sub`)
  writeFileSync(`${path}/sub/inner`, '')
  symlinkSync('file', `${path}/link`)
  symlinkSync('sub', `${path}/way`)
  symlinkSync('nowhere', `${path}/dangling`)
  symlinkSync('loop', `${path}/loop`)
  symlinkSync('/proc/self/status', `${path}/status`)
  return path
}

const native = (calls: readonly string[], cwd: string): string[] =>
  spawnSync(program('files'), calls, { cwd, encoding: 'utf8' }).stdout.split('\n').slice(0, -1)

const AT_FDCWD = ['-100', '4294967196', '0xffffff9c']
const LONG = 'x'.repeat(300)
const DEEP = 'x/'.repeat(2100)

/** Calls that change nothing. */
const QUESTIONS: readonly string[] = [
  ...[
    'file',
    'link',
    'way/inner',
    'sub/../file',
    './/file',
    'sub/',
    'way/',
    'file/',
    'missing',
    'sub/missing',
  ]
    .concat(['file/inner', 'loop', 'dangling', LONG, DEEP, '', '.', '..', '/', '/usr/bin/env', '/etc/passwd'])
    .flatMap(path => [
      ...[`stat,s:${path},b`, `lstat,s:${path},b`, `readlink,s:${path},b,100`, `access,s:${path},4`],
      ...[`newfstatat,-100,s:${path},b,0`, `newfstatat,-100,s:${path},b,256`, `open,s:${path},0x10000`],
    ]),
  ...AT_FDCWD.map(fd => `newfstatat,${fd},s:file,b,0`),
  ...['stat,0,b', 'stat,1,b', 'stat,s:file,0', 'stat,s:file,1', 'newfstatat,99,s:file,b,0'],
  ...['newfstatat,-1,s:/etc/passwd,b,0', 'newfstatat,-100,s:,b,4096', 'newfstatat,-100,0,b,4096'],
  ...['statx,-100,s:file,0,0x7ff,b', 'statx,-100,s:link,0x100,0x7ff,b', 'statx,-100,s:,0x1000,0x7ff,b'],
  ...['faccessat,-100,s:file,7', 'faccessat2,-100,s:dangling,0,256', 'faccessat2,-100,s:other,2,512'],
  ...['readlinkat,-100,s:link,b,2', 'readlinkat,-100,s:link,b,0', 'readlinkat,-100,s:link,b,-1'],
  ...[
    'statfs,s:/proc,b',
    'getxattr,s:file,s:user.none,b,10',
    'getxattr,s:file,s:,b,10',
    'listxattr,s:file,b,0',
  ],
  ...['getxattrat,-100,s:file,0,s:user.none,b,16', 'listxattrat,-100,s:file,0,b,100'],
  ...['file_getattr,-100,s:file,b,24,0', 'file_getattr,-100,s:file,b,99999,0'],
  ...['chdir,s:sub', 'stat,s:inner,b', 'chdir,s:missing', 'chdir,s:..'],
].map(callText)

const granted = (path: string) => ({ rules: [rule('write', path), rule('read', '/')], cwd: path })

test('a call that is granted gives what it gives without a tracer', context => {
  const path = directory(context)
  // The reading of links changes their access times, so it is done before both runs.
  native(QUESTIONS, path)
  const expected = native(QUESTIONS, path)
  const { lines, denied, kinds } = decided(context, QUESTIONS, granted(path))
  assert.equal(lines.length, QUESTIONS.length)
  for (const [index, line] of lines.entries()) assert.equal(line, expected[index], QUESTIONS[index])
  assert.deepEqual(denied, [])
  assert.ok(kinds.has('done') && kinds.has('allow'))
})

/** The state of everything in a directory. */
const stateOf = (path: string): unknown =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .toSorted()
    .map(name => {
      try {
        const { mode, uid, gid, mtimeMs, size } = statSync(`${path}/${name}`)
        return { name, mode, uid, gid, size, mtimeMs: mtimeMs < 1e12 ? mtimeMs : 'now' }
      } catch (error) {
        return { name, code: (error as NodeJS.ErrnoException).code }
      }
    })

const words = (...values: readonly bigint[]): string =>
  `h:${Buffer.from(BigInt64Array.from(values).buffer).toString('hex')}`

const CHANGES: readonly string[] = [
  ...['chmod,s:file,0600', 'chmod,s:link,0644', 'chmod,s:dangling,0644', 'chmod,s:,0644', 'chmod,1,0644'],
  ...['fchmodat,-100,s:way/inner,0640', 'fchmodat2,-100,s:link,0600,256', 'fchmodat2,-100,s:file,0604,0'],
  ...['open,s:other,0', 'fchmod,$8,0600', 'fchmod,99,0600', 'fchmodat2,$8,s:,0606,4096'],
  ...['open,s:other,0x200000', 'fchmod,$12,0644', 'fsetxattr,$12,s:user.a,s:b,1,0'],
  ...['chown,s:file,-1,-1', 'lchown,s:link,-1,-1', 'fchown,$8,-1,-1', 'fchownat,-100,s:loop,-1,-1,0'],
  ...['fchownat,-100,s:loop,-1,-1,256', 'fchownat,$8,s:,-1,-1,4096'],
  ...[`utime,s:file,${words(5n, 6n)}`, `utimes,s:sub,${words(5n, 6n, 7n, 8n)}`],
  ...[`utimes,s:file,${words(5n, 6n, 7n, 1_000_000n)}`, 'utime,s:sub/inner,0', 'utimes,s:sub/inner,1'],
  ...[`utimensat,$8,0,${words(5n, 6n, 7n, 8n)},0`, `utimensat,-100,s:link,${words(1n, 1n, 1n, 1n)},256`],
  ...[`utimensat,-100,s:file,${words(1n, -1n, 1n, 1n)},0`, `futimesat,-100,s:file,${words(9n, 9n, 9n, 9n)}`],
  ...['utimensat,$12,0,0,0', 'utimensat,-100,s:,0,0'],
  ...[
    'setxattr,s:file,s:user.a,s:value,5,0',
    'setxattr,s:file,s:user.a,s:value,5,1',
    'getxattr,s:file,s:user.a,b,99',
  ],
  ...['getxattr,s:link,s:user.a,b,2', 'getxattr,s:link,s:user.a,0,0', 'lgetxattr,s:link,s:user.a,b,9'],
  ...['lsetxattr,s:link,s:user.a,s:b,1,0', 'fsetxattr,$8,s:user.b,s:c,1,0', 'listxattr,s:file,b,99'],
  ...[
    'listxattr,s:other,b,99',
    'llistxattr,s:link,b,99',
    'removexattr,s:file,s:user.a',
    'removexattr,s:file,s:user.a',
  ],
  ...['fremovexattr,$8,s:user.b', 'lremovexattr,s:link,s:user.b', 'setxattr,s:file,s:none,s:c,1,0'],
  ...[
    'setxattr,s:file,s:user.a,s:value,99999,0',
    'setxattr,s:file,s:user.a,1,5,0',
    `setxattr,s:file,s:user.${LONG},s:a,1,0`,
  ],
  ...['setxattrat,-100,s:file,0,s:user.q,h:00,16', 'removexattrat,-100,s:file,0,s:user.q'],
  ...[
    'mkdir,s:new,0755',
    'mkdirat,-100,s:new/deep,0755',
    'rmdir,s:new/deep',
    'symlink,s:/etc/shadow,s:to',
    'unlink,s:to',
  ],
  ...[
    'rename,s:file,s:moved',
    'link,s:moved,s:file',
    'creat,s:made,0644',
    'truncate,s:made,3',
    'mknod,s:pipe,4516,0',
  ],
  ...[
    'open,s:dangling,66,0600',
    'symlinkat,s:file,-100,s:also',
    'unlinkat,-100,s:also,0',
    'open,s:pipe,0x800',
  ],
].map(callText)

test('a change that is granted is made, as it is made without a tracer', context => {
  const [one, two] = [directory(context), directory(context)]
  const expected = native(CHANGES, one)
  const { lines, denied } = decided(context, CHANGES, { ...granted(two), statAll: true })
  for (const [index, line] of lines.entries()) assert.equal(line, expected[index], CHANGES[index])
  assert.deepEqual(stateOf(two), stateOf(one))
  assert.deepEqual(denied, [])
})

test('a change is denied if the rules let the file only be read, by path and by descriptor', context => {
  const [one, two] = [directory(context), directory(context)]
  const before = stateOf(two)
  const expected = native(CHANGES, one)
  const { lines } = decided(context, CHANGES, { rules: [rule('read', '/')], cwd: two, statAll: true })
  assert.deepEqual(stateOf(two), before)
  assert.notDeepEqual(stateOf(one), before)
  const changed = CHANGES.flatMap((text, index) =>
    expected[index] === '0' && !text.startsWith(`${syscallNumber('open')},`) ? [lines[index]] : [],
  )
  assert.ok(changed.length > 30)
  assert.deepEqual(
    changed.filter(line => !line?.startsWith('-')),
    [],
  )
})

test('a call that makes only what is not there says that it is there, if that may be asked', context => {
  const path = directory(context)
  const calls = [
    ...['mkdir,s:/usr,0755', 'mkdirat,-100,s:sub,0755', 'mknod,s:file,4516,0', 'symlink,s:x,s:dangling'],
    ...['link,s:other,s:file', 'open,s:file,0xc2,0600', 'open,s:dangling,0xc2,0600'],
  ].map(callText)
  const exists = calls.map(() => '-17')
  assert.deepEqual(native(calls, path), exists)
  const rules = [rule('read', '/')]
  const asked = decided(context, calls, { rules: [...rules, rule('write', `${path}/other`)], cwd: path })
  assert.deepEqual([asked.lines, asked.denied], [exists, []])
  const below = calls.slice(1)
  assert.deepEqual(
    decided(context, below, { cwd: path }).lines,
    below.map(() => '-13'),
    'the control: what may not be asked for is denied',
  )
})

test('results are not written where the program itself could not write', context => {
  const path = directory(context)
  const calls = [
    'quiet:mmap,0,4096,1,0x22,-1,0',
    'stat,s:file,$0',
    'quiet:mprotect,$0,4096,3',
    'stat,s:file,$0',
  ]
  const expected = ['-14', '0']
  assert.deepEqual(native(calls.map(callText), path), expected)
  assert.deepEqual(decided(context, calls.map(callText), granted(path)).lines, expected)
})

const WATCHES: readonly string[] = [
  ...['inotify_init1,0', 'inotify_add_watch,$0,s:way,0x100', 'inotify_add_watch,$0,s:link,0x02000002'],
  ...['inotify_add_watch,99,s:sub,1', 'inotify_add_watch,1,s:sub,1', 'creat,s:sub/seen,0600', 'read,$0,b,99'],
  ...['inotify_add_watch,$0,s:file,0x01000002', 'inotify_rm_watch,$0,1'],
].map(callText)

test('a watch on what may be listed or read reports its events', context => {
  const [one, two] = [directory(context), directory(context)]
  const { lines, denied } = decided(context, WATCHES, granted(two))
  assert.deepEqual(lines, native(WATCHES, one))
  assert.match(lines[6] ?? '', new RegExp(Buffer.from('seen').toString('hex')))
  assert.deepEqual(denied, [])
})

test('a watch on what may not be listed or read is denied, even if all attributes may be asked for', context => {
  const path = directory(context)
  const rules = [rule('write', `${path}/sub`)]
  const { lines } = decided(context, WATCHES, { rules, cwd: path, statAll: true })
  assert.deepEqual(lines.slice(0, 3), ['3', '1', '-13'])
})

const deniedBy = (
  context: TestContext,
  calls: readonly string[],
  options: Parameters<typeof decided>[2],
): Decided => decided(context, calls.map(callText), options)

test('an open is denied by the name of its file', context => {
  const calls = [
    'openat,-100,s:/etc/passwd,0',
    'openat,0xffffff9c,s:/etc/shadow,0',
    'open,s:/etc/../etc/shadow,2',
  ]
  const { lines, denied } = deniedBy(context, calls, { rules: [rule('read', '/etc/passwd', 'exact')] })
  assert.deepEqual(lines, ['3', '-13', '-13'])
  assert.deepEqual(denied, ['/etc/shadow; read: /etc/shadow', '/etc/shadow; write: /etc/shadow'])
})
