/**
 * The verdicts, on real programs: the same with each runner. Each program runs natively first, so
 * that a program which cannot do its part shows itself.
 */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { run } from '#glassbox/index.js'
import type { RunnerName, RunOptions, RunResult } from '#glassbox/index.js'
import { assertNothingLeft, surroundings } from '../support/left.js'
import { native, program } from '../support/programs.js'

const MiB = 2 ** 20
const policyKill = (name: string): NonNullable<RunOptions['policy']> => ({
  rules: [{ syscalls: [name], action: { kind: 'kill' } }],
  otherwise: { kind: 'allow' },
})

interface Case {
  readonly name: string
  readonly program: readonly [string, ...string[]]
  /**
   * How the same program ends natively, with arguments that are harmless; left out where no native
   * run is.
   */
  readonly native?: { readonly args: readonly string[]; readonly code?: number; readonly signal?: string }
  readonly options?: RunOptions<'utf8'>
  /** Only the namespace runner limits the disk. */
  readonly diskBytes?: number
  readonly expected: Partial<RunResult>
  readonly check?: (result: RunResult) => void
  /** Where the case makes sense. Default: with every runner. */
  readonly runners?: readonly RunnerName[]
}

const RUNNERS: readonly RunnerName[] = ['namespace', 'ptrace']

const cpu = { limits: { cpuTimeMs: 300, wallTimeMs: 5000 } }
const memory = {
  limits: { memoryBytes: 64 * MiB, stackBytes: Infinity, fileSizeBytes: Infinity, wallTimeMs: 10_000 },
}
const cpuLimit: Case['check'] = ({ cpuTimeMs, limit }) => {
  assert.ok(cpuTimeMs >= 300, `the time charged reaches the limit: ${cpuTimeMs}`)
  assert.equal(limit?.kind, 'cpuTimeMs')
}
const memoryLimit: Case['check'] = ({ memoryBytes, limit, measuredBy }) => {
  assert.equal(limit?.kind, 'memoryBytes')
  // A tracer samples memory, so it has no hard limit.
  const most = measuredBy.memory === 'tracer' ? Infinity : 96 * MiB
  assert.ok(memoryBytes > 32 * MiB && memoryBytes < most, `the peak is near the limit: ${memoryBytes}`)
}

/** Ways to use memory, and where the catalogue has them. */
const MEMORY = [
  ['malloc', 'MB-01'],
  ['grow', 'MB-01'],
  ['private', 'MB-01'],
  ['stack', 'MB-04'],
  ['shared', 'MB-05'],
  ['memfd', 'MB-05'],
  ['tmpfs', 'MB-05'],
  ['children', 'MB-10'],
] as const

/** The ptrace runner has no /tmp of its own. */
const onlyInTmpfs = (kind: string): Pick<Case, 'runners'> =>
  kind === 'tmpfs' ? { runners: ['namespace'] } : {}

const CASES: readonly Case[] = [
  {
    name: 'exit 3',
    program: ['end', 'exit', '3'],
    native: { args: ['exit', '3'], code: 3 },
    expected: { status: 'exited', exitCode: 3, ok: false },
  },
  {
    name: 'exit 0',
    program: ['end', 'exit', '0'],
    native: { args: ['exit', '0'], code: 0 },
    expected: { status: 'exited', exitCode: 0, ok: true },
  },
  ...[124, 126, 127, 137, 139, 143, 255].map(
    (code): Case => ({
      name: `exit ${code}, from which nothing is inferred`,
      program: ['end', 'exit', String(code)],
      native: { args: ['exit', String(code)], code },
      expected: { status: 'exited', exitCode: code },
    }),
  ),
  ...(['SIGKILL', 'SIGXCPU', 'SIGXFSZ', 'SIGSYS', 'SIGTERM'] as const).map((signal): Case => {
    const number = { SIGKILL: '9', SIGXCPU: '24', SIGXFSZ: '25', SIGSYS: '31', SIGTERM: '15' }[signal]
    return {
      name: `a ${signal} that it sends itself`,
      program: ['end', 'signal', number],
      native: { args: ['signal', number], signal },
      expected: { status: 'signaled', signal },
    }
  }),
  {
    name: 'a null pointer',
    program: ['end', 'null'],
    native: { args: ['null'], signal: 'SIGSEGV' },
    expected: { status: 'signaled', signal: 'SIGSEGV' },
  },
  {
    name: 'abort()',
    program: ['end', 'abort'],
    native: { args: ['abort'], signal: 'SIGABRT' },
    expected: { status: 'signaled', signal: 'SIGABRT' },
  },
  {
    name: 'a main thread that ends before another exits with 7 [PC-20]',
    program: ['end', 'thread'],
    native: { args: ['thread'], code: 7 },
    expected: { status: 'exited', exitCode: 7 },
  },
  ...['one', 'system', 'threads', 'children', 'unwaited', 'ignored', 'chain'].map(
    (kind): Case => ({
      name: `CPU time used by: ${kind}`,
      program: ['burn', kind, '20000'],
      native: { args: [kind, '50'], code: 0 },
      options: cpu,
      expected: { status: 'cpu-time-limit', ok: false },
      check: cpuLimit,
    }),
  ),
  {
    name: 'a daemon is left behind: the verdict is of the program itself [PC-03]',
    program: ['processes', 'daemon', '1'],
    native: { args: ['fork', '1'], code: 0 },
    expected: { status: 'exited', stdout: 'left\n' },
  },
  {
    name: 'a program that stops itself',
    program: ['end', 'stop'],
    options: { limits: { wallTimeMs: 300 } },
    expected: { status: 'wall-time-limit' },
  },
  ...MEMORY.map(
    ([kind, id]): Case => ({
      name: `memory used by: ${kind} [${id}]`,
      program: ['allocate', kind, '600'],
      native: { args: [kind, '4'], code: 0 },
      options: memory,
      diskBytes: 1024 * MiB,
      ...onlyInTmpfs(kind),
      expected: { status: 'memory-limit', ok: false },
      check: memoryLimit,
    }),
  ),
  ...MEMORY.map(
    ([kind]): Case => ({
      name: `half of the memory limit used by: ${kind}`,
      program: ['allocate', kind, '32'],
      native: { args: [kind, '4'], code: 0 },
      options: memory,
      expected: { status: 'exited', ok: true },
      ...onlyInTmpfs(kind),
    }),
  ),
  {
    name: 'memory that is reserved and not touched [MB-02]',
    program: ['allocate', 'reserve', '100000'],
    native: { args: ['reserve', '100000'], code: 0 },
    options: memory,
    expected: { status: 'exited', ok: true },
  },
  {
    name: 'a flood of output [DX-01]',
    program: ['write', 'flood', '0'],
    native: { args: ['stdout', '1000'], code: 0 },
    options: { limits: { outputBytes: 100_000 } },
    expected: { status: 'output-limit', stdoutTruncated: true, stderrTruncated: false },
    check: ({ stdout }) => assert.equal(stdout.length, 100_000),
  },
  {
    name: 'output of exactly the limit [DX-03]',
    program: ['write', 'stdout', '100000'],
    native: { args: ['stdout', '1000'], code: 0 },
    options: { limits: { outputBytes: 100_000 } },
    expected: { status: 'exited', ok: true, stdoutTruncated: false },
  },
  {
    name: 'one byte of output less than the limit [DX-03]',
    program: ['write', 'stderr', '99999'],
    native: { args: ['stderr', '1000'], code: 0 },
    options: { limits: { outputBytes: 100_000 } },
    expected: { status: 'exited', ok: true, stderrTruncated: false },
    check: ({ stderr }) => assert.equal(stderr.length, 99_999),
  },
  {
    name: 'one byte of output above the limit [DX-03]',
    program: ['write', 'stderr', '100001'],
    native: { args: ['stderr', '1000'], code: 0 },
    options: { limits: { outputBytes: 100_000 } },
    expected: { status: 'output-limit', stderrTruncated: true },
    check: ({ stderr }) => assert.equal(stderr.length, 100_000),
  },
  {
    name: 'a file above the file size limit [DX-06]',
    program: ['write', 'big', '2000001'],
    native: { args: ['/dev/null', '1000'], code: 0 },
    options: { limits: { fileSizeBytes: 2_000_000 } },
    expected: { status: 'output-limit', signal: 'SIGXFSZ' },
    check: ({ limit }) => assert.equal(limit?.kind, 'fileSizeBytes'),
  },
  {
    name: 'a file of exactly the file size limit [DX-06]',
    program: ['write', 'big', '2000000'],
    options: { limits: { fileSizeBytes: 2_000_000 } },
    expected: { status: 'exited', ok: true },
  },
  {
    name: 'a fork bomb [PC-01]',
    program: ['processes', 'bomb', '1'],
    native: { args: ['fork', '4'], code: 0 },
    options: { limits: { processes: 20, cpuTimeMs: 300, wallTimeMs: 5000 } },
    expected: { status: 'cpu-time-limit' },
  },
  {
    name: 'more processes than allowed',
    program: ['processes', 'fork', '20'],
    native: { args: ['fork', '20'], code: 0 },
    options: { limits: { processes: 10 } },
    expected: { status: 'process-limit', exitCode: 3 },
  },
  {
    name: 'as many processes as allowed',
    program: ['processes', 'fork', '9'],
    native: { args: ['fork', '9'], code: 0 },
    options: { limits: { processes: 10 } },
    expected: { status: 'exited', ok: true },
  },
  {
    name: 'threads',
    program: ['processes', 'thread', '9'],
    native: { args: ['thread', '9'], code: 0 },
    options: { limits: { processes: 10 } },
    expected: { status: 'exited', ok: true },
  },
  {
    name: 'a denied call',
    program: ['network', 'socket', '1'],
    native: { args: ['socket', '1'], code: 0 },
    options: { policy: policyKill('socket') },
    expected: {
      status: 'syscall-denied',
      violation: { syscall: 'socket', args: 'AF_INET, SOCK_STREAM, IPPROTO_IP' },
    },
  },
  {
    name: 'loopback of its own',
    program: ['network', 'loopback', '1'],
    native: { args: ['loopback', '1'], code: 0 },
    expected: { status: 'exited', ok: true },
    runners: ['namespace'],
  },
]

const initial = surroundings()

before(async () => {
  // What is opened once for the life of the process must not count as left behind.
  for (const runner of RUNNERS) await run('true', [], { runner })
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

const OF_ALL = CASES.flatMap(each =>
  (each.runners ?? RUNNERS).map(runner => ({
    ...each,
    options: {
      ...each.options,
      runner,
      ...(runner === 'namespace' && each.diskBytes ? { diskBytes: each.diskBytes } : {}),
    },
  })),
)

for (const {
  name,
  program: [guest, ...args],
  native: control,
  options,
  expected,
  check,
} of OF_ALL) {
  test(`${options.runner}: ${name}`, async () => {
    if (control) {
      const ended = native(guest, control.args)
      assert.deepEqual(
        ended,
        { code: control.code ?? null, signal: control.signal ?? null },
        'the native run',
      )
    }
    const result = await run(program(guest), args, options)
    const actual = Object.fromEntries(Object.keys(expected).map(key => [key, result[key as keyof RunResult]]))
    assert.deepEqual(actual, expected, JSON.stringify({ ...result, stdout: undefined }))
    check?.(result)
  })
}

/**
 * In software, on a machine that has other work, a processor stands still for longer than that.
 */
const EMULATED = process.env['GLASSBOX_EMULATED'] ? 'needs processors that run all the time' : false

test('an endless loop overshoots its CPU limit by at most 20 ms', { skip: EMULATED }, async () => {
  const { cpuTimeMs, status } = await run(program('burn'), ['one', '20000'], { limits: { cpuTimeMs: 250 } })
  assert.equal(status, 'cpu-time-limit')
  assert.ok(cpuTimeMs - 250 <= 20, `${cpuTimeMs} ms`)
})

test('a sleeping program overshoots its wall limit by at most 50 ms', { skip: EMULATED }, async () => {
  const start = (await run('sleep', ['0'])).cpuTimeMs
  const { wallTimeMs, cpuTimeMs, status } = await run('sleep', ['20'], { limits: { wallTimeMs: 250 } })
  assert.equal(status, 'wall-time-limit')
  assert.ok(wallTimeMs >= 250 && wallTimeMs - 250 <= 50, `${wallTimeMs} ms`)
  assert.ok(cpuTimeMs <= 3 * start + 20, `${cpuTimeMs} ms, of which the start takes ${start} ms`)
})
