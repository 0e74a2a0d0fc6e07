/** The cookbook of docs/tracing.md does what it says. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { AddressInfo } from 'node:net'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const directory = fileURLToPath(new URL('../../../examples/tracing/', import.meta.url))

async function example(
  name: string,
  words: readonly string[],
  cwd = '/',
): Promise<{ readonly lines: readonly string[]; readonly code: number | null }> {
  const child = spawn(process.execPath, [join(directory, name), ...words], { cwd, timeout: 60_000 })
  let out = ''
  child.stdout.on('data', (data: Buffer) => void (out += data.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { lines: out.trimEnd().split('\n'), code }
}

test('files-read: the sources and headers of a build, not what it made', async context => {
  const cwd = temporaryDirectory(context)
  writeFileSync(join(cwd, 'hello.h'), '')
  writeFileSync(join(cwd, 'hello.c'), '#include "hello.h"\nint main(void) { return 0; }\n')
  const { lines, code } = await example('files-read.mjs', ['cc', '-c', 'hello.c'], cwd)
  assert.equal(code, 0)
  for (const name of ['hello.c', 'hello.h'])
    assert.equal(lines.filter(line => line === join(cwd, name)).length, 1, name)
  assert.ok(!lines.includes(join(cwd, 'hello.o')))
})

test('fail-third-open: the third fails, and only that', async () => {
  // Two libraries are opened before the five of the program itself.
  const { lines } = await example('fail-third-open.mjs', [program('straced'), 'opens'])
  assert.deepEqual(lines, [`${program('straced')} ended with 1`])
})

test('clock-1999: for programs that read the clock without a system call', async () => {
  assert.deepEqual((await example('clock-1999.mjs', ['date', '-u', '+%Y'])).lines, ['1999'])
  const script = 'import time, datetime; print(datetime.datetime.now().year)'
  if (existsSync('/usr/bin/python3'))
    assert.deepEqual((await example('clock-1999.mjs', ['/usr/bin/python3', '-c', script])).lines, ['1999'])
})

test('slow-writes: each write is late', async () => {
  const begin = Date.now()
  const { lines } = await example('slow-writes.mjs', ['sh', '-c', 'for i in 1 2 3 4 5; do echo $i; done'])
  assert.deepEqual(lines, ['1', '2', '3', '4', '5', '5 writes, each 10 ms late'])
  assert.ok(Date.now() - begin >= 50)
})

test('who-connects: name, address, port', async context => {
  const server = createServer(socket => socket.end())
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const { lines } = await example('who-connects.mjs', ['bash', '-c', `exec 3<>/dev/tcp/127.0.0.1/${port}`])
  assert.ok(lines.includes(`bash connects to 127.0.0.1 port ${port}`), lines.join('\n'))
})

test('count-calls: the most frequent first', async () => {
  const { lines } = await example('count-calls.mjs', [program('straced'), 'loops', '500'])
  assert.equal(lines[0], '   500 getppid')
  assert.equal(lines.length, 5)
})

test('slowest-calls: the sleep of sleep', async () => {
  const { lines } = await example('slowest-calls.mjs', ['sleep', '0.3'])
  assert.match(lines[0] ?? '', /^ +3\d\d\.\d{3} ms clock_nanosleep$/)
})

test('exec-log: what was executed, and how it ended', async () => {
  const { lines } = await example('exec-log.mjs', ['sh', '-c', '/bin/true; /bin/false; (exit 3); kill -9 $$'])
  assert.match(lines[0] ?? '', /true: 0$/)
  assert.match(lines[1] ?? '', /false: 1$/)
  assert.deepEqual(lines[2], '(a copy of its parent): 3')
  assert.match(lines[3] ?? '', /sh: SIGKILL$/)
})

test('keep-files: nothing is deleted', async context => {
  const cwd = temporaryDirectory(context)
  writeFileSync(join(cwd, 'kept'), 'x')
  const { code } = await example('keep-files.mjs', ['rm', '-rf', cwd])
  assert.equal(code, 1)
  assert.equal(readFileSync(join(cwd, 'kept'), 'utf8'), 'x')
})

test('errors: what was looked for and not found', async () => {
  const { lines } = await example('errors.mjs', ['cat', '/nonexistent/file'])
  assert.ok(lines.includes('/nonexistent/file'), lines.join('\n'))
})

test('each example of the cookbook is tested and described', () => {
  const names = readdirSync(directory)
  assert.equal(names.length, 10)
  const tests = readFileSync(fileURLToPath(import.meta.url), 'utf8')
  const guide = readFileSync(fileURLToPath(new URL('../../../docs/tracing.md', import.meta.url)), 'utf8')
  for (const name of names) {
    assert.ok(tests.includes(`'${name}'`), name)
    assert.ok(guide.includes(name), name)
  }
})
