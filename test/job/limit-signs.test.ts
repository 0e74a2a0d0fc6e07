/**
 * The signs of limits that refuse something by an error or a signal: a table, both sides of each.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { possibleLimits, type Signs } from '#glassbox/job/limit-signs.js'
import { DEFAULT_LIMITS } from '#glassbox/job/limits.js'

const measuredBy = { cpuTime: 'cgroup-v2', memory: 'cgroup-v2', processes: 'cgroup-v2' } as const
const failed: Signs['result'] = { status: 'exited', ok: false, memoryBytes: 2 ** 20, measuredBy }
const disk = { diskBytes: 1000, diskFiles: 10, full: [] } as const
const counted: Signs['result'] = { ...failed, measuredBy: { ...measuredBy, processes: 'rlimit' } }
const crashed: Signs['result'] = { ...failed, status: 'signaled', signal: 'SIGSEGV' }

interface Change extends Partial<Omit<Signs, 'limits'>> {
  readonly limits?: Partial<Signs['limits']>
}

const CASES: readonly (readonly [name: string, change: Change, expected: readonly string[]])[] = [
  ['a program that failed without a sign', {}, []],
  ['EMFILE in words', { text: 'x: Too many open files\n' }, ['openFiles 256']],
  ['EMFILE by name', { text: "Error: EMFILE: open 'x'" }, ['openFiles 256']],
  ['a name that only contains EMFILE', { text: 'XEMFILEX' }, []],
  ['EMFILE without a limit', { text: 'EMFILE', limits: { openFiles: Infinity } }, []],
  ['EMFILE of a program that succeeded', { text: 'EMFILE', result: { ...failed, ok: true } }, []],
  ['EMFILE, but a time limit', { text: 'EMFILE', result: { ...failed, status: 'cpu-time-limit' } }, []],
  ['EFBIG', { text: 'write: File too large' }, ['fileSizeBytes 268435456']],
  ['SIGXFSZ', { result: { ...crashed, signal: 'SIGXFSZ' } }, ['fileSizeBytes 268435456']],
  [
    'ENOSPC, where both capacities may be the reason',
    { text: 'ENOSPC', disk },
    ['diskBytes 1000', 'diskFiles 10'],
  ],
  ['ENOSPC without capacities of ours', { text: 'ENOSPC' }, []],
  [
    'ENOSPC, and no byte left',
    { text: 'ENOSPC', disk: { ...disk, full: ['diskBytes'] } },
    ['diskBytes 1000'],
  ],
  ['no file left, and not a word', { disk: { ...disk, full: ['diskFiles'] } }, ['diskFiles 10']],
  ['SIGSEGV with little memory', { result: crashed }, []],
  [
    'SIGSEGV with as much memory as a stack',
    { result: { ...crashed, memoryBytes: 2 ** 26 } },
    ['stackBytes 67108864'],
  ],
  ['SIGSEGV with a byte less', { result: { ...crashed, memoryBytes: 2 ** 26 - 1 } }, []],
  ['Rust’s words', { text: "thread 'main' has overflowed its stack" }, ['stackBytes 67108864']],
  ['OCaml’s words', { text: 'Fatal error: exception Stack_overflow' }, ['stackBytes 67108864']],
  ['a fork that failed, counted by a cgroup', { text: 'fork: Resource temporarily unavailable' }, []],
  [
    'a fork that failed, not counted',
    { text: 'fork: Resource temporarily unavailable', result: counted },
    ['processes 128'],
  ],
  ['a read that failed with EAGAIN', { text: 'read: Resource temporarily unavailable', result: counted }, []],
]

for (const [name, { limits, ...change }, expected] of CASES)
  test(`limits that may be the reason: ${name}`, () => {
    const signs = { result: failed, text: '', ...change, limits: { ...DEFAULT_LIMITS, ...limits } }
    assert.deepEqual(
      possibleLimits(signs).map(({ kind, limit }) => `${kind} ${limit}`),
      expected,
    )
  })
