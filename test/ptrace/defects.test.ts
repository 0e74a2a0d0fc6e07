/**
 * Where tracers are known to go wrong: each test is named after what such a tracer tells or does.
 * The numbers in brackets are ids of the catalogue of attacks that a case stands for as well.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { trace, type TraceEvent } from '#glassbox/index.js'
import { native, noGate32, program } from '../support/programs.js'
import { assertPaired, handlersModule, ofType, traceCase } from './support/traces.js'

test('exit statuses of other children of the process are not taken', async () => {
  const traces = Promise.all([1, 2, 3].map(() => traceCase(['children', '20'])))
  const children = Array.from({ length: 12 }, (_, code) => spawn('sh', ['-c', `sleep 0.05; exit ${code}`]))
  const codes = await Promise.all(children.map(async child => (await once(child, 'exit'))[0] as number))
  assert.deepEqual(
    codes,
    Array.from({ length: 12 }, (_, code) => code),
  )
  for (const { events, end } of await traces) {
    assert.equal(end.exitCode, 0)
    assert.equal(ofType(events, 'exit').length, 21)
  }
})

test('the first thing that is told is the execve of the command, and nothing of what started it', async () => {
  const { events } = await traceCase(['faces'])
  const [first, second, third] = events
  assert.equal(first?.type, 'syscall-enter')
  assert.equal(first.name, 'execve')
  assert.equal(second?.type, 'exec')
  assert.equal(second.path, program('traced'))
  assert.ok(third?.type === 'syscall-exit' && third.name === 'execve' && third.result === 0)
})

test('entry and exit are told apart by the kernel, over skipped calls, vforks and threads', async () => {
  for (const name of ['vforks', 'thread-exec', 'faces', 'busy-end', 'signals', 'orphan']) {
    const { events } = await traceCase([name])
    assertPaired(events)
  }
})

test('a child has no SIGSTOP at its start', async () => {
  const { events } = await traceCase(['children', '5'])
  assert.equal(ofType(events, 'new-child').length, 5)
  assert.deepEqual(new Set(ofType(events, 'signal').map(({ signal }) => signal)), new Set(['SIGCHLD']))
  assert.equal(ofType(events, 'group-stop').length, 0)
})

test('a group-stop is one: the program stands until it is continued [PT-16]', async () => {
  const running = trace({ program: program('traced'), args: ['stops'] })
  const all: TraceEvent[] = []
  for await (const event of running) {
    all.push(event)
    // Not by its state, which any stop of the tracer's looks like: it may not have come that far.
    if (event.type === 'group-stop') setTimeout(() => process.kill(event.pid, 'SIGCONT'), 50)
  }
  assert.equal((await running).exitCode, 5)
  const kinds = all.flatMap(event =>
    event.type === 'signal' || event.type === 'group-stop'
      ? [`${event.type} ${event.signal}`]
      : event.type === 'syscall-enter' && event.name === 'umask'
        ? ['goes on']
        : [],
  )
  assert.deepEqual(kinds, ['signal SIGSTOP', 'group-stop SIGSTOP', 'signal SIGCONT', 'goes on'])
})

test('an execve of another thread: its end comes under the leader’s id, and no SIGTRAP with it [PT-13]', async () => {
  const { events, end } = await traceCase(['thread-exec'])
  assert.equal(end.exitCode, 0)
  const [, exec] = ofType(events, 'exec')
  assert.ok(exec && exec.formerTid !== exec.tid && exec.tid === exec.pid)
  assert.ok(exec.path.endsWith('/true'))
  const left = events.find(event => event.type === 'syscall-exit' && event.seq > exec.seq)
  assert.ok(left?.type === 'syscall-exit' && left.name === 'execve' && left.tid === exec.tid)
  assert.deepEqual(ofType(events, 'signal'), [])
  assert.equal(ofType(events, 'exit').filter(({ tid }) => tid === exec.formerTid).length, 0)
})

test('a vfork child is told of before its calls, and its parent goes on after it', async () => {
  const { events, end } = await traceCase(['vforks'])
  assert.equal(end.exitCode, 4)
  const born = ofType(events, 'new-child')[0]
  assert.equal(born?.kind, 'vfork')
  const calls = ofType(events, 'syscall-enter').filter(({ tid }) => tid === born.child)
  assert.ok(calls.some(({ name }) => name === 'getppid'))
  assert.ok(calls.every(({ seq }) => seq > born.seq))
  const left = events.find(
    event => event.type === 'syscall-exit' && event.tid === born.tid && event.seq > born.seq,
  )
  const last = calls.at(-1)
  assert.ok(left && last?.name === 'exit_group' && left.seq > last.seq)
})

test('a tracee that is killed in the middle of anything is no fault [PT-15, PT-32]', async () => {
  for (let round = 0; round < 10; round++) {
    const running = trace({ program: program('traced'), args: ['storm'] })
    const pid = await running.pid
    let events = 0
    const victims = new Set<number>([pid])
    for await (const event of running) {
      events++
      if (event.type === 'new-child') victims.add(event.child)
      const victim = [...victims][(events * 7919) % victims.size]
      if (events % 50 === 0 && victim !== undefined && victim !== pid) {
        victims.delete(victim)
        kill(victim)
      }
      if (events === 1000) await Promise.race([running.kill(), Promise.resolve()])
    }
    assert.equal((await running).signal, 'SIGKILL')
    assert.ok(events >= 1000)
  }
})

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It had ended already.
  }
}

test('a signal comes with its siginfo: who sent it, and the value', async () => {
  const running = trace(
    { program: program('traced'), args: ['signals'] },
    { handlers: { module: handlersModule('recorder') } },
  )
  const stops: { signal: number; siginfo: Uint8Array }[] = []
  running.onMessage(message => {
    const stop = message as { type: string; signal: number; siginfo: Uint8Array }
    if (stop.type === 'signal') stops.push(stop)
  })
  await running
  const pid = await running.pid
  const [queued, raised, breakpoint] = stops.map(
    ({ siginfo }) => new DataView(siginfo.buffer, siginfo.byteOffset),
  )
  assert.deepEqual(
    stops.map(({ signal }) => signal),
    [10, 5, 5],
  )
  // si_code, si_pid, si_value: sigaction(2).
  assert.deepEqual(
    [queued?.getInt32(8, true), queued?.getInt32(16, true), queued?.getInt32(24, true)],
    [-1, pid, 1234],
  )
  assert.deepEqual([raised?.getInt32(8, true), raised?.getInt32(16, true)], [-6, pid])
  assert.equal(breakpoint?.getInt32(8, true), 0x80, 'SI_KERNEL: its own int3 [PT-17]')
})

test('strings are read by pages: at the end of one, across two, where there is nothing [PT-09]', async () => {
  const running = trace(
    { program: program('traced'), args: ['edges'] },
    { handlers: { module: handlersModule('recorder') } },
  )
  const opened: { path: string | undefined; length: number | undefined }[] = []
  running.onMessage(message => {
    const stop = message as { type: string; nr: number; path?: string; length?: number }
    if (stop.type === 'enter' && stop.nr === 257) opened.push({ path: stop.path, length: stop.length })
  })
  assert.equal((await running).exitCode, 0)
  const [end, across, none, gap, forbidden] = opened.slice(-5)
  assert.deepEqual(end, { path: '/at/the/end', length: 12 })
  assert.equal(across?.path, '/acr/oss')
  assert.equal(across.length, 64)
  assert.equal(none?.length, 0)
  assert.equal(gap?.length, 0)
  assert.equal(forbidden?.length, 0, 'a page without permission to read gives nothing')
})

test('a negative result below -4095 is no error', async () => {
  const { events } = await traceCase(['negative'])
  const [, owner] = ofType(events, 'syscall-exit').filter(({ name }) => name === 'fcntl')
  assert.ok(owner && typeof owner.result === 'number')
  // In a new PID namespace the group's id is small, as errors are, or 0 for one outside.
  if (owner.result < -4095 || owner.result === 0) assert.equal(owner.errno, undefined)
  else assert.notEqual(owner.errno, undefined)
})

/** The calls between a program's two marks. */
async function callsOf(name: string): Promise<string[]> {
  const { events, end } = await traceCase([name])
  assert.equal(end.exitCode, 0)
  const calls = ofType(events, 'syscall-enter').map(({ abi, nr }) => `${abi} ${nr}`)
  const marks = calls.flatMap((call, index) => (call === 'x86_64 95' ? [index] : []))
  return calls.slice((marks[0] ?? 0) + 1, marks[1])
}

test('calls by the numbers of x32 are known for what they are', async () => {
  assert.deepEqual(await callsOf('faces'), ['x32 39'])
})

test('calls by int 0x80 are known for what they are', { skip: noGate32 }, async () => {
  assert.ok((await callsOf('narrow')).includes('i386 20'))
})

test('a call that a stop interrupts goes on as restart_syscall, which names it', async () => {
  const running = trace(
    { program: program('traced'), args: ['sleeps'] },
    { handlers: { module: handlersModule('recorder') } },
  )
  const calls: { type: string; nr: number; value?: bigint; resumes?: { nr: number } }[] = []
  let stopped = false
  running.onMessage(message => {
    const stop = message as (typeof calls)[number] & { pid: number }
    if (stop.type === 'enter' || stop.type === 'exit') calls.push(stop)
    if (stop.type === 'enter' && (stop.nr === 230 || stop.nr === 35) && !stopped) {
      stopped = true
      setTimeout(() => process.kill(stop.pid, 'SIGSTOP'), 50)
      setTimeout(() => process.kill(stop.pid, 'SIGCONT'), 100)
    }
  })
  assert.equal((await running).exitCode, 0)
  const sleep = calls.findIndex(({ type, nr }) => type === 'exit' && (nr === 230 || nr === 35))
  assert.equal(calls[sleep]?.value, -516n, 'ERESTART_RESTARTBLOCK')
  assert.equal(calls[sleep + 1]?.nr, 219)
  assert.equal(calls[sleep + 1]?.resumes?.nr, calls[sleep]?.nr)
  assert.equal(calls[sleep + 2]?.value, 0n)
})

test('a slow handler holds up nobody but its own trace', async () => {
  const slow = trace(
    { program: program('traced'), args: ['faces'] },
    { handlers: { module: handlersModule('tamperer'), data: 'delay' } },
  )
  const times: bigint[] = []
  slow.onMessage(time => times.push(time as bigint))
  const fast = await traceCase(['children', '3'])
  assert.equal(fast.end.exitCode, 0)
  assert.equal((await slow).exitCode, 0)
  assert.ok((times[0] ?? 0n) >= 250_000_000n, 'the delay at the entry is in the time of the call')
})

test('the control: each program does the same without a tracer', () => {
  assert.equal(native('traced', ['vforks']).code, 4)
  assert.equal(native('traced', ['thread-exec']).code, 0)
  assert.equal(native('traced', ['leader-ends']).code, 7)
  assert.equal(native('traced', ['busy-end']).code, 6)
  assert.equal(native('traced', ['faces']).code, 0)
  assert.equal(native('traced', ['kills-itself']).signal, 'SIGKILL')
})

test('a leader that ends before its threads: the end of the process is theirs [PT-14]', async () => {
  const { events, end } = await traceCase(['leader-ends'])
  assert.equal(end.exitCode, 7)
  assert.deepEqual(
    ofType(events, 'exit').map(({ code }) => code),
    [7, 7],
  )
})

test('threads that are in calls when their process ends vanish without harm [PT-15]', async () => {
  const { events, end } = await traceCase(['busy-end'], { events: ['exit', 'new-child'] })
  assert.equal(end.exitCode, 6)
  assert.equal(ofType(events, 'new-child').length, 4)
  assert.equal(ofType(events, 'exit').length, 5)
})

test('a child of CLONE_UNTRACED is traced like any other [PT-11, PT-12]', async () => {
  for (const options of [{}, { syscalls: ['sched_getaffinity'] }]) {
    const { events, end } = await traceCase(['masks'], options)
    assert.equal(end.exitCode, 0)
    assert.equal(ofType(events, 'new-child').length, 2)
    const asked = ofType(events, 'syscall-exit').filter(({ name }) => name === 'sched_getaffinity')
    assert.equal(new Set(asked.map(({ pid }) => pid)).size, 3)
  }
  const { events } = await traceCase(['masks'], { follow: false })
  assert.equal(new Set(events.map(({ tid }) => tid)).size, 1, 'without follow none is')
})

test('an orphan is traced to its end [PT-24]', async () => {
  const { events, end } = await traceCase(['orphan'])
  assert.equal(end.exitCode, 0)
  assert.equal(ofType(events, 'exit').at(-1)?.code, 7)
})
