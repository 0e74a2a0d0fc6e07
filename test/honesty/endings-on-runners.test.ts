/**
 * The endings of endings.test.ts, once each with every runner: the verdict is the same (group O of
 * the catalogue). How often and at the same time is tested there.
 */
import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { type RunOptions, run } from '#glassbox/index.js'
import { guard } from '../support/hostile.js'
import { assertEndings, MiB } from './support/repeat.js'

const RUNNERS = ['namespace', 'ptrace'] as const
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

for (const runner of RUNNERS)
  test(`a program that cannot start is an error with the ${runner} runner, never a verdict`, async () => {
    await assert.rejects(async () => run('/nowhere/program', [], { runner }), {
      code: 'ERR_GLASSBOX_PROGRAM_NOT_FOUND',
    })
    await assert.rejects(async () => run('/etc/passwd', [], { runner }), {
      code: 'ERR_GLASSBOX_PROGRAM_NOT_EXECUTABLE',
    })
  })
