/**
 * "My folder" in a box: the program uses it as its owner does, and what it writes belongs to the
 * owner, whoever runs glassbox and whoever the owner is.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { openBox, run } from '#glassbox/index.js'
import { printed } from '../../support/command.js'
import { guard, needsRoot, root } from '../../support/hostile.js'
import { temporaryDirectory } from '../../support/temporary.js'

guard()
const ORDINARY = 65_534
const dist = fileURLToPath(new URL('../../../../packages/glassbox/dist/', import.meta.url))
const moduleOf = (path: string): string => JSON.stringify(pathToFileURL(join(dist, path)).href)

/** A directory that only its owner may use, with a file and a Git repository of the owner. */
function folder(context: TestContext, owner: number): string {
  const top = temporaryDirectory(context)
  chmodSync(top, 0o755)
  const path = join(top, 'folder')
  mkdirSync(path, 0o700)
  writeFileSync(join(path, 'secret'), 'mine\n', { mode: 0o600 })
  const git = (...words: string[]): void => {
    const { status, stderr } = spawnSync('git', ['-C', path, ...words], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  }
  git('init', '-q')
  git('-c', 'user.name=x', '-c', 'user.email=x@y', 'commit', '-q', '--allow-empty', '-m', 'first')
  if (root) spawnSync('chown', ['-R', `${owner}:${owner}`, path])
  return path
}

/** What the owner of a folder can do in it, and what it then prints. */
const USES: readonly (readonly [script: string, prints: string])[] = [
  ['cat secret', 'mine'],
  ['echo new > file && cat file', 'new'],
  ['echo more >> secret && tail -n1 secret', 'more'],
  ['mkdir -p a/b && cp -p secret a/b && stat -c %a a/b/secret', '600'],
  ['chmod 640 file && stat -c %a file', '640'],
  ['ln secret hard && ln -s secret soft && cat soft | head -n1', 'mine'],
  ['mv file moved && ls moved', 'moved'],
  ['tar cf t.tar a && mkdir x && tar xf t.tar -C x && ls x/a/b', 'secret'],
  ['git status --short | head -n1 | cut -c1-2', '??'],
  ['git log --format=%s', 'first'],
  [
    'git -c user.name=x -c user.email=x@y commit -q --allow-empty -m second; git log --format=%s -1',
    'second',
  ],
  ['test "$(stat -c %u .)" = "$(id -u)" && echo owner', 'owner'],
  ['test "$(stat -c %g secret)" = "$(id -g)" && echo group', 'group'],
  ['chown 0:0 secret 2>&1 | grep -o "Operation not permitted\\|Invalid argument"', 'refused'],
]
const SCRIPT = USES.map(([script]) => `(${script})`).join('\n')
/** Without a user namespace the kernel knows user 0 and says EPERM, with one EINVAL. */
const settled = (text: string): string => text.replace(/Operation not permitted|Invalid argument/, 'refused')

const OWNERS = [
  { who: 'root, in its own folder', ordinary: false, owner: 0, skip: needsRoot },
  { who: 'root, in the folder of another user', ordinary: false, owner: 1234, skip: needsRoot },
  { who: 'an ordinary user', ordinary: true, owner: ORDINARY, skip: false },
] as const

for (const { who, ordinary, owner, skip } of OWNERS)
  test(`a program of ${who} can do there what the owner can, and leaves everything to the owner [C1, L11, F]`, {
    skip,
  }, context => {
    const path = folder(context, owner)
    const { out, err } = printed(
      `import { run } from library
      const binds = [{ source: ${JSON.stringify(path)}, target: '/folder', writable: true }]
      const { stdout, stderr } = await run('sh', ['-c', ${JSON.stringify(`cd /folder\n${SCRIPT}`)}], { binds })
      process.stdout.write(stdout + stderr)`,
      ordinary,
    )
    assert.equal(err, '')
    assert.deepEqual(
      settled(out).trimEnd().split('\n'),
      USES.map(([, prints]) => prints),
    )
    const user = root ? owner : process.getuid?.()
    const others = spawnSync('find', [path, '!', '-uid', String(user), '-o', '!', '-gid', String(user)])
    assert.equal(others.stdout.toString(), '', 'nothing belongs to another user')
    assert.equal(statSync(path).mode & 0o777, 0o700)
  })

test('files of other users in the folder keep their owners, and what all may write can be written', {
  skip: needsRoot,
}, async context => {
  const path = folder(context, 0)
  for (const [name, mode] of [
    ['open', 0o666],
    ['closed', 0o600],
  ] as const) {
    writeFileSync(join(path, name), 'theirs\n')
    chmodSync(join(path, name), mode)
    chownSync(join(path, name), 33, 33)
  }
  const script = 'cd /folder; stat -c %u:%g open; echo more >> open; cat closed; ln open hard; tail -n1 hard'
  const binds = [{ source: path, target: '/folder', writable: true }]
  const { stdout, stderr } = await run('sh', ['-c', script], { binds })
  assert.equal(stdout, '33:33\nmore\n')
  assert.match(stderr, /closed: Permission denied/)
  assert.equal(statSync(join(path, 'open')).uid, 33)
})

test('read-only, a private folder and a private program can be used; a private file in an open folder stays so', {
  skip: needsRoot,
}, async context => {
  const path = folder(context, 0)
  const binds = [{ source: path, target: '/folder' }]
  const cat = async (): Promise<string> =>
    run('sh', ['-c', 'cat /folder/secret; touch /folder/new'], { binds }).then(
      ({ stdout, stderr }) => stdout + stderr,
    )
  assert.match(await cat(), /^mine\n.*Read-only file system/)
  chmodSync(path, 0o755)
  assert.match(await cat(), /secret: Permission denied\n.*Read-only file system/)
  copyFileSync('/bin/echo', join(path, 'tool'))
  chmodSync(join(path, 'tool'), 0o700)
  chmodSync(path, 0o700)
  assert.equal((await run(join(path, 'tool'), ['hi'])).stdout, 'hi\n')
  assert.equal(
    (await run('cat', ['/one'], { binds: [{ source: join(path, 'secret'), target: '/one' }] })).stdout,
    'mine\n',
  )
  assert.equal(existsSync(join(path, 'new')), false)
})

test('a folder as the working directory keeps its mode, and files put into it belong to its owner', {
  skip: needsRoot,
}, async context => {
  const path = folder(context, 1234)
  const binds = [{ source: path, target: '/box', writable: true }]
  await using box = await openBox({ binds, files: { in: 'x' } })
  for (const name of ['one', 'two']) assert.equal((await box.run('touch', [name])).exitCode, 0)
  await box.writeFile('later', 'y')
  for (const name of ['in', 'one', 'two', 'later']) assert.equal(statSync(join(path, name)).uid, 1234, name)
  assert.equal(statSync(path).mode & 0o777, 0o700)
})

test('more owners than init receives maps for are one error', { skip: needsRoot }, async context => {
  const top = temporaryDirectory(context)
  const binds = Array.from({ length: 32 }, (_, index) => {
    const source = join(top, String(index))
    mkdirSync(source)
    chownSync(source, 2000 + index, 0)
    return { source, target: `/data/${index}`, writable: true }
  })
  await assert.rejects(async () => run('true', [], { binds }), {
    option: 'binds',
    message: /belong to 32 owners; a box takes at most 31/,
  })
  const script = 'for i in $(seq 0 30); do echo $i > /data/$i/f || exit 1; done'
  assert.equal((await run('sh', ['-c', script], { binds: binds.slice(0, 31) })).exitCode, 0)
  assert.deepEqual(
    [0, 30].map(index => statSync(join(top, `${index}/f`)).uid),
    [2000, 2030],
  )
})

for (const limit of [24, 40, 70, 128])
  test(`with ulimit -n ${limit} a writable bind works, or the error names the limit`, {
    skip: needsRoot,
  }, context => {
    const script = `import { run } from ${moduleOf('library/index.js')}
      const binds = [{ source: ${JSON.stringify(folder(context, 0))}, target: '/folder', writable: true }]
      const said = await run('touch', ['/folder/new'], { binds }).then(
        ({ exitCode }) => 'exited ' + exitCode, ({ message, hint }) => message + ' ' + hint)
      console.log(said)`
    const words = ['-c', `ulimit -n ${limit}; exec "$0" --input-type=module -e "$SCRIPT"`, process.execPath]
    const env = { ...process.env, SCRIPT: script }
    const { stdout, stderr } = spawnSync('sh', words, { encoding: 'utf8', cwd: '/', env })
    assert.equal(stderr, '')
    if (limit >= 128) assert.equal(stdout, 'exited 0\n')
    else assert.match(stdout, new RegExp(`ulimit -n.* is ${limit}, and glassbox needs at least 128`))
    assert.doesNotMatch(stdout, /as yours/, 'no false blame of the folder')
  })

/**
 * Directories of several kinds of file systems, made in a mount namespace that ends with its
 * process: what mount(8) is called with, and the words of the refusal.
 */
const KINDS: readonly { readonly kind: string; readonly make: string; readonly refused?: RegExp }[] = [
  { kind: 'tmpfs', make: 'mount -t tmpfs none $D' },
  { kind: 'ext4', make: 'truncate -s 16M $D.img && mkfs.ext4 -q $D.img && mount -o loop $D.img $D' },
  { kind: 'xfs', make: 'truncate -s 400M $D.img && mkfs.xfs -q $D.img && mount -o loop $D.img $D' },
  { kind: 'btrfs', make: 'truncate -s 400M $D.img && mkfs.btrfs -q $D.img && mount -o loop $D.img $D' },
  {
    kind: 'overlay',
    make: 'mkdir $D.lo $D.up $D.wk && mount -t overlay -o lowerdir=$D.lo,upperdir=$D.up,workdir=$D.wk none $D',
    refused: /it lies on overlay, which takes no id-mapped mounts here \(EINVAL\)\. .*docker run -v/,
  },
  { kind: 'ramfs', make: 'mount -t ramfs none $D', refused: /it lies on ramfs/ },
  {
    kind: 'ext2',
    make: 'truncate -s 8M $D.img && mkfs.ext2 -q $D.img && mount -t ext2 -o loop $D.img $D',
    refused: /it lies on ext2, ext3 or ext4/,
  },
  {
    kind: 'a mount that is mapped already',
    make: 'mkdir $D.src && chmod 777 $D.src && node --input-type=module -e "$MAP" $D.src $D',
    refused: /id-mapped already/,
  },
  { kind: 'tmpfs in tmpfs', make: 'mount -t tmpfs none $D && mkdir $D/sub && mount -t tmpfs none $D/sub' },
  { kind: 'ramfs in tmpfs', make: 'mount -t tmpfs none $D && mkdir $D/sub && mount -t ramfs none $D/sub' },
]

/** Attaches a mapped copy of a directory to another one. */
const MAP = `import { call, cString } from ${moduleOf('gate/gate.js')}
import { makeCarrier } from ${moduleOf('container/idmap/carrier.js')}
import { mapsOf } from ${moduleOf('container/idmap/swap.js')}
import { mountAttributes } from ${moduleOf('rootfs/mount-attributes.js')}
const [source, target] = process.argv.slice(1)
const carrier = makeCarrier(mapsOf({ uid: 0, gid: 0 }, { uid: 7, gid: 7 }))
const tree = call('open_tree', [-100, cString(source), 0x80001])
call('mount_setattr', [tree, cString(''), 0x1000, mountAttributes(0x100000, carrier).bytes, 32])
call('move_mount', [tree, cString(''), -100, cString(target), 4])`

/** Tries all kinds in one process, and prints what became of each as JSON. */
const TRY = `import { run } from ${moduleOf('index.js')}
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, statSync } from 'node:fs'
const outcomes = {}
for (const [index, { kind, make }] of JSON.parse(process.env.KINDS).entries()) {
  const D = process.argv[1] + '/' + index
  mkdirSync(D)
  const made = spawnSync('sh', ['-c', make], { encoding: 'utf8', env: { ...process.env, D } })
  if (made.status !== 0) { outcomes[kind] = { lacks: made.stderr.trim() }; continue }
  chmodSync(D, 0o700)
  const script = 'echo hi > /data/file && cat /data/file; mkdir /data/sub 2>/dev/null; stat -c %u /data/sub; id -u'
  const binds = [{ source: D, target: '/data', writable: true }]
  try {
    const { stdout, stderr } = await run('sh', ['-c', script], { binds })
    const [hi, sub, id] = stdout.split('\\n')
    outcomes[kind] = { hi, stderr, uid: statSync(D + '/file').uid, sub: sub === id ? 'mine' : sub }
  } catch ({ code, message, hint }) {
    outcomes[kind] = { code, text: message + ' ' + hint, made: existsSync(D + '/file') }
    chmodSync(D, 0o777)
    const { stdout } = await run('sh', ['-c', script], { binds }).catch(error => ({ stdout: error.message }))
    outcomes[kind].open = stdout.split('\\n')[0]
  }
}
console.log(JSON.stringify(outcomes))`

interface Outcome {
  readonly lacks?: string
  readonly hi?: string
  readonly stderr?: string
  readonly uid?: number
  readonly sub?: string
  readonly code?: string
  readonly text?: string
  readonly made?: boolean
  readonly open?: string
}

test('each file system takes the map, or one sentence says which it is and what to do', {
  skip: needsRoot,
}, async context => {
  const top = temporaryDirectory(context)
  const words = ['-m', '--propagation', 'private', process.execPath, '--input-type=module', '-e', TRY, top]
  const { stdout, stderr } = spawnSync('unshare', words, {
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, MAP, KINDS: JSON.stringify(KINDS) },
  })
  assert.equal(stderr, '')
  const outcomes = JSON.parse(stdout) as Readonly<Record<string, Outcome>>
  for (const { kind, refused } of KINDS)
    await context.test(kind, async inner => {
      const { lacks, hi, stderr: said, uid, sub, code, text, made, open } = outcomes[kind] ?? {}
      if (lacks !== undefined) {
        inner.skip(`this host cannot make it: ${lacks}`)
        return
      }
      if (!refused) {
        const mine = kind === 'ramfs in tmpfs' ? '0' : 'mine'
        assert.deepEqual(
          { hi, said, uid, sub, text },
          { hi: 'hi', said: '', uid: 0, sub: mine, text: undefined },
        )
        return
      }
      assert.equal(code, 'ERR_GLASSBOX_MISSING_FEATURE')
      assert.match(text ?? '', /^Cannot show \S+ to the box as yours: /)
      assert.match(text ?? '', refused)
      assert.match(text ?? '', /--copy-in and --copy-out/)
      assert.equal(made, false, 'nothing was started')
      assert.equal(open, 'hi', 'what others may write is shown as it is')
    })
})
