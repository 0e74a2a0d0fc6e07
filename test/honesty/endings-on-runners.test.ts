/**
 * The endings of endings.test.ts, and more unusual ones, once each with every runner: the verdict
 * is the same (group O of the catalogue). How often and at the same time is tested there.
 */
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { type RunOptions, run } from '#glassbox/index.js'
import { guard, unboxed } from '../support/hostile.js'
import { assertEndings, MiB } from './support/repeat.js'

const RUNNERS = ['namespace', 'ptrace', 'kernel'] as const
const world = guard({ runners: RUNNERS })
const SIGNALS = [
  'SIGHUP',
  'SIGILL',
  'SIGTRAP',
  'SIGBUS',
  'SIGKILL',
  'SIGSEGV',
  'SIGTERM',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGSYS',
] as const

type Row = readonly [
  program: string,
  args: readonly string[],
  ending: string,
  limits?: RunOptions<'utf8'>['limits'],
]

const script = (text: string, ending: string, limits?: Row[3]): Row => ['sh', ['-c', text], ending, limits]
const ROWS: readonly Row[] = [
  ...SIGNALS.map((name): Row => ['end', ['signal', `${constants.signals[name]}`], `signaled ${name}`]),
  ['end', ['null'], 'signaled SIGSEGV'],
  ['end', ['abort'], 'signaled SIGABRT'],
  ['end', ['thread'], 'exited 7'],
  ['allocate', ['stack', '64'], 'signaled SIGSEGV', { stackBytes: 8 * MiB, memoryBytes: 256 * MiB }],
  ['allocate', ['stack', '64'], 'exited 0', { stackBytes: 256 * MiB, memoryBytes: 256 * MiB }],
  script('exit 134', 'exited 134'),
  script('/nowhere/program', 'exited 127'),
  script('sh -c "kill -9 \\$\\$"; exit 3', 'exited 3'),
  script(
    'trap "" TERM XCPU; trap : USR1 SEGV; kill -TERM $$; kill -XCPU $$; kill -USR1 $$; kill -SEGV $$; exit 0',
    'exited 0',
  ),
  script('while :; do printf %01000d 0; done', 'output-limit', { outputBytes: 10_000 }),
  script('while :; do :; done', 'cpu-time-limit', { cpuTimeMs: 100 }),
  ['sleep', ['60'], 'wall-time-limit', { wallTimeMs: 100 }],
]

for (const runner of RUNNERS)
  test(`every way to end has its own verdict with the ${runner} runner`, async () => {
    for (const [program, args, ending, limits = {}] of ROWS) {
      const isOurs = program === 'end' || program === 'allocate'
      const options = { runner, limits }
      const result = await (isOurs ? world.run(program, args, options) : run(program, args, options))
      assertEndings([result], ending)
    }
  })

/**
 * The endings that sandboxes are known to report in a way that nobody expects: by a thread other
 * than the first, by limits of the program's own, with limits that were reached and handled.
 */
interface Unusual {
  readonly words: readonly [kind: string, ...more: string[]]
  readonly ending: string
  /** If that of the namespace runner differs; docs/limits-and-verdicts.md says why. */
  readonly boxed?: string
  readonly limits?: RunOptions<'utf8'>['limits']
  /** Without limits; left out if it is the ending. `false`: it would not end. */
  readonly natively?: string | false
  readonly stdout?: string
}

const size = { fileSizeBytes: 2_000_000 }
const atSize = 'output-limit of fileSizeBytes (SIGXFSZ)'
const UNUSUAL: readonly Unusual[] = [
  { words: ['thread-exit'], ending: 'exited 5' },
  { words: ['thread-group'], ending: 'exited 6' },
  { words: ['thread-exec'], ending: 'exited 7' },
  { words: ['thread-null'], ending: 'signaled SIGSEGV' },
  { words: ['group'], ending: 'signaled SIGKILL', natively: false },
  { words: ['child'], ending: 'signaled SIGKILL' },
  { words: ['stopped'], ending: 'exited 0' },
  { words: ['own-cpu'], ending: 'signaled SIGXCPU' },
  { words: ['own-cpu-hard'], ending: 'signaled SIGKILL' },
  { words: ['own-memory'], ending: 'exited 0' },
  { words: ['own-size'], ending: 'signaled SIGXFSZ', limits: size },
  { words: ['size-ignored'], ending: 'exited 0', limits: size, natively: false },
  // Of the kind F13: there is no name by which the init of a box could find the file.
  { words: ['size-unnamed'], ending: atSize, boxed: 'signaled SIGXFSZ', limits: size, natively: false },
  { words: ['size-memfd'], ending: atSize, boxed: 'signaled SIGXFSZ', limits: size, natively: false },
  { words: ['size-forged', '2000000'], ending: 'signaled SIGXFSZ', boxed: atSize, limits: size },
  {
    words: ['forks-code', '12'],
    ending: 'process-limit (exit 1)',
    limits: { processes: 6 },
    natively: 'exited 1',
  },
  { words: ['forks-fine', '12'], ending: 'exited 0', limits: { processes: 6 } },
  // F14: it lives with the refusal, and has a fault of its own. The signal is reported too.
  {
    words: ['forks-null', '12'],
    ending: 'process-limit (SIGSEGV)',
    limits: { processes: 6 },
    natively: 'signaled SIGSEGV',
  },
  { words: ['too-long'], ending: 'exited 0' },
  { words: ['closed'], ending: 'exited 0' },
  { words: ['handled'], ending: 'exited 4' },
  { words: ['other-stack'], ending: 'exited 4' },
  { words: ['vfork'], ending: 'wall-time-limit', limits: { wallTimeMs: 150 }, natively: false },
  { words: ['real-time'], ending: 'signaled SIGRT_8', natively: false },
  { words: ['child-output'], ending: 'exited 0', stdout: 'child\n' },
]

for (const { words, ending, boxed = ending, limits = {}, natively = ending, stdout = '' } of UNUSUAL)
  test(`the ending ${words[0]}: ${ending}`, async context => {
    if (natively !== false) {
      const { code, signal } = unboxed(context, 'endings', words)
      assert.equal(signal === null ? `exited ${code}` : `signaled ${signal}`, natively, 'natively')
    }
    await Promise.all(
      RUNNERS.map(async runner => {
        const result = await world.run('endings', words, { runner, limits })
        assertEndings([result], runner === 'namespace' ? boxed : ending)
        assert.equal(result.stdout, stdout)
      }),
    )
  })

for (const runner of RUNNERS)
  test(`a program that cannot start is an error with the ${runner} runner, never a verdict`, async () => {
    await assert.rejects(async () => run('/nowhere/program', [], { runner }), {
      code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND',
    })
    await assert.rejects(async () => run('/etc/passwd', [], { runner }), {
      code: 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
    })
  })
