/**
 * Derives the verdict from how a job ended. Its causes are known: a limit of the runner, a report
 * of the filter, the caller's stop, or a signal. Counters show the limits that the kernel enforced
 * by itself. The rules are in the order of certainty; see docs/limits-and-verdicts.md.
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
   * Whether more than `outputBytes` arrived. The program may have ended by itself before it could
   * be killed for that.
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
  // Before the time limits: a program that restarts children which are killed for memory runs
  // until a time limit ends it.
  [({ ending }) => ending.oomKills > 0 || ending.cause === 'memory', MEMORY],
  // The program may have ended between two samples of its runner, or have raised the kernel's
  // limit itself: then the peak decides.
  [({ ending }, limits) => ending.usage.memoryBytes > limits.memoryBytes, MEMORY],
  [({ outputExceeded }) => outputExceeded, { status: 'output-limit', limit: 'outputBytes' }],
  [({ ending }) => ending.cause === 'cpu', CPU],
  // The program may have ended between two samples, or by RLIMIT_CPU: then the last reading
  // decides.
  [({ ending }, limits) => ending.usage.cpuTimeMs > limits.cpuTimeMs, CPU],
  [({ ending }) => ending.cause === 'wall', WALL],
  // On a busy machine the runner may see the end before the limit. That must not change the
  // verdict.
  [({ wallTimeMs }, limits) => wallTimeMs > limits.wallTimeMs, WALL],
  [
    ({ ending }) => killedBy(SIGXFSZ, ending) && ending.fileAtLimit,
    { status: 'output-limit', limit: 'fileSizeBytes' },
  ],
  // A refused fork alone is not a failure: many programs continue with fewer threads.
  [
    ({ ending }) => ending.refusedProcesses > 0 && endedBadly(ending),
    { status: 'process-limit', limit: 'processes' },
  ],
  [({ ending }) => ending.exit !== undefined && 'code' in ending.exit, { status: 'exited' }],
]

/** The first rule that applies decides. If none does, a signal ended the program: `signaled`. */
export function deriveVerdict(evidence: Evidence, limits: Required<Limits>): Verdict {
  const rule = RULES.find(([applies]) => applies(evidence, limits))
  return rule?.[1] ?? { status: 'signaled' }
}
