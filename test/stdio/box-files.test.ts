/**
 * Files beneath a directory, by descriptors: with a directory of the host in the place of a box's,
 * so that each case can be set up by hand. The control of each is what a reader or writer that
 * goes by names does.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { BoxFiles } from '#glassbox/stdio/files/box-files.js'
import type { GlassboxError } from '#glassbox/errors.js'
import { HostPaths } from '#glassbox/stdio/host-paths.js'
import { readInputs } from '#glassbox/stdio/input-files.js'
import type { FileVisitor } from '#glassbox/stdio/files/visitor.js'
import { temporaryDirectory } from '../support/temporary.js'

interface Ground {
  readonly files: BoxFiles
  readonly box: string
  readonly outside: string
}

/** A directory in the place of a box's, and one beside it that nothing may reach. */
function ground(context: TestContext): Ground {
  const top = temporaryDirectory(context)
  const [box, outside] = [join(top, 'box'), join(top, 'outside')]
  for (const path of [box, outside]) mkdirSync(path)
  writeFileSync(join(outside, 'file'), 'outside')
  const fd = openSync(box, 'r')
  context.after(() => closeSync(fd))
  return { box, outside, files: new BoxFiles({ ready: async () => {}, directory: () => fd }) }
}

/** What a visitor was shown, by kind and name. */
async function shown(files: BoxFiles, path: string, maxEntries = 1000): Promise<Record<string, string>> {
  const seen = new Map<string, string>()
  const visitor: FileVisitor = {
    file: async file => void seen.set(file.path, Buffer.from(await file.read()).toString()),
    directory: async name => void seen.set(name, 'directory'),
    failed: (name, error: GlassboxError) => void seen.set(name, `errno ${error.errno}`),
  }
  await files.visit(path, visitor, maxEntries)
  return Object.fromEntries(seen)
}

const put = (files: BoxFiles, input: Parameters<typeof readInputs>[0]): Promise<void[]> =>
  Promise.all(readInputs(input, new HostPaths()).map(file => files.write(file)))

test('a tree comes out whole, in one order, without what its links lead to', async context => {
  const { files, box, outside } = ground(context)
  mkdirSync(join(box, 'out/empty'), { recursive: true })
  writeFileSync(join(box, 'out/b'), 'b')
  writeFileSync(join(box, 'out/a'), 'a')
  symlinkSync(outside, join(box, 'out/link'))
  symlinkSync(join(outside, 'file'), join(box, 'out/file'))
  execFileSync('mkfifo', [join(box, 'out/fifo')])
  assert.equal(
    readFileSync(join(box, 'out/link/file'), 'utf8'),
    'outside',
    'a reader that follows is led there',
  )
  const seen = await shown(files, 'out')
  assert.deepEqual(seen, {
    out: 'directory',
    'out/a': 'a',
    'out/b': 'b',
    'out/fifo': 'errno 95',
    'out/file': 'errno 40',
    'out/link': 'errno 40',
    'out/empty': 'directory',
  })
})

test('names that are no text, with newlines, or of Object.prototype are names like others', async context => {
  const { files, box } = ground(context)
  mkdirSync(join(box, 'out'))
  const raw = Buffer.concat([Buffer.from(join(box, 'out/')), Buffer.of(0xff, 0x61)])
  writeFileSync(raw, 'bytes')
  for (const name of ['a\nb', '__proto__', 'constructor']) writeFileSync(join(box, 'out', name), name)
  const seen = await shown(files, 'out')
  assert.deepEqual(Object.keys(seen).toSorted(), [
    'out',
    'out/__proto__',
    'out/a\nb',
    'out/constructor',
    'out/\udcffa',
  ])
  assert.equal(Buffer.from((await files.read('out/\udcffa', 10)).contents).toString(), 'bytes')
  await files.remove('out/\udcffa')
  assert.equal(existsSync(raw), false)
})

test('more entries than may be are told, and what came before stays', async context => {
  const { files, box } = ground(context)
  mkdirSync(join(box, 'out/many'), { recursive: true })
  writeFileSync(join(box, 'out/first'), 'x')
  for (let index = 0; index < 20; index++) writeFileSync(join(box, 'out/many', `${index}`), '')
  assert.equal(Object.keys(await shown(files, 'out', 22)).length, 23)
  assert.deepEqual(await shown(files, 'out', 21), {
    out: 'directory',
    'out/first': 'x',
    'out/many': 'errno 27',
  })
})

test('a tree deeper than any path ends in an error of that directory, and can be removed', async context => {
  const { files, box } = ground(context)
  const deep =
    'import os\nos.mkdir("deep"); os.chdir("deep")\nfor _ in range(1500): os.mkdir("ddddd"); os.chdir("ddddd")\nopen("file", "w")'
  execFileSync('python3', ['-c', deep], { cwd: box })
  const seen = Object.entries(await shown(files, 'deep', 10_000))
  assert.deepEqual(
    seen.filter(([, kind]) => kind !== 'directory').map(([, kind]) => kind),
    ['errno 36'],
  )
  assert.ok(seen.length > 600)
  await files.remove('deep')
  assert.deepEqual(readdirSync(box), [])
})

test('directories that nobody may enter are told, and removed', async context => {
  const { files, box } = ground(context)
  mkdirSync(join(box, 'a/barred/below'), { recursive: true })
  writeFileSync(join(box, 'a/barred/below/file'), 'x')
  chmodSync(join(box, 'a/barred/below'), 0)
  chmodSync(join(box, 'a/barred'), 0)
  const seen = await shown(files, 'a')
  assert.equal(seen['a/barred'], process.getuid?.() === 0 ? 'directory' : 'errno 13')
  await files.remove('a')
  assert.deepEqual(readdirSync(box), [])
})

test('remove takes away a link and not what it leads to, nor anything through one', async context => {
  const { files, box, outside } = ground(context)
  mkdirSync(join(box, 'tree'))
  symlinkSync(outside, join(box, 'tree/link'))
  symlinkSync(outside, join(box, 'link'))
  await files.remove('tree')
  await assert.rejects(files.remove('link/file'), { code: 'ERR_GLASSBOX_FILE', errno: 40 })
  await files.remove('link')
  assert.deepEqual(readdirSync(box), [])
  assert.deepEqual(readdirSync(outside), ['file'])
  await assert.rejects(files.remove('link'), { code: 'ERR_GLASSBOX_FILE', errno: 2 })
  await assert.rejects(files.remove('../outside'), { code: 'ERR_GLASSBOX_FILE' })
})

test('a directory of the host goes in whole: modes, links as links, nothing of what they lead to', async context => {
  const { files, box, outside } = ground(context)
  const source = join(temporaryDirectory(context), 'source')
  mkdirSync(join(source, 'sub/empty'), { recursive: true })
  writeFileSync(join(source, 'sub/tool'), '#!/bin/sh\n')
  chmodSync(join(source, 'sub/tool'), 0o750)
  symlinkSync(join(outside, 'file'), join(source, 'link'))
  await put(files, { 'a/copy': { file: source } })
  const copy = join(box, 'a/copy')
  assert.deepEqual(readdirSync(copy, { recursive: true }).toSorted(), [
    'link',
    'sub',
    'sub/empty',
    'sub/tool',
  ])
  assert.equal(lstatSync(join(copy, 'sub/tool')).mode & 0o7777, 0o750)
  assert.equal(readlinkSync(join(copy, 'link')), join(outside, 'file'))
  // Once more: what is there is replaced, the link is not written through.
  await put(files, { 'a/copy/link': 'mine' })
  assert.equal(readFileSync(join(outside, 'file'), 'utf8'), 'outside')
  await put(files, { 'a/copy': { file: source } })
  assert.ok(lstatSync(join(copy, 'link')).isSymbolicLink())
})

test('a directory of the host with a FIFO in it is refused by the name of the FIFO', async context => {
  const { files } = ground(context)
  const source = temporaryDirectory(context)
  mkdirSync(join(source, 'sub'))
  execFileSync('mkfifo', [join(source, 'sub/fifo')])
  await assert.rejects(put(files, { copy: { file: source } }), {
    code: 'ERR_GLASSBOX_FILE',
    path: join(source, 'sub/fifo'),
    message: /it is a FIFO/,
  })
})

test('a sparse file is not read where it is larger than what may be read', async context => {
  const { files, box } = ground(context)
  writeFileSync(join(box, 'sparse'), '')
  truncateSync(join(box, 'sparse'), 2 ** 40)
  await assert.rejects(files.read('sparse', 2 ** 20), { code: 'ERR_GLASSBOX_FILE', errno: 27 })
  assert.deepEqual(await shown(files, 'sparse'), { sparse: 'errno undefined' })
})

test('large files go in, are listed and removed while the event loop turns', async context => {
  const { files, box } = ground(context)
  const source = join(temporaryDirectory(context), 'large')
  writeFileSync(source, Buffer.alloc(64 << 20, 1))
  let turns = 0
  let going = true
  const turn = (): void => {
    turns++
    if (going) setImmediate(turn)
  }
  setImmediate(turn)
  await put(files, { large: { file: source } })
  const whileCopied = turns
  await put(files, { bytes: Buffer.alloc(16 << 20) })
  const whileWritten = turns - whileCopied
  going = false
  assert.ok(whileCopied >= 3 && whileWritten >= 1, `${whileCopied} and ${whileWritten} turns`)
  assert.ok(readFileSync(join(box, 'large')).equals(readFileSync(source)))
  assert.deepEqual(
    (await files.list('.')).map(({ name, size }) => [name, size]),
    [
      ['bytes', 16 << 20],
      ['large', 64 << 20],
    ],
  )
})

test('what is closed ends what goes on in it, and keeps no descriptor', async context => {
  const { files, box } = ground(context)
  const before = readdirSync('/proc/self/fd').length
  const writing = put(files, { large: Buffer.alloc(64 << 20) })
  const refused = assert.rejects(writing, { code: 'ERR_GLASSBOX_BOX_CLOSED' })
  await new Promise(resolve => setImmediate(resolve))
  await files.close()
  await refused
  assert.equal(readdirSync('/proc/self/fd').length, before)
  assert.deepEqual(readdirSync(box), [], 'nor a part of the file')
  await assert.rejects(files.list('.'), { code: 'ERR_GLASSBOX_BOX_CLOSED' })
})

test('a signal in the middle of a listing hides no entry', () => {
  // The profiler interrupts the calls of this thread all the time. The kernel then returns what it
  // has so far, which may be "." and ".." alone.
  const dist = new URL('../../../packages/glassbox/dist/stdio/files/', import.meta.url)
  const script = `
    import { mkdirSync, mkdtempSync, openSync, rmdirSync } from 'node:fs'
    import { tmpdir } from 'node:os'
    import { BENEATH } from ${JSON.stringify(new URL('beneath.js', dist).href)}
    import { removeTreeNow } from ${JSON.stringify(new URL('remove.js', dist).href)}
    const base = mkdtempSync(tmpdir() + '/glassbox-test-')
    const fd = openSync(base, 'r')
    for (let round = 0; round < 4000; round++) {
      mkdirSync(base + '/top/below', { recursive: true })
      removeTreeNow(fd, 'top', BENEATH)
    }
    rmdirSync(base)`
  const profiles = mkdtempSync(join(tmpdir(), 'glassbox-test-'))
  try {
    const profiler = ['--cpu-prof', '--cpu-prof-interval', '50', '--cpu-prof-dir', profiles]
    execFileSync(process.execPath, [...profiler, '--input-type=module', '-e', script])
  } finally {
    rmSync(profiles, { recursive: true })
  }
})
