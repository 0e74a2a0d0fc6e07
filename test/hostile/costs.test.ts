/** What a program makes init do, which is charged to no program. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { root } from '../support/hostile.js'

const index = pathToFileURL(
  fileURLToPath(new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url)),
).href

const SLEEPERS = 120
const MEASURED_MS = 1500

/** A service of an ordinary user, who has no cgroups, with a program of many processes. */
const service = (busy: boolean): string => `
  import { run } from ${JSON.stringify(index)}
  const words = 'i=0; while [ $i -lt ${SLEEPERS} ]; do sleep 30 & i=$((i + 1)); done; ' +
    'echo begun; ${busy ? 'while :; do :; done' : 'wait'}'
  const handle = run('sh', ['-c', words], { limits: { wallTimeMs: 20000, cpuTimeMs: 20000 } })
  for await (const chunk of handle.stdout) process.stdout.write(chunk)
  await handle`

const childOf = (pid: number): number =>
  Number(
    readdirSync(`/proc/${pid}/task`)
      .map(task => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'))
      .join(' ')
      .trim(),
  )

/** The CPU time of a process with one thread in ns: /proc/PID/schedstat. */
const cpuTimeOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0])

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** The share of a CPU that init took while the program ran. */
async function shareOfInit(busy: boolean): Promise<number> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', service(busy)], {
    ...(root ? { uid: 65_534, gid: 65_534 } : {}),
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [begun] = (await once(child.stdout, 'data')) as [Buffer]
    assert.equal(begun.toString(), 'begun\n')
    const init = childOf(child.pid ?? 0)
    const [cpu, began] = [cpuTimeOf(init), performance.now()]
    await sleep(MEASURED_MS)
    return (cpuTimeOf(init) - cpu) / 1e6 / (performance.now() - began)
  } finally {
    await ended(child)
  }
}

test('without cgroups, processes that all sleep cost little of a CPU [F25]', async context => {
  const asleep = await shareOfInit(false)
  assert.ok(asleep > 0, 'it does look')
  assert.ok(asleep < 0.1, `${asleep * 100} %`)
  // On a machine that does other work too, init may get less than it wants.
  let busy = 0
  for (let tries = 0; tries < 5 && busy <= 2 * asleep; tries++) busy = await shareOfInit(true)
  context.diagnostic(`${(asleep * 100).toFixed(1)} %, beside a busy process ${(busy * 100).toFixed(1)} %`)
  assert.ok(busy > 2 * asleep, 'control: it looks more often if a process works')
})
