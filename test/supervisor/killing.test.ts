/**
 * Everything that a program started is dead at its end, however the program hides it, and whoever
 * dies first: the program, its supervisor, or Node.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import { after, before, test, type TestContext } from 'node:test'
import { assertNothingLeft, type Surroundings, surroundings } from '../support/left.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { supervise, warmUp } from './support/supervise.js'

const victim = fileURLToPath(new URL('support/victim.js', import.meta.url))

let start: Surroundings
before(async () => {
  await warmUp()
  start = surroundings()
})
after(() => assertNothingLeft(start))

/** Living processes whose environment has this mark. */
function alive(mark: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter(pid => {
      try {
        return pid > 0 && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(mark)
      } catch {
        return false
      }
    })
}

/**
 * Waits, at most for ten seconds, until one is seen. A process that executes a program has no
 * environment for a moment, and a program that executes itself all the time for much of its life.
 */
async function assertAlive(mark: string): Promise<void> {
  const end = performance.now() + 10_000
  while (alive(mark).length === 0 && performance.now() < end) await sleep(1)
  assert.ok(performance.now() < end, 'it runs')
}

/** Waits, at most for ten seconds, until none is alive. */
async function assertAllDead(mark: string): Promise<void> {
  const end = performance.now() + 10_000
  while (alive(mark).length > 0 && performance.now() < end) await sleep(5)
  assert.deepEqual(alive(mark), [])
}

/** The environment of a victim, which cannot remove its files. */
function ofVictim(context: TestContext): NodeJS.ProcessEnv {
  const directory = temporaryDirectory(context)
  chmodSync(directory, 0o755)
  return { ...process.env, TMPDIR: directory }
}

let marks = 0
const mark = (): string => `GLASSBOX_KILLING=${process.pid}-${marks++};`
const environment = (text: string): Readonly<Record<string, string>> => ({ GLASSBOX_KILLING: text.slice(17) })

for (const [kind, count] of [
  ['sessions', '1'],
  ['comets', '4'],
  ['reexec', '-1'],
  ['deaf', '1'],
  ['vfork', '1'],
  ['racers', '4'],
  ['busy', '2'],
] as const)
  test(`stop() ends every process: ${kind}`, async () => {
    const text = mark()
    const { ending, status } = await supervise(program('swarm'), [kind, count], {
      env: environment(text),
      limits: { processes: 24, wallTimeMs: 20_000 },
      async running(running) {
        await sleep(100)
        await assertAlive(text)
        running.stop('canceled')
      },
    })
    assert.equal(status, 'canceled')
    assert.deepEqual(alive(text), [], 'all are dead at the end, and not later')
    assert.deepEqual(ending.exit, { signal: 9 })
  })

test('a program is ended while another one of the same supervisor goes on', async () => {
  const text = mark()
  const others = Promise.all(
    Array.from({ length: 4 }, () => supervise('/bin/sh', ['-c', 'sleep 0.6; exit 5'])),
  )
  await Promise.all(
    Array.from({ length: 4 }, () =>
      supervise(program('swarm'), ['comets', '3'], {
        env: environment(text),
        limits: { processes: 12 },
        async running(running) {
          await sleep(100)
          running.stop('output')
        },
      }),
    ),
  )
  assert.deepEqual(alive(text), [])
  for (const { ending } of await others) assert.deepEqual(ending.exit, { code: 5 })
})

test('Node is killed in the middle of a chain that forks, begins sessions and exits: all die', async context => {
  const env = ofVictim(context)
  for (let round = 0; round < 20; round++) {
    const text = mark()
    const node = spawn(process.execPath, [victim, text.slice(17)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env,
    })
    await once(node.stdout, 'data')
    await sleep(round)
    assert.ok(alive(text).length > 0, 'the chain runs')
    node.kill('SIGKILL')
    await once(node, 'close')
    await assertAllDead(text)
  }
})

test('Node exits while a program runs: all die', async context => {
  const env = ofVictim(context)
  const text = mark()
  const node = spawn(process.execPath, [victim, text.slice(17), 'exit'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  })
  await once(node, 'close')
  await assertAllDead(text)
})

test('a worker that runs a program is terminated: all die, and the process goes on', async context => {
  const env = ofVictim(context)
  const text = mark()
  const worker = new Worker(victim, { argv: [text.slice(17)], stdout: true, env })
  await once(worker.stdout, 'data')
  assert.ok(alive(text).length > 0, 'the chain runs')
  await worker.terminate()
  await assertAllDead(text)
})
