/**
 * The death of a kernel thread, at whatever moment: its stubs, descriptors and timers go with it,
 * and the process of Node, which lives on, has nothing more than before.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { type Box, type CommandOptions, openBox } from '#glassbox/index.js'
import { children } from '../../support/left.js'
import { temporaryDirectory } from '../../support/temporary.js'

const LOOP = 'while :; do read -r x < /etc/passwd; done'
const limits = { wallTimeMs: 60_000, cpuTimeMs: 60_000 }

/** The kernel thread that was started last. */
let thread: Worker | undefined
const noted = (worker: Worker): void => void (thread = worker)
process.on('worker', noted)
after(() => process.off('worker', noted))

/** What of the host this process holds. */
function held(): { descriptors: number; timers: number; children: number } {
  const timers = readFileSync('/proc/self/timers', 'utf8').match(/^ID/gm) ?? []
  return {
    descriptors: readdirSync('/proc/self/fd').length,
    timers: timers.length,
    children: children().length,
  }
}

/** Opens a sandbox, starts `sh`, and kills its kernel thread when `moment` has come. */
async function killed(options: CommandOptions, moment: () => Promise<unknown>): Promise<void> {
  await using box: Box = await openBox({ runner: 'kernel' })
  const running = box.run('sh', ['-c', LOOP], { ...options, limits })
  const rejected = assert.rejects(async () => running, /The kernel of the sandbox ended unexpectedly/)
  await moment()
  await thread?.terminate()
  await rejected
}

const POLL_MS = 20
const POLLS = 250

/** Waits until what Node closes later is closed: nothing has changed for a while. */
async function settled(): Promise<ReturnType<typeof held>> {
  let last = held()
  for (let polls = 0, same = 0; polls < POLLS && same < 10; polls++) {
    await sleep(POLL_MS)
    const now = held()
    same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0
    last = now
  }
  return last
}

/** How many more of each there are after `act`. */
async function left(act: () => Promise<void>): Promise<string> {
  await act() // what is opened once for all sandboxes
  const before = await settled()
  await act()
  const now = await settled()
  return Object.entries(now)
    .map(([name, count]) => `${name} ${Math.max(0, count - before[name as keyof typeof before])}`)
    .join(', ')
}

const NOTHING = 'descriptors 0, timers 0, children 0'

for (const [moment, ms] of [
  ['before the program starts', 0],
  ['while it starts', 15],
  ['while it runs', 300],
] as const)
  test(`a kernel thread that is killed ${moment} leaves nothing`, async () => {
    assert.equal(await left(() => killed({}, () => sleep(ms))), NOTHING)
  })

test('streams that are files of the host are closed as well', async t => {
  const place = temporaryDirectory(t)
  const [input, output] = [join(place, 'input'), join(place, 'output')]
  writeFileSync(input, 'x\n')
  const options = { stdin: { file: input }, stdout: { file: output }, stderr: { file: output } }
  assert.equal(await left(() => killed(options, () => sleep(300))), NOTHING)
})

test('the control: while a program runs there is more of each', async () => {
  const before = await settled()
  await killed({}, async () => {
    await sleep(300)
    const now = held()
    for (const name of ['descriptors', 'timers', 'children'] as const)
      assert.ok(now[name] > before[name], name)
  })
})
