/**
 * What a killed service could not remove, the next start of any service removes; what belongs to
 * a living one it leaves alone.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, readFileSync } from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Cgroup } from '#glassbox/cgroup/group.js'
import { cgroupsLeft } from '../support/left.js'

const library = new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url)

/**
 * Two containers: one idle, one with a program that waits for a line. What ends it is a line to
 * the service, which tells its verdict.
 */
const SERVICE = `import { createPool } from ${JSON.stringify(library)}
const pool = await createPool({ size: 2 })
const handle = pool.run('sh', ['-c', 'echo on; sleep 0.1 & read line; wait; echo $line'], { stdin: process.stdin, limits: { wallTimeMs: Infinity } })
await handle.events().next()
console.log('ready')
const { status, stdout } = await handle
console.log(status + ' ' + stdout.split('\\n')[1] + ' ' + (await pool.run('echo', ['more'])).stdout.trim() + ' ' + pool.replaced)
await pool.close()`

interface Service {
  readonly process: ChildProcess
  readonly lines: AsyncIterator<string>
  groups(): string[]
}

async function start(context: TestContext): Promise<Service> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', SERVICE], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  context.after(() => child.kill('SIGKILL'))
  const reader: Interface = createInterface({ input: child.stdout })
  const lines = reader[Symbol.asyncIterator]()
  assert.equal((await lines.next()).value, 'ready')
  return {
    process: child,
    lines,
    groups: () => cgroupsLeft(new RegExp(`^glassbox-${child.pid}-`)).toSorted(),
  }
}

/** Kills the service and all its inits at once, so that nobody is there to remove anything. */
async function killWhole({ process: child }: Service): Promise<void> {
  const ended = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGSTOP')
  const inits = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
  assert.equal(inits.length, 2)
  for (const pid of inits) process.kill(Number(pid), 'SIGKILL')
  child.kill('SIGKILL')
  await ended
}

/** Any run of a new process; the sweep goes on behind it. */
function startAnother(): Promise<number | null> {
  const script = `import { run } from ${JSON.stringify(library)}
await run('true')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
  return new Promise(resolve => child.once('exit', resolve))
}

/** src/cgroup/sweep.ts */
const YOUNG_MS = 10_000

const possible = Cgroup.plan({})

test('a start removes the groups of a service that was killed with its inits, and leaves those of a living one alone', {
  skip: 'missing' in possible ? `cgroups: ${possible.missing}` : false,
}, async context => {
  const [living, dead] = await Promise.all([start(context), start(context)])
  await killWhole(dead)
  const left = dead.groups()
  const kept = living.groups()
  assert.ok(left.length > 0, 'the control: nobody has removed them')
  assert.ok(kept.length > 0)
  for (const group of left) chmodSync(group, 0o755) // as young as can be
  const begun = Date.now()
  assert.equal(await startAnother(), 0)
  const isYoung = Date.now() - begun < YOUNG_MS
  if (isYoung)
    assert.deepEqual(dead.groups(), left, 'young ones may belong to a service that is about to lock them')
  else
    context.diagnostic('this machine starts a service in more than 10 s: its groups were not young any more')
  await sleep(YOUNG_MS + 1000)
  assert.equal(await startAnother(), 0)
  assert.deepEqual(dead.groups(), [], 'what the dead one left is removed')
  assert.deepEqual(living.groups(), kept, 'what the living one has is as before')
  living.process.stdin?.end('well\n')
  assert.equal((await living.lines.next()).value, 'exited well more 0')
  await new Promise(resolve => living.process.once('exit', resolve))
  assert.deepEqual(living.groups(), [])
})
