/**
 * Real programs make the same calls under both tracers: by name and in order, for each of their
 * processes.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { temporaryDirectory } from '../support/temporary.js'
import { program } from '../support/programs.js'
import { noStrace, OURS, THEIRS } from './support/strace.js'

/** Names of the calls of each process, in its order; the processes in any. */
type Processes = readonly (readonly string[])[]

/** -ff: one file a thread. */
async function traced(
  tracer: readonly string[],
  command: readonly string[],
  cwd: string,
): Promise<Processes> {
  const directory = mkdtempSync(join(tmpdir(), 'glassbox-strace-'))
  try {
    const [file = '', ...first] = [
      ...tracer,
      '-ff',
      '-qq',
      '-e',
      'signal=none',
      '-o',
      join(directory, 'out'),
      ...command,
    ]
    const child = spawn(file, first, { cwd, stdio: 'ignore' })
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000)
    await new Promise(resolve => child.on('exit', resolve))
    clearTimeout(timer)
    return readdirSync(directory).map(name =>
      readFileSync(join(directory, name), 'latin1')
        .split('\n')
        .flatMap(line => /^(\w+)\(/.exec(line)?.[1] ?? []),
    )
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** The same sequences, the processes taken in any order. */
function assertSame(ours: Processes, theirs: Processes): void {
  const sorted = (processes: Processes): string[] => processes.map(names => names.join(' ')).toSorted()
  assert.deepEqual(sorted(ours), sorted(theirs))
}

/** At the same addresses each time, on which it may depend how often a program asks for memory. */
const unmoved = (command: readonly string[]): readonly string[] => ['setarch', '-R', ...command]

async function compare(words: readonly string[], cwd: string, except: readonly string[] = []): Promise<void> {
  const command = unmoved(words)
  // The first run warms what the program caches.
  spawnSync(command[0] ?? '', command.slice(1), { cwd, stdio: 'ignore' })
  const of = async (tracer: readonly string[]): Promise<Processes> => {
    const processes = await traced(tracer, command, cwd)
    return processes.map(names => names.filter(name => !except.includes(name)))
  }
  assertSame(await of(OURS), await of(THEIRS))
}

function repository(context: TestContext): string {
  const directory = temporaryDirectory(context)
  for (const name of ['a.txt', 'b.txt']) {
    writeFileSync(join(directory, name), name)
    // Older than the index: git looks again at what is as old, and writes the index anew.
    utimesSync(join(directory, name), 1_000_000_000, 1_000_000_000)
  }
  execFileSync('git', ['init', '-q'], { cwd: directory })
  execFileSync('git', ['add', 'a.txt'], { cwd: directory })
  execFileSync('git', ['status'], { cwd: directory })
  return directory
}

const has = (name: string): boolean => spawnSync('which', [name]).status === 0
const needs = (...names: readonly string[]): false | string => {
  const missing = names.find(name => !has(name))
  return noStrace || (missing !== undefined && `${missing} is not installed`)
}

test('ls -lR', { skip: noStrace }, context => {
  const directory = temporaryDirectory(context)
  for (const name of ['x', 'y']) writeFileSync(join(directory, name), '')
  return compare(['ls', '-lR', directory], directory)
})

test('git status', { skip: needs('git') }, context => compare(['git', 'status'], repository(context)))

test('gcc -c: the compiler and the assembler', { skip: needs('gcc') }, context => {
  const directory = temporaryDirectory(context)
  writeFileSync(join(directory, 'hello.c'), '#include <stdio.h>\nint main(void) { puts("hi"); return 0; }\n')
  // Whether libc draws on it for the name of a temporary file depends on the clock.
  return compare(['gcc', '-c', 'hello.c'], directory, ['getrandom'])
})

/** Not what a version manager has put before it in PATH. */
const PYTHON = '/usr/bin/python3'

test('python3 -c', { skip: needs(PYTHON) }, context =>
  // The same seed for its hashes: else it takes and gives back memory differently from run to run.
  compare(
    ['env', 'PYTHONHASHSEED=0', PYTHON, '-S', '-c', 'print(sum(range(10)))'],
    temporaryDirectory(context),
  ),
)

test('a command of bash', { skip: noStrace }, context =>
  compare(['bash', '--norc', '-c', 'for i in 1 2 3; do /bin/echo $i; done'], temporaryDirectory(context)),
)

/** Calls whose number depends on who comes first. */
const SCHEDULED =
  /^(futex|sched_yield|restart_syscall|epoll_wait|epoll_pwait|poll|madvise|rt_sig\w+|mprotect|mmap|munmap|brk|wait4)$/

const bag = (processes: Processes): string[] =>
  processes
    .flat()
    .filter(name => !SCHEDULED.test(name))
    .toSorted()

test('a pipeline of bash: the same calls but for those that wait', { skip: noStrace }, async context => {
  // One line, and so one write: two lines would be read at once or one by one, as it happens.
  const command = ['bash', '--norc', '-c', 'echo one line | sort | cat']
  const cwd = temporaryDirectory(context)
  const ours = await traced(OURS, command, cwd)
  const theirs = await traced(THEIRS, command, cwd)
  assert.equal(ours.length, theirs.length)
  assert.deepEqual(bag(ours), bag(theirs))
})

test('a threaded program: the calls of all threads together', { skip: noStrace }, async context => {
  const command = [program('straced'), 'threads']
  const cwd = temporaryDirectory(context)
  const ours = await traced(OURS, command, cwd)
  const theirs = await traced(THEIRS, command, cwd)
  assert.equal(ours.length, 4)
  assert.equal(theirs.length, 4)
  assert.deepEqual(bag(ours), bag(theirs))
})

test('node -e: the same threads, and what its main thread opens', { skip: noStrace }, async context => {
  const command = [process.execPath, '-e', 'require("fs").readFileSync("/etc/hostname")']
  const cwd = temporaryDirectory(context)
  // Other threads open what they need when they come to it, which may be after the end.
  const opens = (threads: Processes): number =>
    threads.find(([first]) => first === 'execve')?.filter(name => name === 'openat').length ?? 0
  const ours = await traced(OURS, command, cwd)
  const theirs = await traced(THEIRS, command, cwd)
  assert.deepEqual([ours.length, opens(ours)], [theirs.length, opens(theirs)])
  assert.ok(ours.length > 4 && opens(ours) > 0)
})

test('curl against a server here', { skip: needs('curl') }, async context => {
  const server = createServer((_request, response) => response.end('hello'))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const command = ['curl', '-q', '-s', `http://127.0.0.1:${port}/`]
  const cwd = temporaryDirectory(context)
  const network = (processes: Processes): string[] =>
    processes
      .flat()
      .filter(name => /^(socket|connect|sendto|getpeername|getsockname|setsockopt)$/.test(name))
      .toSorted()
  const ours = await traced(OURS, command, cwd)
  const theirs = await traced(THEIRS, command, cwd)
  assert.deepEqual([ours.length, network(ours)], [theirs.length, network(theirs)])
  assert.ok(network(ours).includes('connect'))
})
