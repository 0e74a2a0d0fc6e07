/** Arguments of events by their names and typed. */
import assert from 'node:assert/strict'
import { closeSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { trace } from '#glassbox/ptrace/trace.js'
import type { TraceEvent } from '#glassbox/trace/events.js'
import type { TraceOptions } from '#glassbox/trace/options.js'
import { temporaryDirectory } from '../support/temporary.js'

type Call = Extract<TraceEvent, { type: 'syscall-enter' | 'syscall-exit' }>

async function calls(
  program: string,
  args: readonly string[],
  options: TraceOptions = {},
  type: Call['type'] = 'syscall-exit',
): Promise<readonly Call[]> {
  const found: Call[] = []
  const silent = openSync('/dev/null', 'r+')
  try {
    const command = { program, args, stdio: [silent, silent, silent] as const }
    for await (const event of trace(command, { events: [type], ...options })) found.push(event as Call)
  } finally {
    closeSync(silent)
  }
  return found
}

const isOf =
  (path: string): ((call: Call) => boolean) =>
  call =>
    call.args['path'] === path

test('a path, flags by name, bytes that were read, and what fstat said', async context => {
  const file = join(temporaryDirectory(context), 'ü.txt')
  writeFileSync(file, 'hello', { mode: 0o640 })
  const all = await calls('/bin/cat', [file])
  const at = all.findIndex(isOf(file))
  const open = all[at]
  assert.deepEqual(open?.args, { dirfd: -100, path: file, flags: ['O_RDONLY'] })
  const after = all.slice(at)
  const stat = after.find(({ name }) => name === 'newfstatat')?.args['statbuf'] as Record<string, unknown>
  assert.deepEqual([stat['st_mode'], stat['st_size']], [0o100640, 5])
  const read = after.find(({ name }) => name === 'read')
  assert.ok(read?.type === 'syscall-exit')
  assert.deepEqual(Buffer.from(read.args['buf'] as Uint8Array).toString(), 'hello')
  assert.equal(read.result, 5)
})

test('at the entry only what goes in', async () => {
  const [read] = (await calls('/bin/true', [], {}, 'syscall-enter')).filter(({ name }) => name === 'read')
  assert.deepEqual(Object.keys(read?.args ?? {}), ['fd', 'count'])
})

test('the words of an execve are there after it, although its memory is not', async () => {
  const [exec] = await calls('/bin/true', ['a', 'b'])
  assert.equal(exec?.name, 'execve')
  assert.equal(exec.args['path'], '/bin/true')
  assert.deepEqual(exec.args['argv'], ['/bin/true', 'a', 'b'])
  assert.ok((exec.args['envp'] as string[]).some(word => word.startsWith('PATH=')))
})

test('an errno by its name; what the kernel did not fill in is an address', async () => {
  const all = await calls('/bin/cat', ['/nonexistent'], { syscalls: ['openat'] })
  const open = all.find(isOf('/nonexistent'))
  assert.ok(open?.type === 'syscall-exit')
  assert.deepEqual([open.errno, open.result], ['ENOENT', -2])
})

test('how a child ended, taken apart', async () => {
  const all = await calls('/bin/sh', ['-c', '/bin/false; (kill -9 $$); :'], { syscalls: ['wait4'] })
  const statuses = all.map(({ args }) => args['wstatus'])
  assert.deepEqual(statuses[0], { exitCode: 1 })
})

test('a buffer is read up to its limit and no further', async context => {
  const file = join(temporaryDirectory(context), 'long')
  writeFileSync(file, 'x'.repeat(5000))
  const longest = async (options: TraceOptions): Promise<number> => {
    const all = await calls('/bin/cat', [file], options)
    return Math.max(
      ...all.filter(({ name }) => name === 'read').map(({ args }) => (args['buf'] as Uint8Array).length),
    )
  }
  assert.equal(await longest({}), 4096)
  assert.equal(await longest({ bufferLimit: 8192 }), 5000)
  assert.equal(await longest({ bufferLimit: 10 }), 10)
})
