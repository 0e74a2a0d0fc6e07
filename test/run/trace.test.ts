/** run(…, { trace }): a program in a box, traced from outside. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPool, denyCalls, openBox, run } from '#glassbox/index.js'
import type { RunOptions, Trace, TraceEvent } from '#glassbox/index.js'
import { temporaryDirectory } from '../support/temporary.js'

async function traced(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ events: TraceEvent[]; result: Awaited<ReturnType<typeof run>> }> {
  const events: TraceEvent[] = []
  const reader = async (trace: Trace): Promise<void> => {
    for await (const event of trace) events.push(event)
  }
  const result = await run(program, args, { ...options, trace: { ...options.trace, reader } })
  return { events, result }
}

const namesOf = (events: readonly TraceEvent[]): readonly string[] =>
  events.flatMap(event => (event.type === 'syscall-exit' ? [event.name] : []))

test('its calls from its execve to its end, and those of its children', async () => {
  const { events, result } = await traced('sh', ['-c', '/bin/echo hello; exit 3'])
  assert.deepEqual([result.stdout, result.exitCode], ['hello\n', 3])
  const [first] = events
  assert.ok(first?.type === 'syscall-enter' && first.name === 'execve')
  assert.deepEqual(first.args['argv'], ['sh', '-c', '/bin/echo hello; exit 3'])
  const echo = events.find(event => event.type === 'syscall-exit' && event.name === 'write')
  assert.ok(echo?.type === 'syscall-exit' && echo.pid !== first.pid)
  const last = events.at(-1)
  assert.ok(last?.type === 'exit' && last.code === 3 && last.pid === first.pid)
})

test('nothing of how the box is made is seen', async () => {
  const names = namesOf((await traced('true', [])).events)
  for (const name of ['seccomp', 'prctl', 'setresuid', 'kill', 'dup2', 'close_range', 'recvmsg'])
    assert.ok(!names.includes(name), name)
})

test('a policy holds as without a trace, also one that forbids what a trace begins with', async () => {
  const policy = denyCalls(['kill', 'getpid', 'uname'])
  const { result } = await traced('uname', [], { policy })
  assert.deepEqual([result.status, result.violation?.syscall], ['syscall-denied', 'uname'])
  const allowed = await traced('true', [], { policy })
  assert.equal(allowed.result.ok, true)
})

test('a limit ends a traced program, and with it the trace', async () => {
  const { events, result } = await traced('sleep', ['60'], { limits: { wallTimeMs: 300 } })
  assert.equal(result.status, 'wall-time-limit')
  const last = events.at(-1)
  assert.ok(last?.type === 'killed' && last.signal === 'SIGKILL')
})

test('a call fails by a handler', async context => {
  const module = join(temporaryDirectory(context), 'handlers.mjs')
  writeFileSync(module, 'export default () => ({ enter(call, tracee) { tracee.skip({ errno: 28 }) } })')
  const options = { trace: { syscalls: ['mkdir'], handlers: { module } } }
  const { stderr, exitCode } = await run('mkdir', ['a'], options)
  assert.deepEqual([stderr.includes('No space left on device'), exitCode], [true, 1])
  assert.equal((await run('mkdir', ['a'])).exitCode, 0)
})

test('a reader that fails ends the program, and run() fails with its error', async () => {
  const reader = (): Promise<void> => Promise.reject(new Error('enough'))
  await assert.rejects(async () => run('sleep', ['60'], { trace: { reader } }), { message: 'enough' })
})

test('a program that is not there is told as without a trace', async () => {
  for (const trace of [undefined, { reader: async () => {} }])
    await assert.rejects(async () => run('/no/such/program', [], trace ? { trace } : {}), {
      code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND',
    })
})

test('an option of the trace that there is not is named, and nothing is left', async () => {
  const trace = { syscals: ['read'] } as object
  await assert.rejects(async () => run('true', [], { trace }), { hint: 'Did you mean syscalls?' })
})

test('a canceled program is canceled', async () => {
  const canceled = new AbortController()
  const reader = async (trace: Trace): Promise<void> => {
    for await (const { type } of trace) if (type === 'syscall-enter') canceled.abort()
  }
  const { status } = await run('sleep', ['60'], { signal: canceled.signal, trace: { reader } })
  assert.equal(status, 'canceled')
})

test('in a box that stays open, in turn with programs that are not traced', async () => {
  await using box = await openBox()
  for (let round = 0; round < 3; round++) {
    let calls = 0
    const reader = async (trace: Trace): Promise<void> => {
      for await (const event of trace) if (event.type === 'syscall-exit') calls++
    }
    assert.equal((await box.run('true', [], { trace: { reader } })).ok, true)
    assert.ok(calls > 10)
    assert.equal((await box.run('true')).ok, true)
  }
})

test('canceled before it begins, it leaves its box fit for the next', async () => {
  await using box = await openBox()
  const reader = async (): Promise<void> => {}
  const { status } = await box.run('true', [], { signal: AbortSignal.abort(), trace: { reader } })
  assert.equal(status, 'canceled')
  assert.equal((await box.run('true', [], { trace: { reader } })).ok, true)
})

test('in a pool', async () => {
  await using pool = await createPool({ size: 1 })
  let execs = 0
  const reader = async (trace: Trace): Promise<void> => {
    for await (const event of trace) if (event.type === 'exec') execs++
  }
  for (let round = 0; round < 3; round++)
    assert.equal((await pool.run('true', [], { trace: { reader, events: ['exec'] } })).ok, true)
  assert.equal(execs, 3)
})
