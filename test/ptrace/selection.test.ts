/** Which calls stop and are told, and a reader that is slower than the program. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { trace, type TraceEvent } from '#glassbox/index.js'
import { program } from '../support/programs.js'
import { ofType, output, traceCase } from './support/traces.js'

const names = (events: readonly TraceEvent[]): Set<string> =>
  new Set(events.flatMap(event => ('name' in event ? [event.name] : [])))

for (const seccomp of [true, false]) {
  test(`only the calls that were asked for are told, ${seccomp ? 'with' : 'without'} a filter`, async () => {
    const all = await traceCase(['orphan'], { syscalls: ['wait4', 'exit_group'], seccomp })
    assert.deepEqual(names(all.events), new Set(['wait4', 'exit_group']))
    assert.equal(all.end.exitCode, 0)
    assert.equal(ofType(all.events, 'exit').at(-1)?.code, 7, 'children of children too')
    assert.equal(ofType(all.events, 'exec').length, 1, 'what is no call is told as ever')
    const execve = await traceCase(['orphan'], { syscalls: ['execve'], seccomp })
    assert.deepEqual(names(execve.events), new Set(['execve']))
    assert.equal(ofType(execve.events, 'syscall-exit')[0]?.result, 0)
  })
}

test('under a filter other calls never stop', async t => {
  const filtered = await output(t, ['switches'], { syscalls: ['wait4'] })
  assert.equal(filtered.end.exitCode, 0)
  assert.ok(Number(filtered.out) < 2000, `it stood still ${filtered.out} times`)
  const all = await output(t, ['switches'], { syscalls: ['wait4'], seccomp: false })
  assert.ok(Number(all.out) >= 20_000, `the control: without a filter ${all.out} times`)
})

test('a reader that pauses loses nothing', async () => {
  const running = trace({ program: program('traced'), args: ['children', '300'] }, { queue: 50 })
  let next = 0
  let ends = 0
  for await (const event of running) {
    assert.equal(event.seq, next++)
    assert.equal(event.dropped, undefined)
    if (event.type === 'exit') ends++
    if (next % 500 === 0) await new Promise(resolve => setTimeout(resolve, 5))
  }
  assert.equal(ends, 301)
})

test('the program waits for its reader, where that is asked for', async t => {
  const running = trace({ program: program('traced'), args: ['children', '100000'] }, { queue: 20 })
  t.after(() => running.kill())
  const iterator = running[Symbol.asyncIterator]()
  await iterator.next()
  await new Promise(resolve => setTimeout(resolve, 300))
  const first = await drain(iterator, 100)
  assert.equal(first.at(-1)?.seq, 100, 'whatever time went by, no event is missing')
})

async function drain(iterator: AsyncIterator<TraceEvent>, count: number): Promise<TraceEvent[]> {
  const events: TraceEvent[] = []
  while (events.length < count) {
    const { value, done } = await iterator.next()
    if (done) break
    events.push(value)
  }
  return events
}

test('whoever waits for the end only, or leaves the loop, does not hold the program up', async () => {
  const command = { program: program('traced'), args: ['children', '50'] }
  assert.equal((await trace(command, { queue: 10 })).exitCode, 0)
  const left = trace(command, { queue: 10 })
  for await (const event of left) if (event.seq === 20) break
  assert.equal((await left).exitCode, 0)
})

test('or events are dropped, and the next one says how many', async () => {
  const running = trace(
    { program: program('traced'), args: ['children', '100'] },
    { queue: 20, slowReader: 'drop' },
  )
  // The main thread is busy and reads nothing until the program is long at its end.
  const until = Date.now() + 700
  while (Date.now() < until) Math.sqrt(until)
  let told = 0
  let dropped = 0
  for await (const event of running) {
    told++
    dropped += event.dropped ?? 0
    assert.equal(event.seq, told + dropped - 1)
  }
  assert.equal((await running).exitCode, 0)
  assert.ok(told >= 20)
})

test('bad options are refused before anything starts', () => {
  const command = { program: 'true' }
  const refused = (options: object, option: string): void => {
    assert.throws(() => trace(command, options), { code: 'ERR_GLASSBOX_INVALID_OPTION', option })
  }
  refused({ sycalls: [] }, 'sycalls')
  refused({ syscalls: ['opemat'] }, 'syscalls[0]')
  refused({ events: ['enter'] }, 'events[0]')
  refused({ queue: 0 }, 'queue')
  refused({ slowReader: 'wait' }, 'slowReader')
  assert.throws(() => trace(-1), { code: 'ERR_GLASSBOX_INVALID_OPTION', option: 'pid' })
  assert.throws(() => trace({ program: 'no-such-program' }), { code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND' })
  assert.throws(() => trace({ program: '/no/such/program' }), {
    code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND',
    errno: 2,
  })
})
