/** --perfetto, --tree, --stats: what strace lacks. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { OURS, strace } from './support/strace.js'

interface TraceEvent {
  readonly name: string
  readonly ph: string
  readonly pid: number
  readonly tid: number
  readonly ts?: number
  readonly dur?: number
  readonly args: Readonly<Record<string, unknown>>
}

test('a timeline: slices for calls, marks for events, names for tracks', context => {
  const file = join(temporaryDirectory(context), 'trace.json')
  const { code, err } = strace('--perfetto', file, '-f', program('straced'), 'child')
  assert.deepEqual([code, err.replace(/\d+/, 'N')], [0, 'strace: Process N attached\n'])
  const { traceEvents } = JSON.parse(readFileSync(file, 'utf8')) as { traceEvents: readonly TraceEvent[] }
  const slices = traceEvents.filter(({ ph }) => ph === 'X')
  const marks = traceEvents.filter(({ ph }) => ph === 'i').map(({ name }) => name)
  const names = traceEvents.filter(({ ph, name }) => ph === 'M' && name === 'thread_name')
  assert.equal(slices[0]?.name, 'execve')
  assert.ok(slices.some(({ name, args }) => name === 'wait4' && String(args['call']).startsWith('wait4(')))
  assert.ok(slices.every(({ ts, dur }) => Number.isFinite(ts) && Number(dur) >= 0))
  for (const mark of ['exec', 'new child', 'exit 3', 'SIGCHLD', 'exit 0'])
    assert.ok(marks.includes(mark), mark)
  assert.equal(new Set(names.map(({ tid }) => tid)).size, 2)
  assert.deepEqual([...new Set(names.map(({ args }) => args['name']))], ['straced'])
  // Slices of one track do not overlap.
  for (const tid of new Set(slices.map(slice => slice.tid))) {
    const own = slices.filter(slice => slice.tid === tid)
    for (const [index, { ts = 0 }] of own.entries()) {
      const before = own[index - 1]
      if (before) assert.ok(ts >= (before.ts ?? 0) + (before.dur ?? 0) - 0.001)
    }
  }
})

test('a timeline that cannot be written is refused before the start', () => {
  const { code, err, out } = strace('--perfetto', '/nonexistent/x', 'echo', 'hi')
  assert.deepEqual(
    [code, err, out],
    [1, "strace: Can't fopen '/nonexistent/x': No such file or directory\n", ''],
  )
})

test('the tree of processes: commands, ends, times', () => {
  const { err, code } = strace(
    '-q',
    '--tree',
    '-f',
    'sh',
    '-c',
    '/bin/true; (/bin/false; exit 3); kill -9 $$',
  )
  assert.equal(code, null)
  const lines = err.trimEnd().split('\n')
  const facts = String.raw`, \d+\.\d{3} s CPU, \d+\.\d{3} s\]$`
  assert.match(lines[0] ?? '', new RegExp(String.raw`^\d+ sh -c .* \[SIGKILL${facts}`))
  assert.match(lines[1] ?? '', new RegExp(String.raw`^├─ \d+ /bin/true \[exit 0${facts}`))
  assert.match(lines[2] ?? '', new RegExp(String.raw`^└─ \d+ \(no execve\) \[exit 3${facts}`))
  assert.match(lines[3] ?? '', new RegExp(String.raw`^   └─ \d+ /bin/false \[exit 1${facts}`))
  assert.equal(lines.length, 4)
})

test('a program that executes another keeps its place in the tree', () => {
  const { err } = strace('-q', '--tree', '-f', 'sh', '-c', 'exec /bin/true a b')
  assert.match(err, /^\d+ sh -c "exec \/bin\/true a b" \[exit 0.*\]\n {4}then \/bin\/true a b\n$/)
})

test('a table by file: calls, errors, bytes', context => {
  const directory = temporaryDirectory(context)
  const file = join(directory, 'data')
  writeFileSync(file, 'x'.repeat(1000))
  const { err } = strace('--stats', 'cat', file, join(directory, 'none'))
  const row = (name: string): string[] =>
    err
      .split('\n')
      .find(line => line.endsWith(` ${name}`))
      ?.trim()
      .split(/\s+/) ?? []
  // openat, newfstatat, fadvise64, two reads, close.
  const [calls, bytes] = row(file)
  assert.ok(Number(calls) >= 5)
  assert.equal(bytes, '1000')
  assert.deepEqual(row(join(directory, 'none')).slice(0, 3), ['1', '1', '0'])
})

test('a table by peer address', { timeout: 60_000 }, async context => {
  const server = createServer((_request, response) => response.end('hello'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const script = `require('http').get('http://127.0.0.1:${port}/', r => r.resume())`
  const [node = '', ...words] = OURS
  const child = spawn(node, [...words, '-q', '-f', '--stats', process.execPath, '-e', script])
  let err = ''
  child.stderr.on('data', (data: Buffer) => void (err += data.toString()))
  await once(child, 'close')
  assert.match(err, new RegExp(String.raw` [1-9]\d* +\d+\.\d{6} TCP 127\.0\.0\.1:${port}\n`))
})
