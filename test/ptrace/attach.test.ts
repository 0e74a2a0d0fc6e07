/** Attaching to what runs, and letting go. The victims are no children of this process. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { trace } from '#glassbox/index.js'
import { program } from '../support/programs.js'
import {
  assertPaired,
  background,
  handlersModule,
  isAlive,
  ofType,
  read,
  state,
  until,
} from './support/traces.js'

const tracer = (pid: number): string | undefined =>
  /^TracerPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]

test('a running process is traced, let go and runs on', async () => {
  const pid = background([program('traced'), 'loops'])
  try {
    const running = trace(pid)
    assert.equal(await running.pid, pid)
    const events = []
    for await (const event of running) {
      events.push(event)
      if (events.length === 200) void running.detach()
    }
    const end = await running
    assert.equal(end.exitCode, undefined)
    assert.equal(end.signal, undefined)
    assertPaired(events)
    assert.ok(ofType(events, 'syscall-exit').some(({ name }) => name === 'getppid'))
    assert.equal(tracer(pid), '0')
    assert.ok(isAlive(pid))
    assert.notEqual(state(pid), 't')
  } finally {
    process.kill(pid, 'SIGKILL')
  }
})

test('all threads of a process are found, those that it makes later too', async () => {
  const pid = background([program('traced'), 'busy-end', 'traced'])
  const { events } = await read(trace(pid, { events: ['exit', 'new-child'] }))
  assert.equal(new Set(ofType(events, 'exit').map(({ tid }) => tid)).size, 5)
})

test('one that is blocked in a call goes on with it, and the call is named', async () => {
  const pid = background(['sleep', '4'])
  await until(() => state(pid) === 'S', 'its sleep')
  const running = trace(pid, { handlers: { module: handlersModule('recorder') } })
  const calls: { type: string; nr: number; resumes?: { nr: number }; value?: bigint; attached?: boolean }[] =
    []
  running.onMessage(message => calls.push(message as (typeof calls)[number]))
  assert.equal((await running).exitCode, 0)
  assert.equal(calls[0]?.type, 'attached')
  assert.equal(calls[0].attached, true)
  assert.equal(calls[1]?.nr, 219)
  assert.equal(calls[1].resumes?.nr, 230, 'clock_nanosleep')
  assert.equal(calls[2]?.value, 0n)
})

test('a stopped process stays stopped: when it is attached to, and when it is let go', async () => {
  const pid = background([program('traced'), 'loops'])
  try {
    process.kill(pid, 'SIGSTOP')
    await until(() => state(pid) === 'T', 'the stop')
    const running = trace(pid, { handlers: { module: handlersModule('recorder') } })
    const told: string[] = []
    running.onMessage(message => told.push((message as { type: string }).type))
    await until(() => told.includes('groupStop'), 'the group-stop')
    await new Promise(resolve => setTimeout(resolve, 30))
    assert.deepEqual(told, ['attached', 'groupStop'])
    await running.detach()
    assert.deepEqual(told.slice(-2), ['detached', 'end'])
    await until(() => state(pid) === 'T', 'stopped as before')
    await new Promise(resolve => setTimeout(resolve, 30))
    assert.equal(state(pid), 'T')
    process.kill(pid, 'SIGCONT')
    await until(() => state(pid) !== 'T', 'it goes on')
  } finally {
    process.kill(pid, 'SIGKILL')
  }
})

test('what cannot be attached to is said in words', async () => {
  await assert.rejects(async () => trace(4_000_000), {
    errno: 3,
    message: /PTRACE_SEIZE, \d+\): No such process/,
  })
  await assert.rejects(async () => trace(process.pid), { message: /this process itself/ })
  const child = spawn('sleep', ['100'])
  try {
    await assert.rejects(async () => trace(child.pid ?? 0), { message: /child of this process/ })
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
})

test('one tracer at most: the second is told who is the first [PT-19]', async () => {
  const pid = background([program('traced'), 'loops'])
  const first = trace(pid, { events: ['exit'] })
  await first.pid
  await assert.rejects(
    async () => trace(pid),
    (error: Error & { hint?: string; code?: string }) => {
      assert.equal(error.code, 'ERR_GLASSBOX_MISSING_FEATURE')
      assert.match(error.hint ?? '', /already traced by process \d+/)
      return true
    },
  )
  assert.equal((await first.kill()).signal, 'SIGKILL')
})

test('of several pids those that are there are traced, beside a command as well', async () => {
  const pid = background([program('traced'), 'loops'])
  const running = trace(
    { program: 'true' },
    { attach: [pid, 4_000_000], handlers: { module: handlersModule('recorder') } },
  )
  const told: { type: string; pid: number }[] = []
  running.onMessage(message => told.push(message as (typeof told)[number]))
  await until(() => told.some(({ type }) => type === 'exited'), 'the end of the command')
  assert.equal(told.find(({ type }) => type === 'notAttached')?.pid, 4_000_000)
  process.kill(pid, 'SIGTERM')
  assert.equal((await running).exitCode, 0)
  assert.equal(told.findLast(({ type }) => type === 'killed')?.pid, pid)
})

test('without follow one thread is traced and no child', async () => {
  const { events, end } = await read(
    trace({ program: program('traced'), args: ['children', '3'] }, { follow: false }),
  )
  assert.equal(end.exitCode, 0)
  assert.equal(new Set(events.map(({ tid }) => tid)).size, 1)
  assert.equal(ofType(events, 'syscall-exit').filter(({ name }) => name === 'wait4').length, 3)
})
