/**
 * The table of endings for which sandboxes give different verdicts depending on how they watch a
 * program. Here both runners give the same one, in each of 20 runs. Each program runs natively
 * first, with arguments that are harmless.
 */
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type RunnerName, type RunOptions, type RunResult, denyCalls, run } from '#glassbox/index.js'
import { assertEndings, assertSameStatus, MiB, repeat } from '../honesty/support/repeat.js'
import { assertNothingLeft, surroundings } from '../support/left.js'
import { native, program } from '../support/programs.js'
import { temporaryDirectory } from '../support/temporary.js'

const RUNNERS: readonly RunnerName[] = ['namespace', 'ptrace']

interface Row {
  readonly name: string
  readonly words: readonly [guest: string, ...args: string[]]
  /** How it ends natively with other arguments; left out if it is the same as in the box. */
  readonly native: { readonly args: readonly string[]; readonly code?: number; readonly signal?: string }
  readonly options?: RunOptions<'utf8'>
  readonly expected: string
  /**
   * `any`: only the verdict is compared. With a cgroup the kernel kills one process, and the
   * program may end in its own way; otherwise the runner kills all of them.
   */
  readonly killer?: 'any'
}

const memory = { limits: { memoryBytes: 48 * MiB, wallTimeMs: 20_000 } }
const origin = (number: number, name: string): Row => ({
  name: `a ${name} with the origin of the kernel's own is refused, and no limit`,
  words: ['queue', `${number}`],
  native: { args: [`${number}`], signal: name },
  expected: 'exited 1',
})

const ROWS: readonly Row[] = [
  {
    name: 'exit 3',
    words: ['end', 'exit', '3'],
    native: { args: ['exit', '3'], code: 3 },
    expected: 'exited 3',
  },
  {
    name: 'an endless loop',
    words: ['burn', 'one', '60000'],
    native: { args: ['one', '10'], code: 0 },
    options: { limits: { cpuTimeMs: 60 } },
    expected: 'cpu-time-limit',
  },
  {
    name: 'a sleep',
    words: ['end', 'stop'],
    native: { args: ['exit', '0'], code: 0 },
    options: { limits: { wallTimeMs: 80 } },
    expected: 'wall-time-limit',
  },
  ...(['malloc', 'private', 'shared', 'children'] as const).map(
    (kind): Row => ({
      name: `600 MiB of memory: ${kind}`,
      words: ['allocate', kind, '600'],
      native: { args: [kind, '2'], code: 0 },
      options: memory,
      expected: 'memory-limit',
      killer: 'any',
    }),
  ),
  {
    name: 'a null pointer',
    words: ['end', 'null'],
    native: { args: ['null'], signal: 'SIGSEGV' },
    expected: 'signaled SIGSEGV',
  },
  {
    name: 'abort()',
    words: ['end', 'abort'],
    native: { args: ['abort'], signal: 'SIGABRT' },
    expected: 'signaled SIGABRT',
  },
  {
    name: 'a denied socket()',
    words: ['network', 'socket', '1'],
    native: { args: ['socket', '1'], code: 0 },
    options: { policy: denyCalls(['socket']) },
    expected: 'syscall-denied',
  },
  {
    name: 'threads',
    words: ['processes', 'thread', '5'],
    native: { args: ['thread', '5'], code: 0 },
    expected: 'exited 0',
  },
  {
    name: 'children',
    words: ['processes', 'fork', '5'],
    native: { args: ['fork', '5'], code: 0 },
    expected: 'exited 0',
  },
  {
    name: 'more processes than allowed',
    words: ['processes', 'fork', '12'],
    native: { args: ['fork', '12'], code: 0 },
    options: { limits: { processes: 6 } },
    expected: 'process-limit (exit 3)',
  },
  {
    name: 'a file above the file size limit',
    words: ['write', 'big', '2000001'],
    native: { args: ['stdout', '10'], code: 0 },
    options: { limits: { fileSizeBytes: 2_000_000 } },
    expected: 'output-limit of fileSizeBytes (SIGXFSZ)',
  },
  ...([24, 25, 31] as const).map((number): Row => {
    const signal = { 24: 'SIGXCPU', 25: 'SIGXFSZ', 31: 'SIGSYS' }[number]
    return {
      name: `a ${signal} that it sends itself`,
      words: ['end', 'signal', `${number}`],
      native: { args: ['signal', `${number}`], signal },
      expected: `signaled ${signal}`,
    }
  }),
]

/** With its own init a box need not refuse these: there the signal is no evidence. */
const ORIGINS = [origin(24, 'SIGXCPU'), origin(25, 'SIGXFSZ'), origin(31, 'SIGSYS')]

const initial = surroundings()
before(async () => {
  for (const runner of RUNNERS) await Promise.all([0, 1].map(() => run('true', [], { runner })))
  Object.assign(initial, surroundings())
})
after(() => assertNothingLeft(initial))

const runs = (runner: RunnerName, { words: [guest, ...args], options }: Row): Promise<RunResult[]> =>
  repeat(() => run(program(guest), args, { ...options, runner }))

function assertNative({ words: [guest], native: control }: Row): void {
  const { args, code = null, signal = null } = control
  assert.deepEqual(native(guest, args), { code, signal }, 'natively')
}

for (const row of ROWS)
  test(row.name, async () => {
    assertNative(row)
    for (const runner of RUNNERS) {
      const results = await runs(runner, row)
      assert.deepEqual([...new Set(results.map(result => result.runner))], [runner])
      if (row.killer === 'any') assertSameStatus(results, [row.expected as RunResult['status']])
      else assertEndings(results, row.expected)
    }
  })

for (const row of ORIGINS)
  test(row.name, async () => {
    assertNative(row)
    assertEndings(await runs('ptrace', row), row.expected)
  })

test('125 MiB to a file as stdout are an output limit', async context => {
  const file = join(temporaryDirectory(context), 'out')
  for (const runner of RUNNERS) {
    const options = { runner, stdout: { file }, limits: { outputBytes: MiB } }
    const results = await repeat(() => run(program('write'), ['flood', '0'], options), { width: 1 })
    assertEndings(results, 'output-limit')
    assert.equal(statSync(file).size, MiB)
  }
})

test('a file that it may not read is denied, and with the ptrace runner by name', async () => {
  for (const runner of RUNNERS) {
    const results = await repeat(() => run('cat', ['/etc/shadow'], { runner }))
    assertEndings(results, 'exited 1')
    for (const { stdout, stderr, denials } of results) {
      assert.equal(stdout, '')
      assert.match(stderr, /shadow: Permission denied|shadow: No such file/)
      const named = denials?.filter(({ path }) => path === '/etc/shadow')
      const rule = 'read: /etc/shadow'
      if (runner === 'ptrace')
        assert.deepEqual(
          named?.map(denial => [denial.syscall, denial.rule]),
          [['openat', rule]],
        )
      else assert.equal(denials, undefined)
    }
  }
})
