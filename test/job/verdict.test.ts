/**
 * The verdict from an ending: one rule after another, both sides of each. No process is needed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ending, Usage } from '#glassbox/job/ending.js'
import { DEFAULT_LIMITS } from '#glassbox/job/limits.js'
import { deriveVerdict } from '#glassbox/job/verdict.js'

const limits = { ...DEFAULT_LIMITS, cpuTimeMs: 1000, wallTimeMs: 30_000, memoryBytes: 2 ** 30 }
const usage: Usage = { cpuTimeMs: 1, userTimeMs: 1, systemTimeMs: 0, memoryBytes: 1, processes: 1 }
const quiet: Ending = {
  cause: 'itself',
  exit: { code: 0 },
  startedNs: 0n,
  endedNs: 1_000_000n,
  usage,
  measuredBy: { cpuTime: 'cgroup-v2', memory: 'cgroup-v2', processes: 'cgroup-v2' },
  oomKills: 0,
  refusedProcesses: 0,
  fileAtLimit: false,
}

interface Change extends Partial<Omit<Ending, 'usage'>> {
  readonly usage?: Partial<Usage>
  readonly wallTimeMs?: number
  readonly outputExceeded?: boolean
}

function verdict({ wallTimeMs = 1, outputExceeded = false, usage: used, ...change }: Change): string {
  const ending = { ...quiet, ...change, usage: { ...usage, ...used } }
  const { status, limit } = deriveVerdict({ ending, wallTimeMs, outputExceeded }, limits)
  return limit === undefined ? status : `${status} of ${limit}`
}

const CASES: readonly (readonly [name: string, change: Change, expected: string])[] = [
  ['code 0', {}, 'exited'],
  ['code 3', { exit: { code: 3 } }, 'exited'],
  ['a signal that no limit explains', { exit: { signal: 9 } }, 'signaled'],
  ['the caller', { cause: 'canceled', exit: { signal: 9 } }, 'canceled'],
  ['the caller, after a kill for memory', { cause: 'canceled', oomKills: 1 }, 'canceled'],
  ['a denied call', { cause: 'denied', exit: { signal: 9 } }, 'syscall-denied'],
  ['the kernel’s kill for memory', { oomKills: 1, exit: { signal: 9 } }, 'memory-limit of memoryBytes'],
  ['a kill for memory, then the clock', { oomKills: 1, cause: 'wall' }, 'memory-limit of memoryBytes'],
  ['the runner’s memory limit', { cause: 'memory' }, 'memory-limit of memoryBytes'],
  ['a peak of just the limit', { usage: { memoryBytes: 2 ** 30 } }, 'exited'],
  ['a peak above the limit', { usage: { memoryBytes: 2 ** 30 + 1 } }, 'memory-limit of memoryBytes'],
  ['too much output', { outputExceeded: true }, 'output-limit of outputBytes'],
  [
    'too much output, told by the stop',
    { cause: 'output', outputExceeded: true },
    'output-limit of outputBytes',
  ],
  ['the CPU clock', { cause: 'cpu' }, 'cpu-time-limit of cpuTimeMs'],
  ['just the CPU time of the limit', { usage: { cpuTimeMs: 1000 } }, 'exited'],
  ['more CPU time than the limit', { usage: { cpuTimeMs: 1001 } }, 'cpu-time-limit of cpuTimeMs'],
  ['the wall clock', { cause: 'wall' }, 'wall-time-limit of wallTimeMs'],
  ['just the wall time of the limit', { wallTimeMs: 30_000 }, 'exited'],
  ['more wall time than the limit', { wallTimeMs: 30_001 }, 'wall-time-limit of wallTimeMs'],
  ['SIGXFSZ of its own', { exit: { signal: 25 } }, 'signaled'],
  [
    'SIGXFSZ with a file at the limit',
    { exit: { signal: 25 }, fileAtLimit: true },
    'output-limit of fileSizeBytes',
  ],
  ['code 25 with a file at the limit', { exit: { code: 25 }, fileAtLimit: true }, 'exited'],
  ['refused processes and code 0', { refusedProcesses: 3 }, 'exited'],
  ['refused processes and code 1', { refusedProcesses: 3, exit: { code: 1 } }, 'process-limit of processes'],
  [
    'refused processes and a signal',
    { refusedProcesses: 3, exit: { signal: 6 } },
    'process-limit of processes',
  ],
]

for (const [name, change, expected] of CASES) {
  test(`ended by ${name}: ${expected}`, () => assert.equal(verdict(change), expected))
}
