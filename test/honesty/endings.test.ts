/**
 * How programs end: by their cause, and the same each time (group O of the catalogue). Nothing is
 * inferred from a code or a number.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openBox, type Policy, type RunOptions, type RunResult, run } from '#glassbox/index.js'
import { DEFAULT_POLICY } from '#glassbox/seccomp/defaults.js'
import { guard, unboxed } from '../support/hostile.js'
import { native } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'
import { assertEndings, assertSameStatus, inBoxes, MiB, repeat, withPool } from './support/repeat.js'

const world = guard()

/** Those that end a program that does nothing about them. */
const FATAL = [
  ...[
    'SIGHUP',
    'SIGINT',
    'SIGQUIT',
    'SIGILL',
    'SIGTRAP',
    'SIGABRT',
    'SIGBUS',
    'SIGFPE',
    'SIGKILL',
    'SIGUSR1',
  ],
  ...['SIGSEGV', 'SIGUSR2', 'SIGPIPE', 'SIGALRM', 'SIGTERM', 'SIGSTKFLT', 'SIGXCPU', 'SIGXFSZ', 'SIGVTALRM'],
  ...['SIGPROF', 'SIGIO', 'SIGPWR', 'SIGSYS'],
] as const

test('each signal that ends a program is reported as such, and gives no other verdict [CL-02]', async context => {
  for (const name of FATAL) {
    const number = constants.signals[name]
    assert.equal(unboxed(context, 'end', ['signal', `${number}`]).signal, name)
    assertEndings([await world.run('end', ['signal', `${number}`])], `signaled ${name}`)
  }
  await withPool(async start => {
    const numbers = FATAL.map(name => constants.signals[name])
    const results = await repeat(index => start('end', ['signal', `${numbers[index] ?? 0}`]), {
      times: FATAL.length,
    })
    assert.deepEqual(
      results.map(({ signal }) => signal),
      FATAL,
    )
  })
})

test('real-time signals are reported by their own names [CL-02]', async () => {
  for (const number of [34, 49, 64]) {
    const results = await repeat(() => world.run('end', ['signal', `${number}`]))
    assertSameStatus(results, ['signaled'])
    const names = new Set(results.map(({ signal }) => signal))
    assert.equal(names.size, 1)
    assert.match([...names].join(), /^SIGRT/)
  }
})

test('a null pointer and a stack overflow are SIGSEGV, exhausted memory is not [CL-03]', async () => {
  assert.equal(native('end', ['null']).signal, 'SIGSEGV')
  assertEndings(await inBoxes('end', ['null']), 'signaled SIGSEGV')
  const stack: RunOptions<'utf8'> = { limits: { stackBytes: 8 * MiB, memoryBytes: 256 * MiB } }
  assertEndings(await inBoxes('allocate', ['stack', '64'], stack), 'signaled SIGSEGV')
  const memory: RunOptions<'utf8'> = { limits: { stackBytes: 256 * MiB, memoryBytes: 32 * MiB } }
  assertSameStatus(await inBoxes('allocate', ['stack', '64'], memory), ['memory-limit'])
  // Both sides: as deep, with room for it.
  const room: RunOptions<'utf8'> = { limits: { stackBytes: 256 * MiB, memoryBytes: 256 * MiB } }
  assertEndings(await inBoxes('allocate', ['stack', '64'], room), 'exited 0')
})

test('a child that ran out of memory is reported, even if the program itself then exits with 0 [CL-05]', async () => {
  const script = 'head -c 200M /dev/zero | tail; exit 0'
  const limits = { memoryBytes: 48 * MiB }
  assertSameStatus(await repeat(() => run('sh', ['-c', script], { limits })), ['memory-limit'])
  // The control: with room for both it is an end like any other.
  assertEndings(
    await repeat(() => run('sh', ['-c', 'head -c 2M /dev/zero | tail -c 1 >/dev/null; exit 0']), {
      times: 4,
    }),
    'exited 0',
  )
})

test('of several limits the cause decides, the same each time [CL-06]', async () => {
  const flood = 'while :; do printf %01000d 0; done'
  const limits = { outputBytes: 10_000, cpuTimeMs: 5000, wallTimeMs: 20_000 }
  assertEndings(await repeat(() => run('sh', ['-c', flood], { limits })), 'output-limit')
  const burning = { cpuTimeMs: 100, wallTimeMs: 20_000 }
  assertEndings(
    await repeat(() => run('sh', ['-c', 'while :; do :; done'], { limits: burning })),
    'cpu-time-limit',
  )
  const waiting = { cpuTimeMs: 5000, wallTimeMs: 100 }
  assertEndings(
    await repeat(() => run('sleep', ['60'], { limits: waiting }), { width: 5 }),
    'wall-time-limit',
  )
})

test('a signal that is caught ends no program [CL-07]', async () => {
  const script =
    'trap "" TERM XCPU; trap : USR1 SEGV; kill -TERM $$; kill -XCPU $$; kill -USR1 $$; kill -SEGV $$; exit 0'
  assertEndings(await repeat(() => run('sh', ['-c', script])), 'exited 0')
})

test('a program that cannot start is an error that says why, never a verdict [CL-08]', async context => {
  const directory = temporaryDirectory(context)
  const file = (name: string, contents: string, mode: number): string => {
    const path = join(directory, name)
    writeFileSync(path, contents)
    chmodSync(path, mode)
    return path
  }
  mkdirSync(join(directory, 'folder'))
  const CASES = [
    [join(directory, 'missing'), 'ERR_GLASSBOX_PROGRAM_NOT_FOUND'],
    [file('plain', 'text', 0o644), 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE'],
    [join(directory, 'folder'), 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE'],
    [file('no-interpreter', '#!/nowhere/sh\n', 0o755), 'ERR_GLASSBOX_PROGRAM_NOT_FOUND'],
    // The header of a program for another machine (e_machine 0x28, ARM).
    [
      file(
        'foreign',
        `\u007fELF\u0001\u0001\u0001${'\0'.repeat(9)}\u0002\0\u0028\0${'\0'.repeat(64)}`,
        0o755,
      ),
      'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
    ],
  ] as const
  for (const [program, code] of CASES) {
    await repeat(async () => assert.rejects(async () => run(program), { code }, program), { times: 5 })
  }
  // From a shell in the box the same is the shell's affair: its own code.
  assertEndings([await run('sh', ['-c', '/nowhere/program'])], 'exited 127')
})

test('abort() is SIGABRT, and a failed assertion of an interpreter is its exit code [CL-09]', async () => {
  assertEndings(await inBoxes('end', ['abort']), 'signaled SIGABRT')
  assertEndings(await repeat(() => run('sh', ['-c', 'exit 134'])), 'exited 134')
})

test('if the main thread ended before, the exit code is that of the last thread [CL-10]', async () => {
  assert.equal(native('end', ['thread']).code, 7)
  assertEndings(await inBoxes('end', ['thread'], {}, 5), 'exited 7')
})

test('a cancel is reported as a cancel, not as a verdict about the program [CL-11]', async () => {
  const results = await repeat(
    async () => {
      const handle = run('sleep', ['60'])
      setTimeout(() => handle.kill(), 30)
      return handle
    },
    { width: 5 },
  )
  assertEndings(results, 'canceled')
})

test('a call that fails with an errno does not end the program: its own exit code is the verdict [CL-12]', async () => {
  const policy: Policy = {
    ...DEFAULT_POLICY,
    rules: [{ syscalls: ['mkdir', 'mkdirat'], action: { kind: 'errno', errno: 1 } }, ...DEFAULT_POLICY.rules],
  }
  const results: RunResult[] = await repeat(() => run('mkdir', ['x'], { policy }))
  assertEndings(results, 'exited 1')
  for (const { violation, stderr } of results) {
    assert.equal(violation, undefined)
    assert.match(stderr, /Operation not permitted/)
  }
  await using box = await openBox()
  assertEndings([await box.run('mkdir', ['x'])], 'exited 0')
})
