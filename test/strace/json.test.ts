/** --json: every line stands for itself and keeps to the schema of docs/tracing.md. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { test, type TestContext } from 'node:test'
import { jsonValue, numberOrText } from '#glassbox/strace/formats/json-value.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { strace } from './support/strace.js'

type Event = Readonly<Record<string, unknown>>

function events(context: TestContext, ...args: readonly string[]): Event[] {
  const file = join(temporaryDirectory(context), 'out')
  strace('--json', '-o', file, ...args)
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Event)
}

const COMMON = {
  v: 'number',
  seq: 'number',
  type: 'string',
  pid: 'number',
  tid: 'number',
  time: 'number',
  atNs: 'number',
}
/** `?`: may be absent. The documentation is compared with this. */
const SCHEMA: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  syscall: {
    name: 'string',
    nr: 'number',
    abi: 'string',
    args: 'object',
    raw: 'object',
    'result?': 'number',
    'errno?': 'string',
    'durationNs?': 'number',
    text: 'string',
    'tampered?': 'boolean',
    'unfinished?': 'boolean',
    'stack?': 'object',
    'stackCut?': 'boolean',
  },
  signal: { signal: 'string', info: 'string', 'stack?': 'object', 'stackCut?': 'boolean' },
  stop: { signal: 'string', 'stack?': 'object', 'stackCut?': 'boolean' },
  start: { 'parent?': 'number', 'attached?': 'boolean' },
  exec: { 'formerTid?': 'number' },
  exit: { code: 'number' },
  killed: { signal: 'string', coreDumped: 'boolean' },
  detach: {},
}

function assertSchema(event: Event): void {
  const specific = SCHEMA[String(event['type'])]
  assert.ok(specific, `unknown type ${String(event['type'])}`)
  const expected = { ...COMMON, ...specific }
  for (const [key, type] of Object.entries(expected)) {
    const name = key.replace('?', '')
    const value = event[name]
    if (value === undefined) assert.ok(key.endsWith('?'), `${String(event['type'])} lacks ${name}`)
    else assert.equal(typeof value, type, name)
  }
  const known = Object.keys(expected).map(key => key.replace('?', ''))
  for (const name of Object.keys(event)) assert.ok(known.includes(name), `${name} is not in the schema`)
}

test('each event keeps to the schema, and all are counted', context => {
  for (const args of [
    ['-f', program('straced'), 'child'],
    ['-f', program('straced'), 'child', 'abort'],
    ['-f', program('straced'), 'thread-exec'],
    [program('straced'), 'signals'],
    ['-k', '--stack-trace-frame-limit=2', program('straced'), 'signals'],
    ['-e', 'inject=access:error=EIO', 'true'],
  ]) {
    const all = events(context, ...args)
    for (const event of all) assertSchema(event)
    assert.deepEqual(
      all.map(({ seq }) => seq),
      all.map((_, index) => index),
    )
    assert.ok(all.every(({ v }) => v === 1))
  }
})

test('a call that failed, one that did not, and one that did not come back', context => {
  const all = events(context, '-e', 'trace=rmdir,umask,exit_group', program('straced'), 'turns')
  const calls = all.filter(({ type }) => type === 'syscall')
  const named = (name: string): Event => calls.find(call => call['name'] === name) ?? {}
  assert.deepEqual(
    [named('rmdir')['result'], named('rmdir')['errno'], named('rmdir')['nr']],
    [-1, 'ENOENT', 84],
  )
  assert.equal((named('rmdir')['args'] as Record<string, unknown>)['path'], '/nonexistent/x')
  assert.equal(named('rmdir')['text'], 'rmdir("/nonexistent/x") = -1 ENOENT (No such file or directory)')
  assert.deepEqual([named('umask')['errno'], (named('umask')['raw'] as string[])[0]], [undefined, '0x12'])
  assert.deepEqual([named('exit_group')['unfinished'], named('exit_group')['result']], [true, undefined])
  assert.equal(calls.length, 7)
})

test('children name their parents, ends their codes and signals', context => {
  const all = events(context, '-f', '-e', 'trace=none', program('straced'), 'child', 'abort')
  const [root] = all
  const child = all.find(({ type, parent }) => type === 'start' && parent !== undefined)
  assert.equal(child?.['parent'], root?.['pid'])
  const killed = all.find(({ type }) => type === 'killed')
  assert.deepEqual(
    [killed?.['pid'], killed?.['signal'], killed?.['coreDumped']],
    [child?.['pid'], 'SIGABRT', killed?.['coreDumped']],
  )
  assert.deepEqual(all.at(-1)?.['code'], 0)
})

test('times are of the epoch and grow along the trace', context => {
  const all = events(context, '-e', 'trace=none', program('straced'), 'signals')
  const now = Date.now() / 1000
  for (const { time } of all) assert.ok(Math.abs(now - Number(time)) < 60)
  const at = all.map(({ atNs }) => Number(atNs))
  assert.deepEqual(
    at,
    at.toSorted((a, b) => a - b),
  )
})

test('a status selects calls here too', context => {
  const all = events(context, '-Z', '-e', 'trace=rmdir,umask', program('straced'), 'turns')
  assert.deepEqual(
    all.filter(({ type }) => type === 'syscall').map(({ name }) => name),
    ['rmdir', 'rmdir', 'rmdir'],
  )
})

test('values: numbers that are exact, text where bytes are text', () => {
  assert.equal(numberOrText(5n), 5)
  assert.equal(numberOrText(2n ** 53n), String(2n ** 53n))
  assert.deepEqual(jsonValue({ a: [1n, null, 'x'], b: Uint8Array.of(104, 105), c: Uint8Array.of(255) }), {
    a: [1, null, 'x'],
    b: 'hi',
    c: { base64: '/w==' },
  })
})

test('the documentation names every type and every member', () => {
  const path = fileURLToPath(new URL('../../../docs/tracing.md', import.meta.url))
  const text = readFileSync(path, 'utf8')
  for (const [type, members] of Object.entries(SCHEMA))
    for (const name of [type, ...Object.keys(members).map(key => key.replace('?', ''))])
      assert.ok(text.includes(`\`${name}\``), name)
})
