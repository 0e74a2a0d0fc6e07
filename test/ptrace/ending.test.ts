/** How a trace ends before its program does: nothing is left, whoever ends first. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { trace } from '#glassbox/index.js'
import { traceAdopted } from '#glassbox/ptrace/trace.js'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { background, handlersModule, isAlive, read, state, until } from './support/traces.js'

const index = new URL('../../../packages/glassbox/dist/library/index.js', import.meta.url).href

const loops = (): ReturnType<typeof trace> =>
  trace({ program: program('traced'), args: ['loops'] }, { events: 'none' })

/**
 * Another Node that traces and prints the pid of its command; `then` is what it does afterwards.
 */
async function tracerProcess(
  target: string,
  then: string,
): Promise<{ child: ReturnType<typeof spawn>; pid: number }> {
  const script = `
    const { trace } = await import(${JSON.stringify(index)})
    const running = trace(${target}, { events: 'none' })
    console.log(await running.pid)
    ${then}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  return { child, pid: Number(line.toString()) }
}

const command = (...args: string[]): string => JSON.stringify({ program: program('traced'), args })

test('kill() ends all tracees', async () => {
  const running = trace({ program: program('traced'), args: ['storm'] }, { events: ['new-child'] })
  const pids = [await running.pid]
  for await (const event of running) {
    if (event.type === 'new-child') pids.push(event.child)
    if (pids.length === 50) void running.kill()
  }
  assert.equal((await running).signal, 'SIGKILL')
  assert.deepEqual(pids.filter(isAlive), [])
})

test('kill() ends tracees that have left the session and the group of the first [PT-23]', async () => {
  const args = ['-c', 'setsid sh -c "sleep 100 & sleep 100" & setsid sleep 100 & wait']
  const running = trace(
    { program: 'sh', args },
    { syscalls: ['setsid'], events: ['new-child', 'syscall-exit'] },
  )
  const pids = [await running.pid]
  let apart = 0
  for await (const event of running) {
    if (event.type === 'new-child') pids.push(event.child)
    else if (event.type === 'syscall-exit') apart++
    if (pids.length === 5 && apart === 2) void running.kill()
  }
  assert.equal((await running).signal, 'SIGKILL')
  assert.equal(new Set(pids).size, 5)
  assert.deepEqual(pids.filter(isAlive), [])
})

test('detach() of a command asks it to end, as strace does', async () => {
  const running = loops()
  const pid = await running.pid
  const end = await running.detach()
  assert.deepEqual([end.exitCode, end.signal], [undefined, undefined])
  await until(() => state(pid) === undefined, 'its end, and no zombie')
})

test('detach({ keep: true }) lets it live, and its end leaves no zombie', async () => {
  const running = loops()
  const pid = await running.pid
  await running.detach({ keep: true })
  assert.ok(isAlive(pid))
  process.kill(pid, 'SIGKILL')
  await until(() => state(pid) === undefined, 'its end, and no zombie')
})

test('a program with a filter cannot be kept: its calls would fail', async () => {
  const filtered = trace(
    { program: program('traced'), args: ['loops'] },
    { events: 'none', syscalls: ['getppid'] },
  )
  const pid = await filtered.pid
  await assert.rejects(filtered.detach({ keep: true }), { code: 'ERR_GLASSBOX_INVALID_OPTION' })
  assert.ok(isAlive(pid))
  await filtered.detach()
  await until(() => state(pid) === undefined, 'its end')
})

test('an AbortSignal ends it with its reason', async () => {
  const controller = new AbortController()
  const running = trace({ program: 'sleep', args: ['100'] }, { signal: controller.signal, events: 'none' })
  const pid = await running.pid
  controller.abort(new RangeError('enough'))
  await assert.rejects(async () => running, { name: 'RangeError', message: 'enough' })
  assert.equal(state(pid), undefined)
  const early = trace({ program: 'sleep', args: ['100'] }, { signal: controller.signal, events: 'none' })
  await assert.rejects(async () => early, { message: 'enough' })
})

test('leaving the scope of a trace ends it', async () => {
  let pid: number
  {
    await using running = loops()
    pid = await running.pid
  }
  assert.equal(state(pid), undefined)
})

test('a tracer that is killed takes its tracees with it [PT-20]', async () => {
  for (let round = 0; round < 5; round++) {
    const { child, pid } = await tracerProcess(command('loops'), '')
    await new Promise(resolve => setTimeout(resolve, round * 7))
    child.kill('SIGKILL')
    await once(child, 'exit')
    await until(() => !isAlive(pid), 'the end of the tracee')
  }
})

test('process.exit() ends a trace that waits in the kernel, and its program [PT-21]', async () => {
  const { child, pid } = await tracerProcess(command('sleeps'), 'process.exit(7)')
  const [code] = (await once(child, 'exit')) as [number]
  assert.equal(code, 7)
  await until(() => !isAlive(pid), 'the end of the tracee')
})

test('a process that was attached to outlives its tracer', async () => {
  const victim = background([program('traced'), 'loops'])
  try {
    const { child } = await tracerProcess(String(victim), '')
    await new Promise(resolve => setTimeout(resolve, 30))
    child.kill('SIGKILL')
    await once(child, 'exit')
    await until(() => state(victim) === 'S' || state(victim) === 'R', 'it runs')
  } finally {
    process.kill(victim, 'SIGKILL')
  }
})

test('a vfork child that never executes anything, and its parent, are both killed [PT-31]', async () => {
  const running = trace({ program: program('traced'), args: ['vfork-hangs'] })
  const pids = new Set<number>([await running.pid])
  for await (const event of running) {
    if (event.type === 'new-child') pids.add(event.child)
    if (event.type === 'syscall-enter' && event.name === 'pause') void running.kill()
  }
  assert.equal((await running).signal, 'SIGKILL')
  assert.equal(pids.size, 2)
  assert.deepEqual([...pids].filter(isAlive), [])
})

test('a program that ends itself inside a call is told as killed', async () => {
  const { events, end } = await read(trace({ program: program('traced'), args: ['kills-itself'] }))
  assert.equal(end.signal, 'SIGKILL')
  const last = events.at(-1)
  assert.ok(last?.type === 'killed' && last.signal === 'SIGKILL' && !last.coreDumped)
})

test('an execve that fails is told, and is the error of the trace; its launcher is not told', async t => {
  const path = join(temporaryDirectory(t), 'no-program')
  writeFileSync(path, 'text')
  const running = trace(
    { program: path },
    { handlers: { module: handlersModule('recorder') }, events: 'none' },
  )
  const told: { type: string; value?: bigint }[] = []
  running.onMessage(message => told.push(message as (typeof told)[number]))
  const pid = await running.pid
  await assert.rejects(async () => running, {
    code: 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
    errno: 13,
    path,
  })
  assert.deepEqual(
    told.map(({ type }) => type),
    ['attached', 'enter', 'exit', 'end'],
  )
  assert.equal(told[2]?.value, -13n)
  assert.equal(state(pid), undefined)
})

test('events that came before a failure are read before it', async t => {
  const path = join(temporaryDirectory(t), 'no-program')
  writeFileSync(path, 'text')
  const types: string[] = []
  const reading = (async () => {
    for await (const event of trace({ program: path })) types.push(event.type)
  })()
  await assert.rejects(reading, { code: 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE' })
  assert.deepEqual(types, ['syscall-enter', 'syscall-exit'])
})

test('a child of somebody else’s that waits is adopted: what it does before its execve is not told', async t => {
  const gate = join(temporaryDirectory(t), 'gate')
  execFileSync('mkfifo', [gate])
  const script = `read line < ${gate}; kill -CONT $$; exec sh -c 'exit 5'`
  const pid = background(['sh', '-c', script])
  const adopted = traceAdopted(pid, {}, () => writeFileSync(gate, 'go\n'))
  const { events, end } = await read(adopted)
  const [first] = events
  assert.ok(first?.type === 'syscall-enter' && first.name === 'execve')
  assert.equal(end.exitCode, 5)
})

test('a step before execve that fails is named', async () => {
  await assert.rejects(async () => trace({ program: 'true', cwd: '/no/such/directory' }), {
    code: 'ERR_GLASSBOX_STEP_FAILED',
    message: /go to \/no\/such\/directory.*ENOENT/,
    syscall: 'chdir',
  })
})
