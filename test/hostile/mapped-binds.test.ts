/**
 * As root, the caller's folder belongs to the program (container/idmap/). So the guard alone keeps
 * it from leaving files there that run as root of the host. The control is the same box without
 * the guard: every way works in it.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  openSync,
  closeSync,
  readFileSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Container } from '#glassbox/container/container.js'
import { launchPlan } from '#glassbox/container/launch-plan.js'
import { preparePlan } from '#glassbox/container/prepare-plan.js'
import { CPU_SOURCE } from '#glassbox/container/wire.js'
import { createPool, run } from '#glassbox/index.js'
import { owningOf } from '#glassbox/runners/root/binds/owned.js'
import { boxRoot } from '#glassbox/runners/root/box-root.js'
import { checkBox } from '#glassbox/run/check.js'
import { HostPaths } from '#glassbox/stdio/host-paths.js'
import { guard, needsRoot } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

guard()
const guest = program('setid')

/** A folder of root that nobody else may enter. */
function folder(context: TestContext): string {
  const path = join(temporaryDirectory(context), 'folder')
  mkdirSync(path, { mode: 0o700 })
  return path
}

const bindsOf = (source: string): { source: string; target: string; writable?: boolean }[] => [
  { source, target: '/folder', writable: true },
  { source: guest, target: '/guest' },
]

/** Runs the guest as the user of a box that has every wall but the filter. */
async function withoutFilter(source: string, args: readonly string[]): Promise<string> {
  const box = checkBox({ binds: bindsOf(source) })
  const root = boxRoot(box, [], new HostPaths(box.binds), owningOf(true))
  const container = await Container.open({ hostname: 'box', network: true, ...root })
  const output = join(source, '..', 'output')
  const descriptors = [openSync('/dev/null', 'r'), openSync(output, 'w'), openSync(output, 'a')]
  try {
    const ready = container.prepare(preparePlan({ cwd: '/box', identity: container.identity }), [])
    const execution = { path: '/guest', argv: ['guest', '/folder', ...args], env: {}, cwd: '/', rlimits: [] }
    const { plan, started } = launchPlan(execution)
    const header = {
      ...{ cpuLimitNs: 0n, wallLimitNs: 10_000_000_000n, memoryLimit: 0n, cpuSource: CPU_SOURCE.none },
      ...{ watch: false, listenerSlot: undefined, startedSlot: started.slot },
    }
    await Promise.all([ready, container.launch({ plan, header, descriptors }).ended])
  } finally {
    for (const fd of descriptors) closeSync(fd)
    await container.close()
  }
  return readFileSync(output, 'utf8')
}

/** What the host finds in the folder, as lines of find(1) and getcap(8). */
function found(path: string): readonly string[] {
  const dangerous = ['(', '-perm', '/6000', '-type', 'f', '-o', '-type', 'c', '-o', '-type', 'b', ')']
  const files = execFileSync('find', [path, ...dangerous, '-printf', '%f %u\n'], { encoding: 'utf8' })
  const script = `import os, sys
for name in os.listdir(sys.argv[1]):
    if 'security.capability' in os.listxattr(os.path.join(sys.argv[1], name), follow_symlinks=False): print(name, 'capable')`
  const capable = execFileSync('python3', ['-c', script, path], { encoding: 'utf8' })
  return (files + capable).split('\n').filter(Boolean).toSorted()
}

const WAYS = ['chmod', 'fchmodat2', 'creat', 'openat', 'mknod', 'tmpfile', 'openat2', 'rename']
const IN_NAMESPACES = ['own-capability', 'overlay']

test('the control: without the guard, programs of root’s folder leave set-user-ID files of root, whiteouts and capabilities [F0]', {
  skip: needsRoot,
}, async context => {
  const path = folder(context)
  const output = await withoutFilter(path, [...WAYS, 'whiteout', ...IN_NAMESPACES])
  const works = (way: string): boolean => output.includes(`${way} 0\n`)
  for (const way of IN_NAMESPACES) if (!works(way)) context.diagnostic(`this host has no ${way}: ${output}`)
  // What the guest made in /tmp of its box cannot be moved to another file system.
  const owned = [...WAYS.filter(way => way !== 'rename'), 'whiteout']
  const expected = [
    ...owned.map(way => `${way} root`),
    ...(works('overlay') ? ['overlay root'] : []),
    ...(works('own-capability') ? ['own-capability capable'] : []),
  ]
  assert.deepEqual(
    found(path).filter(line => !line.startsWith('#')),
    expected.toSorted(),
    output,
  )
})

for (const [name, policy] of [
  ['the default policy', undefined],
  ['no policy', null],
  ['a policy that allows everything', { rules: [], otherwise: { kind: 'allow' } }],
] as const)
  test(`under ${name} a program of root’s folder leaves neither [F0]`, { skip: needsRoot }, async context => {
    const path = folder(context)
    const options = { binds: bindsOf(path), ...(policy === undefined ? {} : { policy }) }
    const { status, stdout } = await run('/guest', ['/folder'], options)
    assert.equal(status, policy === null ? 'exited' : status)
    assert.ok(policy !== null || stdout.includes('chmod 1\n'), stdout)
    assert.deepEqual(found(path), [])
    await using pool = await createPool({ size: 1, binds: bindsOf(path) })
    await pool.run('/guest', ['/folder', ...WAYS], policy === undefined ? {} : { policy })
    assert.deepEqual(found(path), [])
  })

test('a program of the folder reaches nothing else of root: not above it, not beside it, not by its descriptors [FS-01]', {
  skip: needsRoot,
}, async context => {
  const path = folder(context)
  writeFileSync(join(path, '../beside'), 'secret', { mode: 0o600 })
  const script = `cd /folder; cat ../beside; cat /folder/../beside; exec 3</folder; cd -P /proc/self/fd/3/..; pwd -P; cd /folder
    ln -s /etc/shadow link; cat link; cat /etc/shadow; echo x > /etc/x; echo x > /usr/x; kill -9 1; id -u`
  const { stdout, stderr } = await run('sh', ['-c', script], { binds: bindsOf(path).slice(0, 1) })
  assert.doesNotMatch(stdout, /secret|root:/)
  assert.match(stdout, /^\/\n/, 'above the folder is the root of the box')
  assert.match(stdout, /\n1[89]\d{8}\n$/, 'it is another user than root')
  assert.equal(stderr.match(/Read-only|No such file|Permission denied|cannot open/g)?.length, 6, stderr)
})

/** A program changes an executable through a shared mapping, which keeps its set-user-ID bit. */
const MAPPED_WRITE = `import mmap, sys
with open(sys.argv[1], 'r+b') as file:
    mmap.mmap(file.fileno(), 0)[0:1] = b'X'`

test('a set-user-ID file that is there already: the source is refused if it is at its top [FS-25]', {
  skip: needsRoot,
}, async context => {
  const path = folder(context)
  const file = join(path, 'su')
  writeFileSync(file, 'contents')
  chmodSync(file, 0o4755)
  spawnSync('python3', ['-c', MAPPED_WRITE, file])
  assert.deepEqual(
    [readFileSync(file, 'utf8'), lstatSync(file).mode & 0o7777],
    ['Xontents', 0o4755],
    'control',
  )
  const writable = { source: path, target: '/folder', writable: true }
  const refused = {
    code: 'ERR_GLASSBOX_INVALID_OPTION',
    message: /could change \S+\/su, which is a set-user-ID/,
  }
  await assert.rejects(async () => run('true', [], { binds: [writable] }), refused)
  await assert.rejects(
    async () => run('true', [], { binds: [{ ...writable, source: file, target: '/su' }] }),
    refused,
  )
  const runs = async (): Promise<number | undefined> =>
    (await run('true', [], { binds: [writable] })).exitCode
  chmodSync(file, 0o2755)
  await assert.rejects(runs, refused)
  chmodSync(file, 0o2644)
  assert.equal(await runs(), 0, 'the bit of the group alone is no identity')
  chmodSync(file, 0o4755)
  chownSync(file, 33, 33)
  chmodSync(file, 0o4755)
  assert.equal(await runs(), 0, 'the program may not write to the file of another user')
})
