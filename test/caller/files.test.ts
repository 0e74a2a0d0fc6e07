/**
 * Callers that are careless with files: what is missing, may not be read, changes while it is
 * copied, or does not fit. Each ends in one error that names the file and what to do; nothing is
 * started, nothing is left.
 */
import assert from 'node:assert/strict'
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createPool, type Files, openBox, run } from '#glassbox/index.js'
import { call } from '#glassbox/gate/gate.js'
import { RLIMIT_NOFILE } from '#glassbox/linux/constants.js'
import { root } from '../support/hostile.js'
import { assertNothingLeft, surroundings } from '../support/left.js'
import { temporaryDirectory } from '../support/temporary.js'

const initial = surroundings()
before(async () => {
  // What a thread keeps from its first bind on: the user namespace with which it tries id maps.
  const source = mkdtempSync(join(tmpdir(), 'glassbox-test-'))
  await run('true', [], { binds: [{ source, target: '/bound', writable: true }] })
  rmSync(source, { recursive: true })
  Object.assign(initial, surroundings())
})
afterEach(() => assertNothingLeft(initial))
after(() => assertNothingLeft(initial))

const SCRIPT = '#!/bin/sh\necho ran\n'
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString()

// What may be asked for, each beside what it is for.

test('a program that was collected runs in a pool as it came out: contents and mode [L3]', async () => {
  const script = `printf '${SCRIPT.replaceAll('\n', '\\n')}' > a; chmod 755 a`
  const compiled = await run('sh', ['-c', script], { collect: ['a'] })
  assert.deepEqual(compiled.fileErrors, {})
  await using pool = await createPool({ size: 1 })
  for (let round = 0; round < 2; round++) {
    const { status, stdout } = await pool.run('./a', [], { files: compiled.files })
    assert.deepEqual([status, stdout], ['exited', 'ran\n'])
  }
  const { contents } = compiled.files['a'] ?? { contents: '' }
  await assert.rejects(async () => pool.run('./a', [], { files: { a: contents } }), {
    message: /EACCES/,
  })
})

test('contents of every kind have their mode, also in run() and in a box', async () => {
  const files: Files = {
    text: { contents: SCRIPT, mode: 0o755 },
    bytes: { contents: Buffer.from(SCRIPT), mode: 0o700 },
    buffer: { contents: Uint8Array.from(Buffer.from(SCRIPT)).buffer, mode: 0o755 },
    view: { contents: new DataView(Uint8Array.from(Buffer.from(SCRIPT)).buffer), mode: 0o755 },
    blob: { contents: new Blob([SCRIPT]), mode: 0o755 },
    plain: SCRIPT,
    directory: { directory: true, mode: 0o700 },
  }
  const script = 'for f in text bytes buffer view blob; do ./$f; done; stat -c %a text bytes plain directory'
  const { stdout } = await run('sh', ['-c', script], { files })
  assert.equal(stdout, `${'ran\n'.repeat(5)}755\n700\n644\n700\n`)
  await using box = await openBox({ files })
  await box.writeFile('again', SCRIPT, { mode: 0o755 })
  assert.equal((await box.run('./again')).stdout, 'ran\n')
})

test('a directory goes in and comes out again, to the result and to the host [L10]', async context => {
  const source = temporaryDirectory(context)
  mkdirSync(join(source, 'sub/empty'), { recursive: true })
  writeFileSync(join(source, 'sub/tool'), SCRIPT)
  chmodSync(join(source, 'sub/tool'), 0o755)
  symlinkSync('sub/tool', join(source, 'link'))
  const target = join(temporaryDirectory(context), 'out')
  const files = { src: { file: pathToFileURL(source) } }
  const collect = { src: true, 'src/sub': { file: target } } as const
  const { stdout, files: out, directories, fileErrors } = await run('src/link', [], { files, collect })
  assert.equal(stdout, 'ran\n')
  assert.deepEqual([Object.keys(out), out['src/sub/tool']?.mode], [['src/sub/tool'], 0o755])
  assert.deepEqual(Object.keys(directories), ['src', 'src/sub', 'src/sub/empty'])
  assert.deepEqual([Object.keys(fileErrors), fileErrors['src/link']?.code], [['src/link'], 'ELOOP'])
  assert.deepEqual(readdirSync(target).toSorted(), ['empty', 'tool'])
  assert.equal(statSync(join(target, 'tool')).mode & 0o777, 0o755)
  const again = await run('src/sub/tool', [], { files: { ...directories, ...out } })
  assert.equal(again.stdout, 'ran\n')
})

test('a box lists, makes and removes [L10]', async () => {
  await using box = await openBox({ files: { 'a/b': 'text' } })
  await box.makeDirectory('deep/er')
  assert.deepEqual(await box.readDirectory(), [
    { name: 'a', type: 'directory', size: 0, mode: 0o755 },
    { name: 'deep', type: 'directory', size: 0, mode: 0o755 },
  ])
  assert.deepEqual(await box.readDirectory('a'), [{ name: 'b', type: 'file', size: 4, mode: 0o644 }])
  assert.equal((await box.run('touch', ['deep/er/file'])).exitCode, 0, 'it is the program’s')
  await box.remove('deep')
  assert.deepEqual(
    (await box.readDirectory()).map(({ name }) => name),
    ['a'],
  )
  await assert.rejects(box.remove('deep'), { code: 'ERR_GLASSBOX_FILE', errno: 2 })
  await assert.rejects(box.readDirectory('a/b'), { code: 'ERR_GLASSBOX_FILE', errno: 20 })
  await assert.rejects(box.readDirectory('..'), { code: 'ERR_GLASSBOX_FILE' })
  await assert.rejects(box.readFile('a'), { code: 'ERR_GLASSBOX_FILE', errno: 21 })
})

test('names of Object.prototype are names like others, in and out [F19]', async () => {
  const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
  const files = Object.fromEntries(names.map(name => [name, name]))
  const {
    stdout,
    files: out,
    fileErrors,
  } = await run('cat', names, { files, collect: [...names, 'valueOf'] })
  assert.equal(stdout, names.join(''))
  assert.deepEqual(
    Object.entries(out).map(([name, { contents }]) => [name, text(contents)]),
    names.map(name => [name, name]),
  )
  assert.deepEqual(Object.keys(fileErrors), ['valueOf'])
  const missing = await run('true', [], { collect: names })
  assert.deepEqual(Object.keys(missing.fileErrors), names)
  assert.deepEqual(Object.keys(JSON.parse(JSON.stringify(missing.fileErrors)) as object), names)
})

test('why a file could not be had has a code for programs', async context => {
  const host = join(temporaryDirectory(context), 'none/out')
  const script = 'ln -s x link; mkfifo fifo; echo 12345 > large; echo 1 > small; mkdir d'
  const { fileErrors, files } = await run('sh', ['-c', script], {
    collect: { missing: true, link: true, fifo: true, large: true, small: { file: host }, 'small/x': true },
    collectBytes: 5,
  })
  assert.deepEqual(files, {})
  assert.deepEqual(
    Object.entries(fileErrors).map(([name, { code, side }]) => [name, code, side]),
    [
      ['missing', 'ENOENT', 'box'],
      ['link', 'ELOOP', 'box'],
      ['fifo', 'ENOTSUP', 'box'],
      ['large', 'EFBIG', 'box'],
      ['small', 'ENOENT', 'host'],
      ['small/x', 'ENOTDIR', 'box'],
    ],
  )
})

// What goes wrong before a box is there.

const refused = async (files: Files): Promise<unknown> => run('true', [], { files })

test('a host file that is missing, or no file, starts nothing', async () => {
  await assert.rejects(refused({ a: { file: '/nonexistent/x' } }), {
    code: 'ERR_GLASSBOX_FILE',
    path: '/nonexistent/x',
    errno: 2,
    hint: /Name a file/,
  })
  for (const file of ['/dev/zero', '/dev/null'])
    await assert.rejects(refused({ a: { file } }), { code: 'ERR_GLASSBOX_FILE', message: /it is a device/ })
  await assert.rejects(refused({ a: { file: '/usr/bin', mode: 0o755 } }), { option: 'files["a"].mode' })
})

test('a directory that may not be entered is an error that names it', {
  skip: root && 'root may enter',
}, async context => {
  const source = temporaryDirectory(context)
  mkdirSync(join(source, 'barred'))
  chmodSync(join(source, 'barred'), 0)
  await assert.rejects(refused({ a: { file: source } }), {
    code: 'ERR_GLASSBOX_FILE',
    path: join(source, 'barred'),
    errno: 13,
  })
  chmodSync(source, 0)
  await assert.rejects(refused({ a: { file: source } }), { code: 'ERR_GLASSBOX_FILE', path: source })
})

test('a file of /proc, whose size is 0, goes in with what it says', async () => {
  const { stdout } = await run('cat', ['a', 'b'], {
    files: { a: { file: '/proc/self/comm' }, b: { file: '/proc/sys/kernel/ostype' } },
  })
  assert.equal(
    stdout,
    readFileSync('/proc/self/comm', 'utf8') + readFileSync('/proc/sys/kernel/ostype', 'utf8'),
  )
})

// What changes while it is copied. Large enough that the copy takes many turns of the event loop.

const LARGE = 48 << 20

/** Copies a large file in and does something to it when the copy has begun. */
async function copying(path: string, meddle: () => void): Promise<{ size: number } | { error: unknown }> {
  writeFileSync(path, Buffer.alloc(LARGE, 1))
  await using box = await openBox()
  const writing = box.writeFile('copy', { file: path }).then(
    () => undefined,
    (error: unknown) => ({ error }),
  )
  for (let turn = 0; turn < 3; turn++) await new Promise(resolve => setImmediate(resolve))
  meddle()
  const failed = await writing
  const [entry] = await box.readDirectory()
  if (failed) assert.equal(entry, undefined, 'no part of a file is left in the box')
  return failed ?? { size: entry?.size ?? -1 }
}

test('a file that grows while it is copied is what it was', async context => {
  const path = join(temporaryDirectory(context), 'file')
  assert.deepEqual(await copying(path, () => appendFileSync(path, Buffer.alloc(LARGE))), { size: LARGE })
})

test('a file that disappears while it is copied is what it was', async context => {
  const path = join(temporaryDirectory(context), 'file')
  assert.deepEqual(await copying(path, () => rmSync(path)), { size: LARGE })
})

test('a file that shrinks while it is copied is an error, not half a file', async context => {
  const path = join(temporaryDirectory(context), 'file')
  const outcome = await copying(path, () => truncateSync(path, 1))
  assert.ok('error' in outcome)
  assert.match(String(outcome.error), /became shorter while it was copied/)
})

test('a directory that is exchanged for a file after it was looked at is an error', async context => {
  const top = temporaryDirectory(context)
  const path = join(top, 'source')
  mkdirSync(path)
  await using box = await openBox()
  const first = box.writeFile('first', Buffer.alloc(LARGE))
  const second = box.writeFile('copy', { file: path })
  renameSync(path, join(top, 'moved'))
  writeFileSync(path, 'a file')
  await assert.rejects(second, { code: 'ERR_GLASSBOX_FILE', message: /was replaced/ })
  await first
})

// What does not fit.

test('a box that is full says which option to raise, and keeps no part of the file', async context => {
  const path = join(temporaryDirectory(context), 'file')
  writeFileSync(path, Buffer.alloc(2 << 20))
  const full = { code: 'ERR_GLASSBOX_FILE', errno: 28, hint: /Raise diskBytes or diskFiles/ }
  for (const input of [
    { file: path },
    Buffer.alloc(2 << 20),
    { contents: new Blob([Buffer.alloc(2 << 20)]) },
  ]) {
    await using box = await openBox({ diskBytes: 1 << 20 })
    await assert.rejects(box.writeFile('a', input), full)
    assert.deepEqual(await box.readDirectory(), [])
    await box.writeFile('small', 'fits')
    await assert.rejects(async () => run('true', [], { files: { a: input }, diskBytes: 1 << 20 }), full)
  }
  const many = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`f${index}`, '']))
  await assert.rejects(async () => run('true', [], { files: many, diskFiles: 50 }), full)
})

test('a directory of the host that is larger than the box is an error of the box', async () => {
  await assert.rejects(
    async () => run('true', [], { files: { usr: { file: '/usr/bin' } }, diskBytes: 1 << 20 }),
    {
      code: 'ERR_GLASSBOX_FILE',
      errno: 28,
    },
  )
})

test('descriptors that run out are an error, and the next call works', async () => {
  await using box = await openBox({ files: { 'd/file': 'x' } })
  const none = { code: 'ERR_GLASSBOX_FILE', errno: 24, hint: /ulimit -n/ }
  await withoutDescriptors(async () => {
    assert.throws(() => openSync('/dev/null', 'r'), { code: 'EMFILE' })
    await assert.rejects(box.writeFile('x', 'x'), none)
    await assert.rejects(box.readFile('d/file'), none)
    await assert.rejects(box.readDirectory(), none)
    await assert.rejects(box.remove('d'), none)
  })
  assert.equal(text(await box.readFile('d/file')), 'x')
})

/** Runs `work` while this process may open no descriptor. */
async function withoutDescriptors(work: () => Promise<void>): Promise<void> {
  const old = new BigUint64Array(2)
  call('prlimit64', [0, RLIMIT_NOFILE, 0, old])
  call('prlimit64', [0, RLIMIT_NOFILE, BigUint64Array.of(3n, old[1] ?? 0n), 0])
  try {
    await work()
  } finally {
    call('prlimit64', [0, RLIMIT_NOFILE, old, 0])
  }
}

// Who changes their mind.

test('a run that is canceled while its files are copied is canceled, and no program began', async context => {
  const path = join(temporaryDirectory(context), 'file')
  const witness = join(temporaryDirectory(context), 'witness')
  mkdirSync(witness)
  chmodSync(witness, 0o777)
  writeFileSync(path, Buffer.alloc(LARGE, 1))
  const binds = [{ source: witness, target: '/witness', writable: true }]
  const touch = ['-c', 'touch /witness/began']
  const handle = run('sh', touch, { files: { a: { file: path } }, binds })
  const timer = setImmediate(() => handle.kill())
  assert.equal((await handle).status, 'canceled')
  clearImmediate(timer)
  assert.equal(existsSync(join(witness, 'began')), false)
  assert.equal((await run('sh', touch, { binds })).exitCode, 0)
  assert.equal(existsSync(join(witness, 'began')), true, 'a run that is not canceled begins')

  await using pool = await createPool({ size: 1 })
  const pooled = pool.run('true', [], { files: { a: { file: path } }, signal: AbortSignal.timeout(1) })
  assert.equal((await pooled).status, 'canceled')
  assert.equal((await pool.run('ls')).stdout, '', 'the next program finds nothing of it')
})

test('openBox rejects with the reason where it is aborted while files are copied', async context => {
  const path = join(temporaryDirectory(context), 'file')
  writeFileSync(path, Buffer.alloc(LARGE, 1))
  const abort = new AbortController()
  const opening = openBox({ files: { a: { file: path }, b: { file: path } }, signal: abort.signal })
  setTimeout(() => abort.abort(new Error('changed my mind')), 15)
  await assert.rejects(opening, /changed my mind/)
})

test('a box that is closed while a file is copied ends the copy', async () => {
  const box = await openBox()
  const writing = box.writeFile('a', Buffer.alloc(LARGE))
  const refusedAs = assert.rejects(writing, { code: 'ERR_GLASSBOX_BOX_CLOSED' })
  await new Promise(resolve => setImmediate(resolve))
  await box.close()
  await refusedAs
})

// Who locks themselves out.

test('a command that takes the working directory’s permissions away stops no file [F12]', async () => {
  await using box = await openBox({ files: { a: 'before' } })
  const { exitCode, files } = await box.run('chmod', ['0', '/box'], { collect: ['a'] })
  assert.equal(exitCode, 0)
  assert.equal(text(files['a']?.contents), 'before')
  await box.run('chmod', ['0', '.'])
  await box.writeFile('b', 'after')
  await box.run('chmod', ['0', '.'])
  assert.equal(text(await box.readFile('b')), 'after')
  await box.run('chmod', ['0', '.'])
  assert.deepEqual(
    (await box.readDirectory()).map(({ name }) => name),
    ['a', 'b'],
  )
})
