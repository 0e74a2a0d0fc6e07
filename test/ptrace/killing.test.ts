/**
 * A program that forks all the time is killed at any moment: nobody who is born meanwhile lives
 * on, and the trace ends. The chain of processes has a fixed length, and ends by itself after 20
 * seconds.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, test } from 'node:test'
import { trace, type TraceOptions } from '#glassbox/index.js'
import { assertNothingLeft, type Surroundings, surroundings } from '../support/left.js'
import { program } from '../support/programs.js'
import { OURS } from '../strace/support/strace.js'
import { isAlive, state, traceCase, until } from './support/traces.js'

const LENGTH = '48'
const ROUNDS = 10
/** Far more than killing takes, and less than the chain lives of itself. */
const PATIENCE_MS = 10_000

const marks = new Set<string>()

/** The arguments of a chain that can be told from all others. */
function brood(): readonly string[] {
  const mark = `brood-${process.pid}-${marks.size}`
  marks.add(mark)
  return ['brood', LENGTH, mark]
}

/** Processes of that chain which are alive. */
function survivors(args: readonly string[]): number[] {
  const mark = args.at(-1) ?? ''
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').endsWith(`${mark}\0`) && isAlive(pid)
      } catch {
        return false
      }
    })
}

/**
 * To be called at the kill. Fails where the trace goes on, or one of the chain does; in either
 * case none is left.
 */
async function assertEnds(ended: Promise<unknown>, args: readonly string[], round: number): Promise<void> {
  const patience = new AbortController()
  try {
    const late = sleep(PATIENCE_MS, 'late', { signal: patience.signal })
    const first = await Promise.race([ended, late])
    const left = survivors(args).map(pid => `${pid} ${state(pid)}`)
    assert.notEqual(first, 'late', `round ${round}: the trace ends; alive are ${left.join(', ')}`)
    assert.deepEqual(left, [], `round ${round}: none is alive`)
  } finally {
    patience.abort()
    for (const pid of survivors(args)) process.kill(pid, 'SIGKILL')
  }
}

/** Reads on to the end; calls back when so many were born. */
async function atBirth(count: number, running: ReturnType<typeof trace>, then: () => void): Promise<void> {
  let born = 0
  for await (const event of running) if (event.type === 'new-child' && ++born === count) then()
}

/** With all stops, and under a filter by which only births stop: the moments are others. */
const kinds: readonly TraceOptions[] = [
  { events: ['new-child'] },
  { events: ['new-child'], syscalls: ['mkdir'] },
]

type Killing = (running: ReturnType<typeof trace>, controller: AbortController) => void

async function killWhileForking(kill: Killing): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const args = brood()
    const controller = new AbortController()
    const options = { ...kinds[round % 2], signal: controller.signal }
    const running = trace({ program: program('traced'), args }, options)
    let reading: Promise<void> | undefined
    await new Promise<void>(resolve => {
      reading = atBirth(3 + round * 5, running, () => {
        kill(running, controller)
        resolve()
      })
    })
    await assertEnds(Promise.allSettled([reading, running]), args, round)
  }
}

let surrounding: Surroundings
before(async () => {
  await traceCase(['faces'])
  surrounding = surroundings()
})
after(() => assertNothingLeft(surrounding))

test('kill() while the program forks leaves nobody, and ends the trace [PC-15]', () =>
  killWhileForking(running => void running.kill()))

test('so does leaving the scope of the trace', () =>
  killWhileForking(running => void running[Symbol.asyncDispose]()))

test('so does an AbortSignal', () => killWhileForking((_running, controller) => controller.abort()))

test('so does kill() at any moment from the start on [PC-17]', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const args = brood()
    const running = trace({ program: program('traced'), args }, { ...kinds[round % 2], events: 'none' })
    await sleep(round * 7)
    await assertEnds(running.kill(), args, round)
  }
})

test('so does a handler that throws', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const args = brood()
    const handlers = { module: new URL('./support/thrower.js', import.meta.url), data: 3 + round * 5 }
    const running = trace({ program: program('traced'), args }, { ...kinds[round % 2], handlers })
    await assertEnds(
      assert.rejects(async () => running, RangeError),
      args,
      round,
    )
  }
})

test('kill() of a trace whose reader reads no more ends it', async () => {
  const running = trace({ program: program('traced'), args: ['loops'] }, { queue: 4 })
  for await (const event of running) {
    if (event.seq < 2) continue
    // The tracer stands still by then: nobody has read what it has to tell.
    await sleep(50)
    assert.equal((await running.kill()).signal, 'SIGKILL')
    break
  }
})

test('detach() under a filter while the program forks leaves nobody: untraced, its calls would fail', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const args = brood()
    const running = trace(
      { program: program('traced'), args },
      { syscalls: ['mkdir'], events: ['new-child'] },
    )
    const pid = await running.pid
    await atBirth(3 + round * 5, running, () => void running.detach())
    await running
    await until(() => state(pid) === undefined && survivors(args).length === 0, 'the end of the chain')
    await assertEnds(Promise.resolve(), args, round)
  }
})

const [NODE = '', ...WORDS] = OURS

for (const option of ['--kill-on-exit', '--seccomp-bpf']) {
  test(`a signal to strace ${option} leaves nobody of a program that forks`, async () => {
    for (let round = 0; round < ROUNDS / 2; round++) {
      const args = brood()
      const words = ['-f', option, '-e', 'trace=mkdir,clone', program('traced'), ...args]
      const child = spawn(NODE, [...WORDS, ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
      const ended = once(child, 'close')
      let err = ''
      child.stderr.on('data', (data: Buffer) => {
        err += data.toString('latin1')
        if (err.split('clone(').length > 3 + round * 6) child.kill('SIGTERM')
      })
      await Promise.race([ended, sleep(PATIENCE_MS, undefined, { ref: false })])
      child.kill('SIGKILL')
      await until(() => survivors(args).length === 0, 'the end of the chain')
      await assertEnds(ended, args, round)
      assert.deepEqual(await ended, [null, 'SIGTERM'], `round ${round}`)
    }
  })
}
