/**
 * Handlers that change what a program sees. The control of all: without them the program sees what
 * is there.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test, type TestContext } from 'node:test'
import { trace, type TraceOptions } from '#glassbox/index.js'
import { program } from '../support/programs.js'
import { handlersModule, ofType, type Output, output, read } from './support/traces.js'

interface Tampered extends Output {
  readonly messages: readonly unknown[]
}

async function tampered(
  context: TestContext,
  mode: string,
  args: readonly string[],
  options: TraceOptions = {},
): Promise<Tampered> {
  const messages: unknown[] = []
  const handlers = { module: handlersModule('tamperer'), data: mode }
  const ended = await output(context, args, { handlers, ...options }, message => messages.push(message))
  return { ...ended, messages }
}

test('the control: without handlers the program sees what is there', () => {
  const { stdout } = spawnSync(program('traced'), ['sees'], { encoding: 'utf8' })
  assert.equal(stdout, '0 0 0 as it was as it was ')
})

test('a call is skipped with a value or an error, replaced, its result and its memory changed [PT-27]', async t => {
  const { end, out, pid, messages } = await tampered(t, 'change', ['sees'])
  assert.equal(end.exitCode, 0)
  assert.equal(out, '1 1 1 as it was it is was ')
  const told = messages as { nr: number; value: bigint; failed: boolean }[]
  assert.ok(told.some(({ nr, value, failed }) => nr === 110 && value === 4242n && !failed))
  assert.ok(told.some(({ nr, value, failed }) => nr === 257 && value === -1n && failed))
  assert.ok(
    told.some(({ nr, value }) => nr === 95 && value === BigInt(pid)),
    'umask became getpid',
  )
})

test('the same under a filter, where the entry is the stop of the filter', async t => {
  const syscalls = ['getppid', 'openat', 'umask', 'pwrite64']
  const { end, out } = await tampered(t, 'change', ['sees'], { syscalls })
  assert.equal(end.exitCode, 0)
  assert.equal(out, '1 1 1 as it was it is was ')
})

test('an argument is changed before the call', async t => {
  const { end } = await tampered(t, 'argument', ['stops-not'])
  assert.equal(end.exitCode, 33, 'instead of 125')
})

test('a signal is kept from the program, or another delivered', async t => {
  const { end } = await tampered(t, 'signals', ['signals'])
  assert.equal(end.signal, 'SIGUSR2', 'in place of its SIGTRAP')
})

test('a handler delivers a signal at the entry of a call', async t => {
  const { end } = await tampered(t, 'signal-at-entry', ['faces'])
  assert.equal(end.signal, 'SIGTERM')
})

test('a handler kills the process', async t => {
  const { end } = await tampered(t, 'kill', ['faces'])
  assert.equal(end.signal, 'SIGKILL')
})

test('a tracee is delayed before and after its call', async t => {
  const { end, messages } = await tampered(t, 'delay', ['faces'])
  const [duration, next] = messages as bigint[]
  assert.equal(end.exitCode, 0)
  assert.ok((duration ?? 0n) >= 250_000_000n)
  assert.ok((next ?? 0n) > 0n)
})

test('an error of a handler ends the trace and is its rejection; nothing is left', async () => {
  const running = trace(
    { program: program('traced'), args: ['faces'] },
    { handlers: { module: handlersModule('tamperer'), data: 'throw' } },
  )
  const pid = await running.pid
  await assert.rejects(async () => running, { name: 'RangeError', message: 'a handler has a fault' })
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' })
})

test('a module without handlers, or that is not there, is a rejection', async () => {
  const command = { program: 'true' }
  await assert.rejects(async () => trace(command, { handlers: { module: handlersModule('traces') } }), {
    code: 'ERR_GLASSBOX_INVALID_OPTION',
  })
  await assert.rejects(async () => trace(command, { handlers: { module: handlersModule('nothing') } }), {
    code: 'ERR_GLASSBOX_INVALID_OPTION',
  })
})

test('handlers and events together: both are told, and the end carries what the handlers returned', async () => {
  const running = trace(
    { program: program('traced'), args: ['vforks'] },
    { handlers: { module: handlersModule('recorder') }, events: ['exit'] },
  )
  const seen: string[] = []
  running.onMessage(message => seen.push((message as { type: string }).type))
  const { events, end } = await read(running)
  assert.equal(ofType(events, 'exit').length, 2)
  assert.equal(events.length, 2)
  assert.equal(end.data, 'the data of the end')
  assert.equal(seen[0], 'attached')
  assert.equal(seen.filter(type => type === 'exiting').length, 2)
  assert.deepEqual(seen.slice(-2), ['exited', 'end'])
})
