/**
 * Files in and out: a privileged reader handles names that a program chose. The control of each is
 * the same program outside a box, whose output misleads a reader that follows names.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:os'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPool, openBox, run } from '#glassbox/index.js'
import { command } from '../support/command.js'
import { guard, needsRoot, root, unboxed } from '../support/hostile.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const { errno } = constants
const world = guard()
/** By the kernel (openat2 follows nothing) or by a check of ours. */
const REFUSED = { code: /^ERR_GLASSBOX_(FILE|SYSTEM)$/ }

/** An output that leads to the canary. `args` of the guest, and what the caller collects. */
const LEADS: readonly { name: string; args: () => string[]; path: () => string; native?: false }[] = [
  {
    name: 'a symlink as output file is refused [FS-01]',
    args: () => ['symlink', world.file],
    path: () => 'out',
  },
  {
    name: 'a symlink as directory of the output file is refused [FS-02]',
    args: () => ['directory', world.directory],
    path: () => 'dir/canary',
  },
  {
    name: 'a magic link through /proc/self/root as output is refused [FS-11]',
    args: () => ['symlink', `/proc/self/root${world.file}`],
    path: () => 'out',
  },
  {
    name: 'a magic link as directory of the output is refused [FS-11]',
    args: () => ['directory', `/proc/self/cwd/${'../'.repeat(20)}${world.directory}`],
    path: () => 'dir/canary',
  },
]

for (const { name, args, path } of LEADS) {
  test(name, async context => {
    const { code, directory } = unboxed(context, 'leave', args())
    assert.equal(code, 0)
    assert.equal(
      readFileSync(join(directory, path()), 'utf8'),
      world.secret,
      'a reader that follows is led there',
    )

    const { exitCode, files, fileErrors } = await world.run('leave', args(), { collect: [path()] })
    assert.equal(exitCode, 0)
    assert.deepEqual(Object.keys(files), [])
    assert.match(fileErrors[path()]?.message ?? '', /ELOOP|link|EXDEV/)
  })

  test(`${name}, also by readFile of a box`, async () => {
    await using box = await openBox({ binds: [{ source: program('leave') }] })
    assert.equal((await box.run(program('leave'), args())).exitCode, 0)
    await assert.rejects(box.readFile(path()), REFUSED)
  })
}

test('a name that flips between file and symlink leaks nothing: its writer is dead before it is read [FS-03, VF-12]', async () => {
  for (let round = 0; round < 10; round++) {
    const { exitCode, files, fileErrors } = await world.run('leave', ['flip', world.file], {
      collect: ['out'],
    })
    assert.equal(exitCode, 0)
    const contents = files['out'] && Buffer.from(files['out'].contents).toString()
    if (contents === undefined) assert.match(fileErrors['out']?.message ?? '', /ELOOP|link/)
    else assert.ok(['regular', ''].includes(contents), contents)
  }
})

test('a file that grows while the program ends no longer grows when it is read [FS-13]', async () => {
  await using box = await openBox({ binds: [{ source: program('leave') }] })
  const { files } = await box.run(program('leave'), ['grow'], { collect: ['out'] })
  assert.deepEqual(await box.readFile('out'), files['out']?.contents)
  assert.ok(Number(files['out']?.contents.length) > 7)
  const small = await world.run('leave', ['grow'], { collect: ['out'], collectBytes: 8 })
  assert.deepEqual(Object.keys(small.files), [])
})

test('a symlink left where the next file is written is replaced, its target untouched [FS-04]', async context => {
  const outside = join(temporaryDirectory(context), 'outside')
  writeFileSync(outside, 'as it was')
  chmodSync(outside, 0o666)
  const { directory } = unboxed(context, 'leave', ['symlink', outside])
  writeFileSync(join(directory, 'out'), 'followed')
  assert.equal(readFileSync(outside, 'utf8'), 'followed', 'a writer that follows is led there')

  await using box = await openBox({ binds: [{ source: program('leave') }] })
  await box.run(program('leave'), ['symlink', world.file])
  const before = lstatSync(world.file)
  await box.writeFile('out', 'for the box', { mode: 0o777 })
  assert.deepEqual(lstatSync(world.file), before, 'neither contents, owner nor mode of the target [FS-05]')
  assert.equal((await box.run('cat', ['out'])).stdout, 'for the box')
})

test('a symlink left as directory of the next file makes nothing on the host [FS-27]', async () => {
  await using box = await openBox({ binds: [{ source: program('leave') }] })
  await box.run(program('leave'), ['directory', world.directory])
  await assert.rejects(box.writeFile('dir/new', 'x'), REFUSED)
  await assert.rejects(box.writeFile('dir/deeper/new', 'x'), REFUSED)
  assert.deepEqual(readdirSync(world.directory).toSorted(), ['canary', 'socket'])
})

test('a FIFO left where the next file is written is replaced, and does not block [FS-07]', async () => {
  await using box = await openBox({ binds: [{ source: program('leave') }] })
  await box.run(program('leave'), ['fifo'])
  await box.writeFile('out', 'for the box')
  assert.equal((await box.run('cat', ['out'])).stdout, 'for the box')
})

const SPECIAL: readonly { name: string; kind: string; code?: number; expected: RegExp }[] = [
  { name: 'a FIFO as output is refused at once [FS-07]', kind: 'fifo', expected: /FIFO|regular/i },
  { name: 'a socket as output is refused [FS-09]', kind: 'socket', expected: /ENXIO|regular/i },
  {
    name: 'a device as output cannot be made [FS-09]',
    kind: 'device',
    code: errno.EPERM,
    expected: /ENOENT/,
  },
  {
    name: 'a sparse file of 1 TiB cannot be made under the limits [FS-12]',
    kind: 'sparse',
    code: errno.EFBIG,
    expected: /bytes|large|limit/,
  },
]
for (const { name, kind, code = 0, expected } of SPECIAL) {
  test(name, async context => {
    if (kind !== 'device' || root) assert.equal(unboxed(context, 'leave', [kind]).code, 0)
    const { exitCode, signal, status, files, fileErrors } = await world.run('leave', [kind], {
      collect: ['out'],
    })
    if (kind === 'sparse') assert.deepEqual({ status, signal }, { status: 'signaled', signal: 'SIGXFSZ' })
    else assert.equal(exitCode, code)
    if (kind !== 'sparse') assert.match(fileErrors['out']?.message ?? '', expected)
    for (const { contents } of Object.values(files)) assert.equal(contents.length, 0)
  })
}

test('a sparse file of 1 TiB is refused by its size, memory stays flat [FS-12]', async () => {
  const before = process.memoryUsage().rss
  const { exitCode, files, fileErrors } = await world.run('leave', ['sparse'], {
    collect: ['out'],
    limits: { fileSizeBytes: Infinity },
  })
  assert.equal(exitCode, 0)
  assert.deepEqual(files, {})
  assert.match(fileErrors['out']?.message ?? '', /1099511627776/)
  assert.ok(process.memoryUsage().rss - before < 64 * 2 ** 20)
})

test('an endless device behind a link is not read [FS-10]', async context => {
  for (const device of ['/dev/zero', '/dev/urandom']) {
    const { directory } = unboxed(context, 'leave', ['symlink', device])
    assert.ok(statSync(join(directory, 'out')).isCharacterDevice(), 'a reader that follows finds the device')
    const { files, fileErrors } = await world.run('leave', ['symlink', device], { collect: ['out'] })
    assert.deepEqual(files, {})
    assert.match(fileErrors['out']?.message ?? '', /ELOOP|link/)
  }
})

test('a file of another mount cannot be linked into the output [FS-06]', async context => {
  const source = join(temporaryDirectory(context), 'file')
  writeFileSync(source, 'linked')
  chmodSync(source, 0o666)
  assert.equal(unboxed(context, 'leave', ['hardlink', source]).code, 0)
  const { nlink } = lstatSync(source)
  const binds = [{ source, target: '/data', writable: true }]
  for (const target of ['/data', '/usr/bin/env', '/tmp/x/../../etc/passwd', '/dev/null']) {
    const { exitCode } = await world.run('leave', ['hardlink', target], { binds })
    assert.ok([errno.EXDEV, errno.EPERM, errno.ENOENT].includes(exitCode ?? 0), `${target}: ${exitCode}`)
  }
  assert.equal(lstatSync(source).nlink, nlink)
})

test('a program cannot make more files than allowed, and a box full of them closes [FS-14]', async context => {
  assert.equal(unboxed(context, 'leave', ['many', '100']).code, 0)
  assert.equal((await world.run('leave', ['many', '100'], { diskFiles: 110 })).exitCode, 0)
  assert.equal((await world.run('leave', ['many', '100'], { diskFiles: 90 })).exitCode, errno.ENOSPC)
})

test('a chain of directories deeper than any path leaves nothing on the host [FS-15]', async context => {
  assert.equal(unboxed(context, 'leave', ['deep', '20']).code, 0)
  await using box = await openBox({ binds: [{ source: program('leave') }] })
  const { exitCode, fileErrors } = await box.run(program('leave'), ['deep', '6000'], {
    collect: ['directory/x'],
  })
  assert.equal(exitCode, 0)
  assert.match(fileErrors['directory/x']?.message ?? '', /ENOENT/)
  assert.equal((await box.run('ls')).stdout, 'directory\n')
})

test('directories without permissions do not prevent a box from closing [FS-16]', async context => {
  assert.equal(unboxed(context, 'leave', ['barred']).code, 0)
  const { exitCode, files, fileErrors } = await world.run('leave', ['barred'], { collect: ['barred/file'] })
  assert.equal(exitCode, 0)
  // Whoever has the right to may read it: it is a regular file of the program.
  if (root) assert.equal(Buffer.from(files['barred/file']?.contents ?? []).toString(), 'inside')
  else assert.match(fileErrors['barred/file']?.message ?? '', /EACCES/)
})

test('names that lead out of the working directory are refused [FS-18]', async () => {
  await using box = await openBox()
  for (const path of ['../x', '/etc/x', '', '.', 'a/../../x', 'a\0b', '..']) {
    await assert.rejects(async () => box.writeFile(path, 'x'), { code: 'ERR_GLASSBOX_FILE' }, path)
    await assert.rejects(async () => box.readFile(path), { code: 'ERR_GLASSBOX_FILE' }, path)
    await assert.rejects(
      async () => box.run('true', [], { collect: [path] }),
      { code: 'ERR_GLASSBOX_INVALID_OPTION', option: 'collect[0]' },
      path,
    )
  }
})

test('loops of links end in an error, not in a walk [FS-20]', async context => {
  const { directory } = unboxed(context, 'leave', ['loop'])
  assert.ok(existsSync(join(directory, 'tree/self/self/self')), 'a walker that follows goes on')
  const collect = ['loop', 'tree/self/self/loop', 'tree/up/loop', 'tree']
  const { fileErrors, files, directories } = await world.run('leave', ['loop'], { collect })
  assert.deepEqual([files, Object.keys(directories)], [{}, ['tree']])
  const refused = ['loop', 'tree/self', 'tree/self/self/loop', 'tree/up', 'tree/up/loop']
  assert.deepEqual(Object.keys(fileErrors).toSorted(), refused)
})

test('an input that a program destroys is whole again for the next box [FS-21]', async () => {
  const options = { files: { input: 'pristine' } }
  assert.equal((await world.run('leave', ['tamper'], options)).exitCode, 0)
  assert.equal((await run('cat', ['input'], options)).stdout, 'pristine')
})

test('the working directory itself cannot be renamed or removed [FS-21]', async () => {
  assert.notEqual((await run('mv', ['/box', '/tmp/box'])).exitCode, 0)
  assert.notEqual((await run('rmdir', ['/box'])).exitCode, 0)
})

test('a file that is bound read-only cannot be written, truncated or given another owner [FS-22]', async context => {
  const source = join(temporaryDirectory(context), 'input')
  writeFileSync(source, 'shared')
  chmodSync(source, 0o666)
  const script =
    'echo x > /data; echo x >> /data; truncate -s 0 /data; chmod 777 /data; rm -f /data; exec 3<>/data'
  const bind = { source, target: '/data' }
  await run('sh', ['-c', script], { binds: [bind] })
  assert.equal(readFileSync(source, 'utf8'), 'shared')
  assert.equal(statSync(source).mode & 0o7777, 0o666)
  await run('sh', ['-c', 'echo x > /data'], { binds: [{ ...bind, writable: true }] })
  assert.equal(readFileSync(source, 'utf8'), 'x\n', 'a writable bind can')
})

test('a program that was just put into the box can be executed at once [FS-23]', async () => {
  const contents = readFileSync('/bin/true')
  await using box = await openBox()
  for (let round = 0; round < 200; round++) {
    await box.writeFile('program', contents, { mode: 0o755 })
    assert.equal((await box.run('./program')).exitCode, 0)
  }
})

test('privilege bits and capabilities of an output do not reach the host [FS-25]', {
  skip: needsRoot,
}, async context => {
  for (const kind of ['setuid', 'capable']) {
    const { code, directory } = unboxed(context, 'leave', [kind])
    assert.equal(code, 0)
    if (kind === 'setuid') assert.equal(statSync(join(directory, 'out')).mode & 0o6000, 0o6000)
    const { exitCode, files } = await world.run('leave', [kind], { collect: ['out'] })
    assert.equal(exitCode, errno.EPERM)
    assert.equal((files['out']?.mode ?? 0) & ~0o777, 0)
  }
})

test('modes in the box do not depend on the umask of the caller [FS-28]', async () => {
  const seen: unknown[] = []
  const old = process.umask()
  try {
    for (const mask of [0o077, 0o000, 0o777]) {
      process.umask(mask)
      const options = { files: { 'a/file': 'x' } }
      seen.push(
        (await run('stat', ['-c', '%a', '/', '/box', '/tmp', '/etc', '/etc/passwd', 'a', 'a/file'], options))
          .stdout,
      )
    }
  } finally {
    process.umask(old)
  }
  assert.equal(seen[0], '755\n755\n1777\n755\n644\n755\n644\n')
  assert.deepEqual(seen, [seen[0], seen[0], seen[0]])
})

test('an empty output and none are told apart [FS-30]', async () => {
  const empty = await world.run('leave', ['file', ''], { collect: ['out'] })
  assert.equal(empty.files['out']?.contents.length, 0)
  const none = await world.run('leave', ['nothing'], { collect: ['out'] })
  assert.deepEqual(none.files, {})
  assert.match(none.fileErrors['out']?.message ?? '', /ENOENT/)
})

test('a bind inside a bind does not follow a link that a program left there [RT-05, FS-27]', async context => {
  const directory = temporaryDirectory(context)
  const data = join(directory, 'data')
  const victim = join(directory, 'victim')
  for (const path of [data, victim, join(data, 'real'), join(victim, 'there')]) mkdirSync(path)
  writeFileSync(join(victim, 'file'), 'inside')
  // What a program may leave in a writable bind; /.host is where the host's root stands while a
  // box is set up.
  symlinkSync(`/.host${victim}`, join(data, 'sub'))
  symlinkSync(victim, join(data, 'direct'))
  symlinkSync(`/.host${victim}/new`, join(data, 'last'))
  const bind = (source: string, target: string): { source: string; target: string; writable: boolean } => ({
    source,
    target,
    writable: true,
  })
  for (const name of ['sub/made', 'direct/made', 'sub/there', 'last', 'last/made']) {
    for (const source of [victim, join(victim, 'file')]) {
      const binds = [bind(data, '/data'), bind(source, `/data/${name}`)]
      await assert.rejects(async () => run('true', [], { binds }), { code: /^ERR_GLASSBOX_/ }, name)
    }
  }
  assert.deepEqual(readdirSync(victim).toSorted(), ['file', 'there'], 'nothing was made on the host')

  const script = 'cat real/in/file single; touch real/in/new real/deep/er/new'
  const binds = [
    bind(data, '/data'),
    bind(victim, '/data/real/in'),
    { source: join(victim, 'file'), target: '/data/single' },
    { source: victim, target: '/data/real/deep/er' },
  ]
  const { stdout, stderr } = await run('sh', ['-c', script], { binds, cwd: '/data', limits: {} })
  assert.equal(stdout, 'insideinside')
  assert.match(
    stderr,
    /^touch: cannot touch 'real\/deep\/er\/new': (Permission denied|Read-only file system)\n$/,
  )
  assert.deepEqual(readdirSync(victim).toSorted(), ['file', 'new', 'there'], 'the writable bind is writable')
})

/**
 * Puts a file into the directory `argv[1]`, in a separate process, so that its calls can be
 * delayed.
 */
const PUT = `
  const { BoxFiles } = await import(process.argv[2])
  const { openSync } = await import('node:fs')
  const directory = openSync(process.argv[1], 'r')
  const files = new BoxFiles({ ready: async () => {}, directory: () => directory })
  await files.write({ path: 'd/file', contents: Buffer.from('x'), mode: 0o644 }).catch(error => console.log(error.code))`

test('a directory that is exchanged for a link just when it was made gives its mode to nobody [FS-05]', async context => {
  const top = temporaryDirectory(context)
  const [box, victim] = [join(top, 'box'), join(top, 'victim')]
  for (const path of [box, victim]) mkdirSync(path)
  chmodSync(victim, 0o700)
  const module = new URL('../../../packages/glassbox/dist/stdio/files/box-files.js', import.meta.url).href
  const hold = ['strace', '-qq', '-o', '/dev/null', '-e', 'inject=mkdirat:delay_exit=1000000']
  const put = [process.execPath, '--input-type=module', '-e', PUT, box, module]
  const child = spawn(process.execPath, [command, ...hold, '--', ...put], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  while (!existsSync(join(box, 'd')) && child.exitCode === null)
    await new Promise(resolve => setTimeout(resolve, 5))
  renameSync(join(box, 'd'), join(box, 'gone'))
  symlinkSync(victim, join(box, 'd'))
  chmodSync(join(box, 'd', '.'), 0o711)
  assert.equal(statSync(victim).mode & 0o777, 0o711, 'a name leads there')
  chmodSync(victim, 0o700)
  await ended
  assert.equal(out, 'ERR_GLASSBOX_FILE\n')
  assert.equal(statSync(victim).mode & 0o777, 0o700)
  assert.deepEqual(readdirSync(victim), [])
})

/** Ends as by the limit of file sizes, in whatever stands around it. */
const EVIDENCE: readonly { name: string; script: string; status: string }[] = [
  { name: 'a tree deeper than any path', script: '/leave deep 6000', status: 'signaled' },
  { name: 'directories that nobody may enter', script: '/leave barred', status: 'signaled' },
  {
    name: 'a directory that may be listed and not entered',
    script: 'mkdir listed; touch listed/file; chmod 444 listed',
    status: 'signaled',
  },
  {
    name: 'a full file in a directory whose name is no text',
    script: 'mkdir "$(printf "\\377")"; truncate -s 65536 "$(printf "\\377")/full"',
    status: 'output-limit',
  },
  {
    name: 'a full file below a deep tree',
    script: '/leave deep 300; cd directory; truncate -s 65536 "$(printf "\\377")full"',
    status: 'output-limit',
  },
]
for (const { name, script, status } of EVIDENCE) {
  test(`a program that raises SIGXFSZ itself beside ${name} has a result [FS-15, FS-16, VF-07]`, async context => {
    const native = unboxed(context, 'leave', ['deep', '20'])
    assert.equal(native.code, 0)
    const leave = program('leave')
    const options = {
      binds: [{ source: leave, target: '/leave' }],
      limits: { fileSizeBytes: 65_536, stackBytes: 2 ** 20 },
    }
    const words = ['-c', `set -e; ${script}; kill -XFSZ $$`]
    assert.equal((await run('sh', words, options)).status, status)
    await using pool = await createPool({ size: 1, ...{ binds: options.binds } })
    assert.equal((await pool.run('sh', words, { limits: options.limits })).status, status)
    assert.equal((await pool.run('echo', ['well'])).stdout, 'well\n')
  })
}

test('a file larger than any memory is an error of that file, however much may be collected [FS-12]', async () => {
  const { status, files, fileErrors } = await run('truncate', ['-s', '1T', 'out'], {
    collect: ['out'],
    collectBytes: 2 ** 43,
    limits: { fileSizeBytes: Infinity },
  })
  assert.equal(status, 'exited')
  assert.deepEqual(files, {})
  assert.match(fileErrors['out']?.message ?? '', /Cannot read out: .*(length|memory)/)
})
