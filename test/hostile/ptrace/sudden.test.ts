/**
 * Threads die between two looks of the supervisor at the same stop. What it reads then belongs to
 * another stop, or to none: no process is taken for a child of the program by mistake, and no
 * thread is waited for that is gone. ./execs.test.ts has the calls of such threads.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { run } from '#glassbox/index.js'
import { native, program } from '../../support/programs.js'

const service = fileURLToPath(new URL('../../support/sudden-service.js', import.meta.url))
const WALL = { wallTimeMs: 60_000 }

test('the exit status of a process that makes threads is not taken for a process id', async () => {
  assert.deepEqual(native('sudden', ['births', '20']), { code: 11, signal: null })
  // The id 0 would be the process group of the service. So it has one of its own.
  const node = spawn(process.execPath, [service, program('sudden'), 'births', '300'], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = node.stdout.toArray()
  const [code, signal] = (await once(node, 'exit')) as [number | null, string | null]
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, 'the service has not killed itself')
  assert.equal(Buffer.concat(await output).toString(), 'exited 11\n')
})

test('a program ends while others run, though processes were killed while they executed programs', async () => {
  assert.deepEqual(native('sudden', ['execs', '20']), { code: 11, signal: null })
  const stop = new AbortController()
  // Supervisors are as many as CPUs, so one of these programs has the same one as the other.
  const others = Array.from({ length: availableParallelism() }, () =>
    run('sleep', ['100'], { runner: 'ptrace', policy: null, signal: stop.signal, limits: WALL }),
  )
  try {
    const limits = { ...WALL, wallTimeMs: 30_000 }
    const { status, exitCode } = await run(program('sudden'), ['execs', '30'], {
      runner: 'ptrace',
      policy: null,
      limits,
    })
    assert.deepEqual({ status, exitCode }, { status: 'exited', exitCode: 11 })
  } finally {
    stop.abort()
    for (const { status } of await Promise.all(others)) assert.equal(status, 'canceled')
  }
})
