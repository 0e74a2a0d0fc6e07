/** stdin, stdout and stderr as data, stream, file or nothing. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Readable, Writable } from 'node:stream'
import { after, before, test } from 'node:test'
import { run } from '#glassbox/index.js'
import { assertNothingLeft, surroundings } from '../support/left.js'
import { temporaryDirectory } from '../support/temporary.js'

const initial = surroundings()
before(async () => {
  await run('true')
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

test('stdin is empty where nothing is said', async () => {
  const { stdout } = await run('wc', ['-c'])
  assert.equal(stdout, '0\n')
})

test('stdin as text, as bytes, and longer than a pipe holds', async () => {
  assert.equal((await run('cat', [], { stdin: 'hällo' })).stdout, 'hällo')
  assert.equal((await run('wc', ['-c'], { stdin: new Uint8Array(65_536) })).stdout, '65536\n')
  assert.equal((await run('wc', ['-c'], { stdin: new Uint8Array(3_000_000) })).stdout, '3000000\n')
})

test('a word of the vocabulary is data only where it is said to be', async () => {
  assert.equal((await run('cat', [], { stdin: { text: 'inherit' } })).stdout, 'inherit')
  assert.equal((await run('cat', [], { stdin: 'ignore' })).stdout, '')
})

test('stdin as a stream', async () => {
  const { stdout } = await run('cat', [], { stdin: Readable.from(['a', 'b', 'c']) })
  assert.equal(stdout, 'abc')
})

test('stdin from a file', async context => {
  const file = join(temporaryDirectory(context), 'in')
  writeFileSync(file, 'from a file')
  assert.equal((await run('cat', [], { stdin: { file } })).stdout, 'from a file')
})

test('a program that does not read its input ends when it ends [DX-15]', async () => {
  const result = await run('true', [], { stdin: new Uint8Array(5_000_000) })
  assert.equal(result.ok, true)
  const endless = new PassThrough()
  assert.equal((await run('true', [], { stdin: endless })).ok, true)
})

test('stdout and stderr are kept apart', async () => {
  const { stdout, stderr } = await run('sh', ['-c', 'echo out; echo err >&2'])
  assert.deepEqual({ stdout, stderr }, { stdout: 'out\n', stderr: 'err\n' })
})

test('output as bytes, whatever they are', async () => {
  const { stdout } = await run('printf', ['\\377\\000\\n'], { encoding: 'buffer' })
  assert.deepEqual([...stdout], [255, 0, 10])
})

test('output to a stream that is slow, without loss', async () => {
  let bytes = 0
  const slow = new Writable({
    highWaterMark: 1000,
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length
      setTimeout(done, 1)
    },
  })
  const result = await run('head', ['-c', '300000', '/dev/zero'], { stdout: slow })
  assert.equal(result.ok, true)
  await new Promise<void>(resolve => slow.end(() => resolve()))
  assert.equal(bytes, 300_000)
})

test('output to a file, with the limit counted in bytes of the file', async context => {
  const file = join(temporaryDirectory(context), 'out')
  await run('printf', ['hello'], { stdout: { file } })
  assert.equal(readFileSync(file, 'utf8'), 'hello')
  const result = await run('head', ['-c', '3000', '/dev/zero'], {
    stdout: { file },
    limits: { outputBytes: 1000 },
  })
  assert.equal(result.status, 'output-limit')
  assert.equal(readFileSync(file).length, 1000)
})

test('what was printed before a limit is returned', async () => {
  const { stdout, status } = await run('sh', ['-c', 'echo before; sleep 20'], { limits: { wallTimeMs: 300 } })
  assert.deepEqual({ stdout, status }, { stdout: 'before\n', status: 'wall-time-limit' })
})

test('a child that holds stdout open does not delay the result', async () => {
  const { stdout, wallTimeMs } = await run('sh', ['-c', 'sleep 20 & echo done'])
  assert.equal(stdout, 'done\n')
  assert.ok(wallTimeMs < 10_000)
})

test('output as events and as a stream of the handle', async () => {
  const handle = run('sh', ['-c', 'echo one; echo two >&2'])
  const chunks: string[] = []
  handle.stdout.on('data', (chunk: Buffer) => chunks.push(chunk.toString()))
  const types: string[] = []
  for await (const event of handle.events()) types.push(event.type)
  assert.deepEqual(types.toSorted(), ['end', 'stderr', 'stdout'])
  assert.deepEqual(chunks, ['one\n'])
})

test('an input file that cannot be read is an error that names it, and nothing is left', async () => {
  await assert.rejects(async () => run('cat', [], { stdin: { file: '/nonexistent/in' } }), {
    code: 'ERR_GLASSBOX_FILE',
    path: '/nonexistent/in',
  })
})

test('an output file that cannot be written is an error that names it, and nothing is left', async () => {
  await assert.rejects(async () => run('true', [], { stdout: { file: '/nonexistent/out' } }), {
    code: 'ERR_GLASSBOX_FILE',
    path: '/nonexistent/out',
  })
})
