/**
 * Programs that stop all the time do not keep the other programs of their supervisor waiting: one
 * that is never looked at makes no call at all, and ends with its limit of wall time. How long a
 * call takes is the host's matter, because hundreds of processes share its CPUs.
 */
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { before, test } from 'node:test'
import { run } from '#glassbox/index.js'
import { program } from '../../support/programs.js'

const flood = program('flood')
const patient = (calls: number, wallTimeMs: number) =>
  run(flood, ['patient', String(calls)], { runner: 'ptrace', limits: { wallTimeMs } })

/** Supervisors are as many as CPUs. Each of them gets one program of each kind. */
const onAll = <Value>(start: () => PromiseLike<Value>): Promise<Value[]> =>
  Promise.all(Array.from({ length: availableParallelism() }, start))

before(async () => {
  // All workers are there.
  for (let round = 0; round < 2; round++) await onAll(() => patient(1, 20_000))
})

for (const [kind, processes] of [
  ['open', 40],
  ['deep', 10],
  ['signal', 100],
] as const)
  test(`a program goes on while ${processes} newer processes stop all the time: ${kind}`, async () => {
    const patients = onAll(() => patient(20, 60_000))
    await sleep(150)
    const stop = new AbortController()
    const options = { signal: stop.signal, limits: { wallTimeMs: 70_000, cpuTimeMs: 140_000 } }
    const floods = onAll(() => run(flood, [kind, String(processes)], { ...options, runner: 'ptrace' }))
    const results = await patients
    stop.abort()
    for (const { status, stdout } of results) {
      assert.equal(status, 'exited')
      assert.ok(Number(stdout) > 0, 'it has made its calls')
    }
    for (const { status } of await floods) assert.equal(status, 'canceled')
  })
