/**
 * How the command ends: as what it traced, by the same signal; and how it lets go of what goes on.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type TestContext } from 'node:test'
import { program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { OURS, strace } from './support/strace.js'

const [NODE = '', ...WORDS] = OURS

test('the exit status is that of the command', () => {
  for (const code of [0, 1, 3, 255])
    assert.equal(strace('-o', '/dev/null', 'sh', '-c', `exit ${code}`).code, code)
})

test('a command that died by a signal takes the tracer along, without a core file', context => {
  const cwd = temporaryDirectory(context)
  for (const [number, name] of [
    [6, 'SIGABRT'],
    [9, 'SIGKILL'],
    [10, 'SIGUSR1'],
    [11, 'SIGSEGV'],
    [13, 'SIGPIPE'],
    [15, 'SIGTERM'],
  ] as const) {
    const { signal, err } = strace(
      '-e',
      'trace=none',
      'sh',
      '-c',
      `cd ${cwd}; ulimit -c 0; kill -${number} $$`,
    )
    assert.equal(signal, name)
    assert.match(err, new RegExp(`killed by ${name} \\+\\+\\+\\n$`))
  }
})

/** A process that waits, and says so. */
async function waiting(context: TestContext): Promise<ChildProcess> {
  const child = spawn(program('straced'), ['waits'], { stdio: ['ignore', 'pipe', 'ignore'] })
  context.after(() => child.kill('SIGKILL'))
  await once(child.stdout ?? child, 'data')
  return child
}

interface Running {
  readonly child: ChildProcess
  readonly err: () => string
  readonly ended: Promise<readonly [number | null, string | null]>
}

async function start(context: TestContext, args: readonly string[], until: RegExp): Promise<Running> {
  const child = spawn(NODE, [...WORDS, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  context.after(() => child.kill('SIGKILL'))
  let err = ''
  child.stderr?.on('data', (data: Buffer) => void (err += data.toString('latin1')))
  const ended = once(child, 'close') as Promise<[number | null, string | null]>
  for (let tries = 0; tries < 500 && !until.test(err); tries++) await sleep(20)
  assert.match(err, until)
  return { child, err: () => err, ended }
}

const stateOf = (pid: number | undefined): string =>
  /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? ''
const tracerOf = (pid: number | undefined): string =>
  /^TracerPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? ''

test('a process that was attached to is let go by ^C, and goes on', async context => {
  const target = await waiting(context)
  const { child, err, ended } = await start(
    context,
    ['-p', String(target.pid)],
    /attached\n(pause\(|restart_)/,
  )
  child.kill('SIGINT')
  assert.deepEqual(await ended, [null, 'SIGINT'])
  assert.match(err(), /strace: Process \d+ detached\n <detached \.\.\.>\n$/)
  assert.deepEqual([stateOf(target.pid), tracerOf(target.pid)], ['S', '0'])
})

test('a process that is stopped stays so', async context => {
  const target = await waiting(context)
  target.kill('SIGSTOP')
  const { child, ended } = await start(context, ['-p', String(target.pid)], /stopped by SIGSTOP/)
  child.kill('SIGINT')
  await ended
  assert.deepEqual([stateOf(target.pid), tracerOf(target.pid)], ['T', '0'])
})

test('threads of a process are attached to with -f', async context => {
  const target = spawn(NODE, ['-e', 'setInterval(() => {}, 1000); console.log(1)'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  context.after(() => target.kill('SIGKILL'))
  await once(target.stdout, 'data')
  const { child, err, ended } = await start(
    context,
    ['-f', '-p', String(target.pid)],
    /attached with \d+ threads/,
  )
  await sleep(200)
  child.kill('SIGINT')
  await ended
  const threads = Number(/with (\d+) threads/.exec(err())?.[1])
  assert.equal(err().split(' detached\n').length - 1, threads)
  assert.equal(target.exitCode, null)
})

test('the end of an attached process ends the command with 0', async context => {
  const target = await waiting(context)
  const { err, ended } = await start(context, ['-p', String(target.pid)], /attached\n(pause\(|restart_)/)
  target.kill('SIGTERM')
  assert.deepEqual(await ended, [0, null])
  assert.match(err(), /--- SIGTERM \{.*\n\+\+\+ killed by SIGTERM \+\+\+\n$/)
})

/** Whether a process is gone, or a zombie: the first process of a container may reap nobody. */
function hasEnded(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').includes(') Z ')
  } catch {
    return true
  }
}

test('a started command is told of the signal, and nothing is left', async context => {
  const { child, ended } = await start(
    context,
    ['-e', 'trace=pause,write', program('straced'), 'waits'],
    /pause\(/,
  )
  const [pid = ''] = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'latin1').split(' ')
  child.kill('SIGTERM')
  assert.deepEqual(await ended, [null, 'SIGTERM'])
  for (let tries = 0; tries < 100; tries++) {
    if (hasEnded(pid)) return
    await sleep(20)
  }
  assert.fail(`${pid} is left`)
})

test('with -o a signal to the tracer alone does not end it', async context => {
  const file = join(temporaryDirectory(context), 'out')
  const child = spawn(NODE, [...WORDS, '-o', file, 'sh', '-c', 'echo; sleep 0.5; exit 6'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  context.after(() => child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  child.kill('SIGINT')
  assert.deepEqual(await once(child, 'exit'), [6, null])
})

test('a pid that is gone and one that is traced already are refused with 1', async context => {
  assert.deepEqual(
    strace('-p', '99999999').err,
    'strace: attach: ptrace(PTRACE_SEIZE, 99999999): No such process\n',
  )
  const target = await waiting(context)
  const first = await start(context, ['-p', String(target.pid)], /attached/)
  const second = strace('-p', String(target.pid))
  assert.equal(second.code, 1)
  assert.match(second.err, /^strace: attach: ptrace\(PTRACE_SEIZE, \d+\): Operation not permitted/)
  first.child.kill('SIGINT')
  await first.ended
})

test('--syscall-limit lets all go after so many calls', async context => {
  const file = join(temporaryDirectory(context), 'out')
  const { err, out } = strace(
    '--syscall-limit=2',
    '-e',
    'trace=execve,openat',
    'sh',
    '-c',
    `echo here; echo x >${file}`,
  )
  const calls = err.split('\n').filter(line => /^(execve|openat)\(.*\) +=/.test(line))
  assert.equal(calls.length, 2, err)
  for (let tries = 0; tries < 100 && !out.includes('here'); tries++) await sleep(10)
})

test('-b execve lets a process go when it executes another program', () => {
  const { err, code } = strace(
    '-f',
    '-b',
    'execve',
    '-e',
    'trace=execve,exit_group',
    'sh',
    '-c',
    '/bin/true; exit 2',
  )
  assert.equal(code, 2)
  assert.match(err, /execve\("\/bin\/true".*\n?.*strace: Process \d+ detached\n/)
  assert.equal(err.split('+++ exited').length - 1, 1)
})
