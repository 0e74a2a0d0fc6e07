/**
 * What the native step decides is what the judge of paths would decide. The same program runs
 * under the same rules twice: the second time, more rules than the native step has room for come
 * first, so that only the judge knows those that matter.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { MOST_PREFIXES } from '#glassbox/gate/generated/layouts.js'
import type { PathRule } from '#glassbox/policy/resolved.js'
import { pathDecisions, supervisedFilter } from '#glassbox/supervisor/filter.js'
import { type Access, pathRule as rule } from '../support/path-rule.js'
import { temporaryDirectory } from '../support/temporary.js'
import { type Outcome, supervise } from './support/supervise.js'

/** Rules that fill the table of the native step. */
const FILLERS: readonly PathRule[] = Array.from({ length: MOST_PREFIXES }, (_, index) =>
  rule('stat', `/not-here-${index}`, 'exact'),
)

/** Rules that grant one directory, or some of it. */
const SCOPES: Readonly<Record<string, (access: Access, path: string) => PathRule[]>> = {
  'a directory': (access, path) => [rule(access, path, 'tree')],
  'what is directly in a directory': (access, path) => [rule(access, path, 'level')],
  'two files': (access, path) => [rule(access, `${path}/file`, 'exact'), rule(access, `${path}/up`, 'exact')],
  'what a pattern matches': (access, path) => [
    rule(access, `${path}/f?l*`, 'glob'),
    rule(access, `${path.replace('/in', '/*')}/**/d*p`, 'glob'),
  ],
}

/**
 * Tries every way to use every name, and prints what comes of it. With another argument it does
 * not ask for attributes.
 */
const SCRIPT = `
import os, sys
root = sys.argv[1]
os.chdir(root + '/in')
names = ['file', 'to-file', 'link', 'missing', 'dir', 'dir/', 'dir/deep', 'file/', 'dangling', 'loop',
  '.', '..', '../secret', '../in/file', 'dir/../file', 'dir/../../secret', './/file', 'x' * 300,
  '/'.join(['dir', '..'] * 90 + ['file']), 'to-proc', 'up/secret', 'up/in/file']
flags = {'r': os.O_RDONLY, 'w': os.O_WRONLY, 'c': os.O_RDONLY | os.O_CREAT, 'wc': os.O_RDWR | os.O_CREAT,
  'x': os.O_WRONLY | os.O_CREAT | os.O_EXCL, 't': os.O_RDONLY | os.O_TRUNC, 'n': os.O_RDONLY | os.O_NOFOLLOW,
  'd': os.O_RDONLY | os.O_DIRECTORY, 'p': os.O_PATH}
def attempt(label, act):
  try: act(); print(label, 'ok')
  except OSError as e: print(label, e.errno)
base = os.open('.', os.O_RDONLY)
for name in names:
  for label, flag in flags.items():
    for how, path, fd in (('abs', root + '/in/' + name, None), ('cwd', name, None), ('fd', name, base)):
      attempt(f'{how} {label} {name[-30:]}', lambda: os.close(os.open(path, flag, dir_fd=fd)))
      if label in ('c', 'wc', 'x') and name == 'missing':
        try: os.unlink(name)
        except OSError: pass
for name in names[:8]:
  attempt('unlink ' + name, lambda: os.unlink(name)); attempt('mkdir ' + name, lambda: os.mkdir(name))
  attempt('rmdir ' + name, lambda: os.rmdir(name)); attempt('chdir ' + name, lambda: (os.chdir(name), os.chdir(root + '/in')))
  attempt('exec ' + name, lambda: os.execv(name, [name]))
if sys.argv[2:]: sys.exit()
asks = {'stat': lambda p, fd: shown(os.stat(p, dir_fd=fd)), 'lstat': lambda p, fd: shown(os.lstat(p, dir_fd=fd)),
  'access': lambda p, fd: os.access(p, os.R_OK, dir_fd=fd), 'readlink': lambda p, fd: os.readlink(p, dir_fd=fd)}
def shown(found): return found.st_mode, found.st_size, found.st_nlink
def told(label, ask):
  try: print(label, ask())
  except OSError as e: print(label, e.errno)
for name in [*names, 'in', 'closed/file', '/', '/usr', '/etc/hostname', '/proc/self/status', '/dev/null', 'umlaut-\u00fc']:
  for label, ask in asks.items():
    for how, path, fd in (('abs', os.path.join(root, 'in', name), None), ('cwd', name, None), ('fd', name, base)):
      told(f'{how} {label} {name[-30:]}', lambda: ask(path, fd))
told('fstat', lambda: shown(os.fstat(base)))
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
def statx(path, flags, fd=base, at=None):
  bytes = ctypes.create_string_buffer(256)
  result = libc.syscall(332, fd, path, flags, 0x7ff, bytes if at is None else at)
  return (result, bytes.raw[:8] + bytes.raw[16:32] + bytes.raw[40:44] if at is None else b'') if result == 0 else -ctypes.get_errno()
for path in b'file', b'link', b'missing', b'', b'dir': 
  for flags in 0, 0x100, 0x800, 0x1000, 0x1100, 0x2000, 0x6000, 0x40000:
    told(f'statx {path} {flags}', lambda: statx(path, flags))
told('statx to nowhere', lambda: statx(b'file', 0, at=ctypes.c_void_p(8)))
told('stat to nowhere', lambda: (libc.syscall(262, base, b'file', ctypes.c_void_p(8), 0), ctypes.get_errno()))
told('access with a wrong mode', lambda: (libc.syscall(21, b'file', 64), ctypes.get_errno()))
told('readlink to no room', lambda: (libc.syscall(89, b'link', ctypes.create_string_buffer(8), 0), ctypes.get_errno()))
attempt('outside', lambda: os.mkdir('../new'))
`

interface Case {
  readonly scope: string
  readonly access: Access
  readonly statAll: boolean
}

async function run(
  { scope, access, statAll }: Case,
  first: readonly PathRule[],
  context: TestContext,
): Promise<Outcome & { root: string }> {
  const root = temporaryDirectory(context)
  chmodSync(root, 0o777)
  for (const name of ['in', 'in/dir']) {
    mkdirSync(join(root, name))
    chmodSync(join(root, name), 0o777)
  }
  for (const name of ['in/file', 'in/dir/deep', 'secret']) {
    writeFileSync(join(root, name), '')
    chmodSync(join(root, name), 0o666)
  }
  for (const [name, target] of Object.entries({
    'to-file': 'file',
    link: '../secret',
    dangling: '../made',
    loop: 'loop',
    up: '..',
    'to-proc': '/proc/self/status',
  }))
    symlinkSync(target, join(root, 'in', name))
  // Only this process may look into it, if it is root.
  mkdirSync(join(root, 'in/closed'), { mode: 0o700 })
  writeFileSync(join(root, 'in/closed/file'), '')
  const rules = [
    ...first,
    ...['/usr', '/lib', '/lib64'].map(path => rule('execute', path, 'tree')),
    rule('read', '/etc/ld.so.cache', 'exact'),
    rule('list', join(root, 'in'), 'exact'),
    ...(SCOPES[scope]?.(access, join(root, 'in')) ?? []),
  ]
  const paths = { tier: 'named', rules, statAll, denied: { kind: 'errno', errno: 13 } } as const
  const policy = {
    name: 'test',
    rules: [],
    otherwise: { kind: 'allow' },
    paths,
    needsTracer: undefined,
  } as const
  const terms = { tier: 'named', countsProcesses: false, net: 'host' } as const
  const { filter, decisions } = supervisedFilter(policy, terms)
  const decided = { ...decisions, paths: pathDecisions(paths, { work: root, program: '/usr/bin/python3' }) }
  const outcome = await supervise(
    '/usr/bin/python3',
    ['-ISc', SCRIPT, root, ...(statAll ? ['no attributes'] : [])],
    {
      spec: () => ({ filter, decisions: decided }),
    },
  )
  return { ...outcome, root }
}

const TREE = 'a directory'
const CASES: readonly Case[] = [
  ...(['read', 'write', 'execute', 'list'] as const).map(access => ({ scope: TREE, access, statAll: true })),
  ...(['read', 'stat'] as const).map(access => ({ scope: TREE, access, statAll: false })),
  ...Object.keys(SCOPES)
    .filter(scope => scope !== TREE)
    .map(scope => ({ scope, access: 'write', statAll: false }) as const),
]

for (const each of CASES) {
  const { scope, access, statAll } = each
  const stat = statAll ? 'of all files' : 'of what the policy grants'
  test(`"${access}" for ${scope}, attributes ${stat}: the native step decides what the judge would`, async context => {
    const native = await run(each, [], context)
    const judged = await run(each, FILLERS, context)
    assert.deepEqual(native.ending.exit, { code: 0 }, native.stdout)
    const lines = ({ stdout, root }: typeof native): string[] => stdout.replaceAll(root, 'ROOT').split('\n')
    assert.deepEqual(lines(native), lines(judged))
    const denials = ({ ending, root }: typeof native): unknown[] => [
      ...ending.denials.map(({ syscall, path }) => [
        syscall,
        path?.replace(root, '').replace(/^\/proc\/\d+/, '/proc/PID'),
      ]),
      ending.moreDenials,
    ]
    assert.deepEqual(denials(native), denials(judged))
    assert.ok(native.ending.denials.length > 0)
  })
}
