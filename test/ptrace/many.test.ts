/** Many traces, many tracees, and long ones: nothing is lost, and nothing is left. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { trace } from '#glassbox/index.js'
import { assertNothingLeft, type Surroundings, surroundings } from '../support/left.js'
import { program } from '../support/programs.js'
import { assertPaired, ofType, read, traceCase } from './support/traces.js'

let surrounding: Surroundings
before(async () => {
  // The first trace opens what stays open for the life of the process.
  await traceCase(['faces'])
  surrounding = surroundings()
})
after(() => assertNothingLeft(surrounding))

test('100 traces one after another', async () => {
  for (let round = 0; round < 100; round++) {
    const code = round % 20
    const { events, end } = await read(
      trace({ program: 'sh', args: ['-c', `exit ${code}`] }, { events: ['exit', 'exec'] }),
    )
    assert.equal(end.exitCode, code)
    assert.deepEqual(
      events.map(({ type }) => type),
      ['exec', 'exit'],
    )
  }
})

test('10 traces at a time, beside children of child_process', async () => {
  for (let round = 0; round < 5; round++) {
    const traces = Array.from({ length: 10 }, (_, index) =>
      read(trace({ program: 'sh', args: ['-c', `(exit 9); (exit 9); exit ${index}`] })),
    )
    const children = Array.from({ length: 10 }, (_, index) =>
      once(spawn('sh', ['-c', `sleep 0.02; exit ${index}`]), 'exit'),
    )
    for (const [index, { events, end }] of (await Promise.all(traces)).entries()) {
      assert.equal(end.exitCode, index)
      assert.deepEqual(
        ofType(events, 'exit').map(({ code }) => code),
        [9, 9, index],
      )
      assertPaired(events)
      assert.deepEqual(
        events.map(({ seq }) => seq),
        events.map((_, seq) => seq),
      )
    }
    for (const [index, [code]] of (await Promise.all(children)).entries()) assert.equal(code, index)
  }
})

test('1 000 tracees at a time', async () => {
  const { events, end } = await traceCase(['threads', '1000'], { events: ['new-child', 'exit'] })
  assert.equal(end.exitCode, 0)
  assert.equal(ofType(events, 'new-child').length, 1000)
  assert.equal(new Set(ofType(events, 'exit').map(({ tid }) => tid)).size, 1001)
})

test('short processes one after another: the table does not grow with them [PT-25]', async () => {
  const running = trace(
    { program: program('traced'), args: ['children', '1500'] },
    { events: ['new-child', 'exit'] },
  )
  const alive = new Set<number>()
  let most = 0
  let ended = 0
  for await (const event of running) {
    if (event.type === 'new-child') alive.add(event.child)
    if (event.type === 'exit' && alive.delete(event.tid)) ended++
    most = Math.max(most, alive.size)
  }
  assert.equal(ended, 1500)
  assert.equal(most, 1)
})

test('no thread of this process is left over', () => {
  // Node's own: the main thread, four of libuv’s, those of V8; none by the name of a tracer.
  assert.ok(readdirSync('/proc/self/task').length < 20)
})
