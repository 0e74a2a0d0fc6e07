/**
 * The verdict, from how a job ended. Causes are known: the runner's limit that fired, the filter's
 * report, the caller's stop, or a signal; and counters tell of limits that the kernel enforced by
 * itself. The order of the rules is the order of certainty, see docs/limits-and-verdicts.md.
 */
import { signalNumber } from '../linux/signals.ts'
import type { Ending } from './ending.ts'
import type { Limits } from './options.ts'
import type { LimitKind, Status } from './result.ts'

const SIGXFSZ = signalNumber('SIGXFSZ')

export interface Evidence {
  readonly ending: Ending
  readonly wallTimeMs: number
  /**
   * One byte more than `outputBytes` arrived, also if the program ended before it could be ended
   * for that.
   */
  readonly outputExceeded: boolean
}

export interface Verdict {
  readonly status: Status
  readonly limit?: LimitKind
}

type Rule = readonly [applies: (evidence: Evidence, limits: Required<Limits>) => boolean, verdict: Verdict]

const endedBadly = ({ exit }: Ending): boolean => exit === undefined || !('code' in exit) || exit.code !== 0
const killedBy = (signal: number | undefined, { exit }: Ending): boolean =>
  exit !== undefined && 'signal' in exit && exit.signal === signal

const MEMORY: Verdict = { status: 'memory-limit', limit: 'memoryBytes' }
const CPU: Verdict = { status: 'cpu-time-limit', limit: 'cpuTimeMs' }
const WALL: Verdict = { status: 'wall-time-limit', limit: 'wallTimeMs' }

const RULES: readonly Rule[] = [
  [({ ending }) => ending.cause === 'canceled', { status: 'canceled' }],
  [({ ending }) => ending.cause === 'denied', { status: 'syscall-denied' }],
  // Before the clocks: a program whose children are killed for memory and started again ends by a
  // clock.
  [({ ending }) => ending.oomKills > 0 || ending.cause === 'memory', MEMORY],
  // The peak decides for a program that ended between two looks of its runner, or that raised the
  // kernel's limit itself.
  [({ ending }, limits) => ending.usage.memoryBytes > limits.memoryBytes, MEMORY],
  [({ outputExceeded }) => outputExceeded, { status: 'output-limit', limit: 'outputBytes' }],
  [({ ending }) => ending.cause === 'cpu', CPU],
  // The last reading decides for one that ended between two looks, or by RLIMIT_CPU behind them.
  [({ ending }, limits) => ending.usage.cpuTimeMs > limits.cpuTimeMs, CPU],
  [({ ending }) => ending.cause === 'wall', WALL],
  // Which of the limit and the end a busy machine lets a runner see first must not decide.
  [({ wallTimeMs }, limits) => wallTimeMs > limits.wallTimeMs, WALL],
  [
    ({ ending }) => killedBy(SIGXFSZ, ending) && ending.fileAtLimit,
    { status: 'output-limit', limit: 'fileSizeBytes' },
  ],
  // A refused fork alone is no failure: many programs go on with fewer threads.
  [
    ({ ending }) => ending.refusedProcesses > 0 && endedBadly(ending),
    { status: 'process-limit', limit: 'processes' },
  ],
  [({ ending }) => ending.exit !== undefined && 'code' in ending.exit, { status: 'exited' }],
]

/** The first rule that applies; an end that no limit explains is the signal's. */
export function deriveVerdict(evidence: Evidence, limits: Required<Limits>): Verdict {
  const rule = RULES.find(([applies]) => applies(evidence, limits))
  return rule?.[1] ?? { status: 'signaled' }
}
