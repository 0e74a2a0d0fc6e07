/** The limits of a job, as a table: kinds, bounds, defaults, and their names in other tools. */
import { number } from '../options/kind.ts'
import { record, type Fields } from '../options/record.ts'
import type { RecordKind } from '../options/kind.ts'
import type { Limits } from './options.ts'

const MiB = 2 ** 20

/**
 * The default limits. Units are in the names. If `cpuTimeMs` is given, the default of `wallTimeMs`
 * depends on it: three times as much, and at least 10 000.
 *
 * @example
 * DEFAULT_LIMITS.memoryBytes // 536870912
 */
export const DEFAULT_LIMITS: Required<Limits> = Object.freeze({
  cpuTimeMs: 10_000,
  wallTimeMs: 30_000,
  memoryBytes: 512 * MiB,
  processes: 128,
  outputBytes: 64 * MiB,
  stackBytes: 64 * MiB,
  openFiles: 256,
  fileSizeBytes: 256 * MiB,
})

/** As milliseconds more than two hundred years; as bytes more than any memory. */
const LARGEST = 2 ** 43

/** The most processes that a kernel can have (PID_MAX_LIMIT); pids.max refuses larger numbers. */
const MOST_PROCESSES = 2 ** 22

const hint = 'Leave it out for the default, or use Infinity for no limit.'
const measured = number({ to: LARGEST, unlimited: true, hint })
const counted = number({ from: 1, to: LARGEST, whole: true, unlimited: true, hint })
const processes = number({ from: 1, to: MOST_PROCESSES, whole: true, unlimited: true, hint })

const LIMIT_FIELDS: Fields<Limits> = {
  cpuTimeMs: { kind: measured, words: ['cpu', 'cpuTime', 'cpuMs', 'cpuLimit', 'cpuTimeLimit', 'cpus'] },
  wallTimeMs: {
    kind: measured,
    words: [
      ...['timeout', 'timeoutMs', 'time', 'timeLimit', 'timeLimitMs', 'maxTime', 'deadline'],
      ...['wall', 'wallTime', 'wallMs', 'clockLimit', 'realTime', 'ms'],
    ],
  },
  memoryBytes: {
    kind: counted,
    words: ['memory', 'mem', 'memoryLimit', 'memoryMb', 'memoryMiB', 'maxMemory', 'ram', 'rss'],
  },
  processes: {
    kind: processes,
    words: ['procs', 'procLimit', 'maxProcesses', 'pids', 'pidsLimit', 'nproc', 'threads', 'tasks'],
  },
  outputBytes: { kind: counted, words: ['output', 'maxBuffer', 'outputLimit', 'maxOutput', 'outputSize'] },
  stackBytes: { kind: counted, words: ['stack', 'stackLimit', 'stackSize'] },
  openFiles: { kind: counted, words: ['nofile', 'maxOpenFiles', 'openFileLimit', 'fds', 'descriptors'] },
  fileSizeBytes: { kind: counted, words: ['fileSize', 'fsize', 'maxFileSize', 'fileSizeLimit'] },
}

/** The option `limits`. */
export const LIMITS: RecordKind<Limits> = record({
  fields: LIMIT_FIELDS,
  lacks: 'There is no limit',
  expected: 'an object of limits',
  hint: () =>
    'For example { cpuTimeMs: 1000, memoryBytes: 256 * 2 ** 20 }; without it each limit has its default.',
})

const WALL_PER_CPU = 3
const SHORTEST_DEFAULT_WALL_MS = 10_000

/**
 * Completes the given limits with the defaults. The default wall time limit is three times the CPU
 * time limit, and at least ten seconds.
 */
export function resolveLimits(given: Limits = DEFAULT_LIMITS): Required<Limits> {
  if (given === DEFAULT_LIMITS) return DEFAULT_LIMITS
  const { cpuTimeMs = DEFAULT_LIMITS.cpuTimeMs } = given
  const wallTimeMs = Math.max(SHORTEST_DEFAULT_WALL_MS, WALL_PER_CPU * cpuTimeMs)
  return Object.freeze({ ...DEFAULT_LIMITS, wallTimeMs, ...given })
}
