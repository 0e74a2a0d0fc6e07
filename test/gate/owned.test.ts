/** What a worker opens by raw calls is closed when it is terminated, and nothing else is. */
import assert from 'node:assert/strict'
import { closeSync, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { syscallByName } from '#glassbox/linux/syscalls.js'

const root = fileURLToPath(new URL('../../../packages/glassbox/', import.meta.url))
const module = (path: string): string => JSON.stringify(pathToFileURL(join(root, 'dist', path)).href)

/** The open descriptors of this process, without the one that lists them. */
const open = (): number[] =>
  readdirSync('/proc/self/fd')
    .map(Number)
    .filter(fd => {
      try {
        return fstatSync(fd) !== undefined
      } catch {
        return false
      }
    })

/** Runs `body` in a worker and calls `meet` with what it posts. The worker is terminated then. */
async function inWorker(body: string, meet: (posted: number[]) => void = () => {}): Promise<void> {
  const script = `(async () => {
    const { parentPort } = await import('node:worker_threads')
    const { Socket } = await import('node:net')
    const { call, cString, runPlan } = await import(${module('gate/gate.js')})
    const { close, handOver, openat2 } = await import(${module('gate/descriptors.js')})
    const linux = await import(${module('linux/constants.js')})
    const post = value => { parentPort.postMessage(value); setInterval(() => {}, 1000) }
    const pair = name => { const two = new Int32Array(2); call(name, name === 'pipe2' ? [two, 0] : [1, 1, 0, two]); return [...two] }
    ${body}
  })()`
  const worker = new Worker(script, { eval: true })
  const posted = await new Promise<number[]>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  try {
    meet(posted)
  } finally {
    await worker.terminate()
  }
}

/** Calls that open one descriptor each, or two. */
const OPENERS: Readonly<Record<string, string>> = {
  openat: `[call('openat', [linux.AT_FDCWD, cString('/'), 0, 0])]`,
  openat2: `[openat2(call('openat', [linux.AT_FDCWD, cString('/'), 0, 0]), 'proc', { flags: 0, resolve: 0 })]`,
  fcntl: `[call('fcntl', [2, linux.F_DUPFD_CLOEXEC, 0])]`,
  socket: `[call('socket', [linux.AF_UNIX, linux.SOCK_STREAM, 0])]`,
  memfd_create: `[call('memfd_create', [cString('x'), 0])]`,
  pidfd_open: `[call('pidfd_open', [process.pid, 0])]`,
  pidfd_getfd: `[call('pidfd_getfd', [call('pidfd_open', [process.pid, 0]), 2, 0])]`,
  landlock_create_ruleset: `[call('landlock_create_ruleset', [Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), 8, 0])]`,
  open_tree: `[call('open_tree', [linux.AT_FDCWD, cString('/'), 0])]`,
  pipe2: `pair('pipe2')`,
  socketpair: `pair('socketpair')`,
}

for (const [name, expression] of Object.entries(OPENERS)) {
  test(`a terminated worker closes what ${name} opened`, async () => {
    await inWorker('post([])')
    const before = open()
    await inWorker(`post(${expression})`, posted => {
      for (const fd of posted) assert.ok(!before.includes(fd) && open().includes(fd), 'control: it is open')
    })
    assert.deepEqual(open(), before)
  })
}

test('every call of the source that opens a descriptor is one of these', () => {
  const names = new Set<string>()
  for (const file of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.startsWith('linux')) continue
    // Its dup3 replaces stdin and stdout of the command, which stay open.
    if (file === 'strace/inherited.ts') continue
    const text = readFileSync(join(root, 'src', file), 'utf8')
    // Not the steps of plans, which begin with a dot: they run in another process, or are listed.
    // Not the numbers in the rules of a filter, which refuse calls.
    for (const [, , name] of text.matchAll(/(?<![.\w]|number: )(call|syscallNumber)\('(\w+)'/g))
      if (name) names.add(name)
  }
  const openers = [...names].filter(name => syscallByName(name)?.result === 'fd')
  assert.ok(openers.includes('openat2') && openers.includes('memfd_create'), 'control: it finds them')
  assert.deepEqual(
    openers.filter(name => !(name in OPENERS)),
    [],
  )
})

test('what the worker has closed is not closed again', async () => {
  let ours = -1
  await inWorker(`const [fd] = ${OPENERS['memfd_create']}; close(fd); post([fd])`, ([fd]) => {
    ours = openSync('/dev/null', 'r')
    assert.equal(ours, fd, 'control: the number was reused')
  })
  fstatSync(ours)
  closeSync(ours)
})

for (const moment of ['before Node has taken it', 'after Node has taken it']) {
  test(`a descriptor that is handed over is closed once, if the worker ends ${moment}`, async () => {
    await inWorker('post([])')
    const before = open()
    // `take` does not return, so the hand-over is not complete at the end of the worker.
    const take = moment.startsWith('after') ? 'globalThis.kept = new Socket({ fd });' : ''
    await inWorker(`const [fd, other] = pair('socketpair')
      handOver(fd, fd => { ${take} parentPort.postMessage([fd]); for (;;); })`)
    assert.deepEqual(open(), before)
  })
}

test('a child is reaped, and one that does not end is killed', async () => {
  const children = (): string => readFileSync('/proc/thread-self/children', 'utf8')
  const before = children()
  await inWorker(
    `const { PlanBuilder } = await import(${module('plan/builder.js')})
     const { encodePlan } = await import(${module('plan/encode.js')})
     const builder = new PlanBuilder('sleep')
     const pid = builder.slot('pid')
     builder.clone({ flags: 0n, exitSignal: 0, result: pid, label: 'clone' }, () => builder.call('pause', [], 'sleep'))
     const { slots } = runPlan(encodePlan(builder.build()).bytes, [], { children: [pid.slot] })
     post([Number(slots[pid.slot])])`,
    ([pid]) => assert.equal(process.kill(pid ?? -1, 0), true, 'control: it lives'),
  )
  assert.equal(children(), before)
})
