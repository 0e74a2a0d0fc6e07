/**
 * An init that does not read, as one that was stopped, or is in a mount that does not return:
 * what this process sends to it waits, and this process does not.
 */
import assert from 'node:assert/strict'
import { closeSync, readFileSync, readSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Container } from '#glassbox/container/container.js'
import { launchPlan } from '#glassbox/container/launch-plan.js'
import { preparePlan } from '#glassbox/container/prepare-plan.js'
import { CPU_SOURCE } from '#glassbox/container/wire.js'
import { call, send } from '#glassbox/gate/gate.js'
import { type Box, openBox, run } from '#glassbox/index.js'
import { socketPair } from '#glassbox/launch/socket-pair.js'
import { O_CLOEXEC } from '#glassbox/linux/constants.js'
import { PlanBuilder } from '#glassbox/plan/builder.js'
import { boxRoot } from '#glassbox/runners/root/box-root.js'
import { checkBox } from '#glassbox/run/check.js'
import { HostPaths } from '#glassbox/stdio/host-paths.js'
import { assertNothingLeft, children, surroundings } from '../support/left.js'

const MEGABYTE = 1 << 20
/** Ten arguments, a megabyte together. */
const ARGS = Array.from({ length: 10 }, (_, index) => String(index).repeat(MEGABYTE / 10))

const initial = surroundings()
before(async () => {
  await run('true')
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

const openContainer = (): Promise<Container> =>
  Container.open({ hostname: 'box', network: false, ...boxRoot(checkBox(), [], new HostPaths([])) })

/** A box whose init is stopped, and the child that waits in it for the next launch. */
async function openStopped(): Promise<{ box: Box; init: number; signal: (name: NodeJS.Signals) => void }> {
  const others = children()
  const box = await openBox()
  await box.run('true')
  await box.writeFile('a', '') // its turn comes when the next child waits
  const inits = children().filter(pid => !others.includes(pid))
  assert.equal(inits.length, 1)
  const init = Number(inits[0])
  const waiting = (): string[] =>
    readFileSync(`/proc/${init}/task/${init}/children`, 'utf8').split(' ').filter(Boolean)
  const pids = [init, ...waiting().map(Number)]
  const signal = (name: NodeJS.Signals): void => pids.forEach(pid => process.kill(pid, name))
  signal('SIGSTOP')
  return { box, init, signal }
}

/** How many turns of a timer of 5 ms there are in `ms`. */
async function ticks(ms: number): Promise<number> {
  let count = 0
  const timer = setInterval(() => count++, 5)
  await sleep(ms)
  clearInterval(timer)
  return count
}

test('the control: a socket takes less than a megabyte at once, and send() says how much', () => {
  const { ours, theirs } = socketPair()
  const bytes = new Uint8Array(MEGABYTE)
  const sent = send(ours, bytes)
  assert.ok(sent > 0 && sent < MEGABYTE, `${sent} bytes fit`)
  assert.equal(send(ours, bytes), 0, 'then nothing fits')
  closeSync(theirs)
  assert.throws(() => send(ours, bytes), { syscall: 'sendmsg' })
  closeSync(ours)
})

test('with init stopped, a large launch waits, timers go on, and close() ends everything', async () => {
  const { box, init } = await openStopped()
  const lost = assert.rejects(async () => box.run('sh', ['-c', 'echo $#', 'sh', ...ARGS]), {
    code: 'ERR_GLASSBOX_BOX_LOST',
    mayHaveRun: false,
  })
  assert.ok((await ticks(300)) > 10, 'the event loop turns')
  await box.close()
  await lost
  assert.ok(!children().includes(String(init)))
})

test('what waited arrives whole and in order when init goes on', async () => {
  const { box, signal } = await openStopped()
  const script = 'for word; do printf "%.1s%s " "$word" "${#word}"; done'
  const running = box.run('sh', ['-c', script, 'sh', ...ARGS])
  await ticks(50)
  signal('SIGCONT')
  const { status, stdout } = await running
  assert.equal(status, 'exited')
  assert.equal(stdout, ARGS.map(word => `${word[0]}${word.length} `).join(''))
  await box.close()
})

test('descriptors of a request that waits may be closed by their owner', async () => {
  const container = await openContainer()
  await container.ready
  process.kill(container.pid, 'SIGSTOP')
  const filler = new PlanBuilder('fill the socket').call(
    'getpid',
    [{ bytes: new Uint8Array(MEGABYTE) }],
    'who',
  )
  const filled = container.runPlan(filler.build())
  const prepared = container.prepare(preparePlan({ cwd: '/', identity: container.identity }), [])
  const ends = new Int32Array(2)
  call('pipe2', [ends, O_CLOEXEC])
  const [read = -1, write = -1] = ends
  const { plan, started } = launchPlan({
    ...{ path: '/bin/echo', argv: ['echo', 'hello'], env: {}, cwd: '/', rlimits: [] },
  })
  const running = container.launch({
    plan,
    header: {
      ...{ cpuLimitNs: 0n, wallLimitNs: 0n, memoryLimit: 0n, cpuSource: CPU_SOURCE.none, watch: false },
      ...{ listenerSlot: undefined, startedSlot: started.slot },
    },
    descriptors: [read, write, write],
  })
  closeSync(write)
  await ticks(30)
  process.kill(container.pid, 'SIGCONT')
  await Promise.all([filled, prepared])
  const { status } = await running.ended
  assert.equal(status, 0)
  const bytes = Buffer.alloc(64)
  assert.equal(bytes.toString('utf8', 0, readSync(read, bytes)), 'hello\n')
  closeSync(read)
  await container.close()
})

test('an init that is killed while requests wait rejects them, and leaves no descriptor', async () => {
  const container = await openContainer()
  await container.ready
  process.kill(container.pid, 'SIGSTOP')
  const filler = new PlanBuilder('fill the socket').call(
    'getpid',
    [{ bytes: new Uint8Array(MEGABYTE) }],
    'who',
  )
  const filled = assert.rejects(container.runPlan(filler.build()), { code: 'ERR_GLASSBOX_BOX_LOST' })
  const prepared = assert.rejects(
    container.prepare(preparePlan({ cwd: '/', identity: container.identity }), [0, 1]),
    {
      code: 'ERR_GLASSBOX_BOX_LOST',
      mayHaveRun: false,
    },
  )
  await ticks(20)
  process.kill(container.pid, 'SIGKILL')
  await Promise.all([filled, prepared])
  await container.close()
})

test('close() ends a box whose init is stopped and was sent nothing', async () => {
  const container = await openContainer()
  await container.ready
  process.kill(container.pid, 'SIGSTOP')
  await container.close()
  assert.ok(!children().includes(String(container.pid)))
})
