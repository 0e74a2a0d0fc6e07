/** Limits that a supervisor enforces for all processes of a program together. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertNothingLeft, type Surroundings, surroundings } from '../support/left.js'
import { native, program } from '../support/programs.js'
import { supervise, warmUp } from './support/supervise.js'

let start: Surroundings
before(async () => {
  await warmUp()
  start = surroundings()
})
after(() => assertNothingLeft(start))

/** Within half a percent, and what a busy machine needs to wake the supervisor. */
const isAbout = (measured: number, expected: number): boolean =>
  measured >= expected * 0.995 && measured <= expected * 1.005 + 30

for (const kind of ['burn', 'system', 'orphan', 'unwaited', 'ignored', 'chain', 'lost', 'reexec'])
  test(`CPU time is counted to the end: ${kind}`, async () => {
    assert.equal(native('spend', [kind, '40']).code, 0)
    const { ending } = await supervise(program('spend'), [kind, '500'])
    const { cpuTimeMs, userTimeMs, systemTimeMs } = ending.usage
    assert.deepEqual(ending.exit, { code: 0 })
    assert.ok(cpuTimeMs >= 497, `${cpuTimeMs} ms`)
    assert.ok(Math.abs(userTimeMs + systemTimeMs - cpuTimeMs) < 1e-6)
  })

for (const kind of ['burn', 'dodge', 'orphan', 'unwaited', 'ignored', 'chain', 'lost', 'reexec', 'xcpu'])
  test(`the limit of CPU time ends it: ${kind}`, async () => {
    const limits = { cpuTimeMs: 400, wallTimeMs: 30_000 }
    const { ending, status } = await supervise(program('spend'), [kind, '3000'], { limits })
    assert.equal(status, 'cpu-time-limit')
    assert.ok(isAbout(ending.usage.cpuTimeMs, 400), `${ending.usage.cpuTimeMs} ms of 400`)
  })

test('the limit of wall time ends a program that sleeps', async () => {
  const { status, wallTimeMs } = await supervise(program('spend'), ['pause', '0'], {
    limits: { wallTimeMs: 200 },
  })
  assert.equal(status, 'wall-time-limit')
  assert.ok(wallTimeMs >= 200)
})

test('memory: one process that touches more than the limit', async () => {
  const limits = { memoryBytes: 64 * 2 ** 20 }
  const { status, ending } = await supervise(program('hold'), ['limit', '4000'], { limits })
  assert.equal(status, 'memory-limit', JSON.stringify(ending.exit))
})

test('memory: a program that ends between two looks is still found out', async () => {
  const limits = { memoryBytes: 16 * 2 ** 20 }
  const { status } = await supervise(program('hold'), ['quick', '24'], { limits })
  assert.equal(status, 'memory-limit')
})

test('memory: two processes that have it only together', async () => {
  const limits = { memoryBytes: 64 * 2 ** 20 }
  const { status } = await supervise(program('hold'), ['pair', '48'], { limits })
  assert.equal(status, 'memory-limit')
})

test('memory that processes share counts once', async () => {
  const limits = { memoryBytes: 96 * 2 ** 20 }
  const script =
    'import mmap,os,time\nm=bytearray(40<<20)\nfor i in range(4):\n  if os.fork()==0:\n    time.sleep(.3); os._exit(0)\nfor i in range(4): os.wait()'
  const { status, ending } = await supervise('/usr/bin/python3', ['-c', script], { limits })
  assert.equal(status, 'exited', JSON.stringify(ending.usage))
})

test('the limit of processes refuses the next one with EAGAIN, and counts it', async () => {
  assert.equal(native('processes', ['fork', '6']).code, 0)
  const limits = { processes: 4 }
  const { ending, status } = await supervise(program('processes'), ['fork', '6'], { limits })
  assert.equal(status, 'process-limit', JSON.stringify(ending.exit))
  assert.ok(ending.refusedProcesses > 0)
  assert.equal(ending.usage.processes, 4)
})

test('threads count as processes', async () => {
  const { status } = await supervise(program('processes'), ['thread', '6'], { limits: { processes: 4 } })
  assert.equal(status, 'process-limit')
})

test('processes that end make room for others', async () => {
  const script = 'for i in 1 2 3 4 5 6 7 8; do /bin/true; done; echo done'
  const { stdout, ending } = await supervise('/bin/sh', ['-c', script], { limits: { processes: 2 } })
  assert.equal(stdout, 'done\n')
  assert.equal(ending.refusedProcesses, 0)
})

test('a file at the limit of file sizes ends the program by SIGXFSZ', async () => {
  const limits = { fileSizeBytes: 4096 }
  const { status, ending } = await supervise('/bin/sh', ['-c', 'exec head -c 100000 /dev/zero > big'], {
    limits,
  })
  assert.equal(status, 'output-limit', JSON.stringify(ending.exit))
})

test('a SIGXFSZ that a program sends itself is no limit', async () => {
  const { status, ending } = await supervise(program('end'), ['signal', '25'])
  assert.equal(status, 'signaled')
  assert.equal(ending.fileAtLimit, false)
})

test('a limit of file sizes that a program gives itself is not reported as ours', async () => {
  const { status, ending } = await supervise('/bin/bash', [
    '-c',
    'ulimit -f 1; exec head -c 100000 /dev/zero > big',
  ])
  assert.deepEqual(ending.exit, { signal: 25 })
  assert.equal(status, 'signaled')
})

test('a SIGXCPU that a program sends itself is no limit', async () => {
  const { status } = await supervise(program('end'), ['signal', '24'])
  assert.equal(status, 'signaled')
})

test('a SIGSYS that a program sends itself is no denial', async () => {
  const { status } = await supervise(program('end'), ['signal', '31'])
  assert.equal(status, 'signaled')
})
