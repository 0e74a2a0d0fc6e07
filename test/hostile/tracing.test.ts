/**
 * Programs that try to escape from a trace, or to prevent the tracer from keeping its promises:
 * group D of the catalogue.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { trace } from '#glassbox/index.js'
import { syscall } from '#glassbox/gate/gate.js'
import { ptrace } from '#glassbox/gate/ptrace.js'
import { __WALL, PTRACE_SEIZE, WNOHANG } from '#glassbox/linux/constants.js'
import { syscallNumber } from '#glassbox/linux/syscalls.js'
import { setArgument, setNumber, setResult, skipCall } from '#glassbox/ptrace/tracee/registers.js'
import { glassbox } from '../support/command.js'
import { guard, needsRoot } from '../support/hostile.js'
import { program, program32 } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { background, isAlive, ofType, read, state, until } from '../ptrace/support/traces.js'

const world = guard()
const WAIT4 = syscallNumber('wait4')

test('32 processes that flood each other with signals do not delay the limit of a traced box [PT-22]', async () => {
  let signals = 0
  const result = await world.run('traced', ['bombard'], {
    limits: { wallTimeMs: 1000, cpuTimeMs: 60_000 },
    trace: {
      events: ['signal'],
      reader: async running => {
        for await (const event of running) if (event.type === 'signal') signals++
      },
    },
  })
  assert.equal(result.status, 'wall-time-limit')
  assert.ok(signals > 100, 'each signal is a stop')
})

test('a process that leaves the program’s group and session is traced and killed with it [PT-23]', async () => {
  const running = trace(
    { program: program('traced'), args: ['leaves-group'] },
    { syscalls: ['setsid', 'setpgid', 'getppid'] },
  )
  const callers = new Map<number, Set<string>>()
  for await (const event of running) {
    if (event.type !== 'syscall-exit') continue
    const calls = callers.get(event.pid) ?? new Set()
    callers.set(event.pid, calls.add(event.name))
    const looping = [...callers.values()].filter(names => names.has('getppid'))
    if (looping.length === 2) void running.kill()
  }
  assert.equal((await running).exitCode, 0)
  assert.deepEqual([...callers.values()].filter(names => names.has('setsid')).length, 1)
  assert.deepEqual([...callers.values()].filter(names => names.has('setpgid')).length, 1)
  assert.deepEqual([...callers.keys()].filter(isAlive), [])
})

const changes: readonly (readonly [string, (tid: number) => void])[] = [
  ['of an argument', tid => setArgument(tid, 'x86_64', 0, 1n)],
  ['of a number', tid => setNumber(tid, 'x86_64', 39)],
  ['of a result', tid => setResult(tid, 1n)],
  ['that skips the call', skipCall],
]

for (const [what, change] of changes) {
  test(`a change ${what} that fails kills: the call does not go through [PT-26]`, async context => {
    const pid = background([program('traced'), 'sleeps'])
    context.after(() => {
      if (isAlive(pid)) process.kill(pid, 'SIGKILL')
    })
    await until(() => state(pid) === 'S', 'its sleep')
    assert.equal(ptrace(PTRACE_SEIZE, pid), 0)
    // It runs: the kernel refuses its registers.
    change(pid)
    const status = new Int32Array(1)
    await until(() => syscall(WAIT4, pid, status, __WALL | WNOHANG, 0) === pid, 'its end')
    assert.equal(status[0], 9, 'killed by SIGKILL')
  })
}

test('handlers see the calls of a program that is i386 from its first execve on, by their numbers [PT-28]', async context => {
  const file = program32(context)
  if (file === undefined) return
  const handlers = { module: new URL('../ptrace/support/forbids-exit.js', import.meta.url) }
  for (const options of [{}, { syscalls: ['exit'] }]) {
    const { events, end } = await read(
      trace({ program: file }, { ...options, handlers, events: ['syscall-enter'] }),
    )
    assert.equal(end.exitCode, 7, 'not as it asked for')
    const last = ofType(events, 'syscall-enter').at(-1)
    assert.deepEqual([last?.abi, last?.name, last?.nr], ['i386', 'exit', 1])
  }
})

test('a set-uid program gains nothing under an ordinary user’s tracer [PT-33]', {
  skip: needsRoot,
}, context => {
  const directory = temporaryDirectory(context)
  const file = join(directory, 'whoami')
  copyFileSync('/usr/bin/id', file)
  chmodSync(directory, 0o755)
  chmodSync(file, 0o4755)
  const native = spawnSync(file, ['-u'], { uid: 65_534, gid: 65_534, encoding: 'utf8' })
  if (native.stdout !== '0\n') {
    context.skip('set-uid programs gain nothing here without a tracer either')
    return
  }
  for (const options of [[], ['-f', '--seccomp-bpf']]) {
    const words = ['strace', ...options, '-o', '/dev/null', '-e', 'trace=openat', file, '-u']
    const { code, out } = glassbox(words, { ordinary: true })
    assert.deepEqual({ code, out }, { code: 0, out: '65534\n' })
  }
})
