/**
 * What passes in the native step is what the judge of paths would allow. The same program runs
 * twice: under rules that the native step knows, and under globs, which only the judge knows.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { PathRule } from '#glassbox/policy/resolved.js'
import { pathDecisions, supervisedFilter } from '#glassbox/supervisor/filter.js'
import { type Access, pathRule as rule } from '../support/path-rule.js'
import { temporaryDirectory } from '../support/temporary.js'
import { type Outcome, supervise } from './support/supervise.js'

/** Rules for a tree: one that the native step knows, or one that it does not. */
const WAYS: Readonly<Record<'native' | 'judged', (access: Access, path: string) => PathRule[]>> = {
  native: (access, path) => [rule(access, path, 'tree')],
  judged: (access, path) => [rule(access, path, 'exact'), rule(access, `${path}/**`, 'glob')],
}

/** Tries every way to use every name, and prints what comes of it. */
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
attempt('outside', lambda: os.mkdir('../new'))
`

async function run(
  way: 'native' | 'judged',
  access: Access,
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
  const rules = [
    ...['/usr', '/lib', '/lib64', '/etc'].map(path => rule('execute', path, 'tree')),
    ...WAYS[way](access, join(root, 'in')),
  ]
  const paths = { tier: 'named', rules, statAll: true, denied: { kind: 'errno', errno: 13 } } as const
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
  const outcome = await supervise('/usr/bin/python3', ['-c', SCRIPT, root], {
    spec: () => ({ filter, decisions: decided }),
  })
  return { ...outcome, root }
}

for (const access of ['read', 'write', 'execute', 'list'] as const)
  test(`a directory of which the policy grants "${access}": the native step allows what the judge allows`, async context => {
    const native = await run('native', access, context)
    const judged = await run('judged', access, context)
    assert.deepEqual(native.ending.exit, { code: 0 }, native.stdout)
    assert.deepEqual(native.stdout.split('\n'), judged.stdout.split('\n'))
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
