/**
 * The verdict, from causes. What ended the program is known: init's watch, the filter's report, the host's own kill, or a
 * signal; and the kernel's counters tell of limits that it enforced by itself. The order of `derive` is the order of
 * certainty, see docs/limits-and-verdicts.md.
 */
import { CAUSE } from '../container/wire.ts'
import type { LimitKind, Status } from './result.ts'

/** Why the host asks init to end a program. */
export const HOST_CAUSE: { readonly canceled: number; readonly output: number } = {
  canceled: CAUSE.host,
  output: CAUSE.host + 1,
}

/**
 * The least limit on memory that the kernel is told. Until execve the child shares init's memory, and the kernel's out-of-memory
 * killer takes all who share it: what starting a program takes, arguments of 6 MB included, must always be there. A limit
 * below is kept by the peak.
 */
export const LEAST_MEMORY_BYTES: number = 8 * 2 ** 20

/** si_code of a child's end, see waitid(2). */
const CLD_EXITED = 1
const SIGXFSZ = 25

export interface Evidence {
  /** init's cause. */
  readonly cause: number
  readonly how: number
  readonly status: number
  readonly cpuTimeMs: number
  /** From execve to the end as init saw it. */
  readonly wallTimeMs: number
  readonly memoryBytes: number
  /** No cgroup keeps the limit on memory: init does, by looking. */
  readonly watched: boolean
  /** Processes that the kernel killed because the box's memory was used up. */
  readonly oomKills: number
  /** How often a new process was refused. */
  readonly refusedProcesses: number
  /** The byte after the last one allowed arrived, also when the program ended before it could be ended for it. */
  readonly outputExceeded: boolean
  /** A file of the box, or its output file, has reached the file size limit. */
  readonly fileAtLimit: boolean
  readonly processes: number
}

export interface VerdictLimits {
  readonly cpuTimeMs: number
  readonly wallTimeMs: number
  readonly memoryBytes: number
  readonly processes: number
  readonly outputBytes: number
  readonly fileSizeBytes: number
}

export interface Verdict {
  readonly status: Status
  readonly limit?: LimitKind
}

type Rule = readonly [applies: (evidence: Evidence, limits: VerdictLimits) => boolean, verdict: Verdict]

const endedBadly = ({ how, status }: Evidence): boolean => how !== CLD_EXITED || status !== 0
const killedBy = (signal: number, { how, status }: Evidence): boolean =>
  how !== CLD_EXITED && status === signal

const RULES: readonly Rule[] = [
  [({ cause }) => cause === HOST_CAUSE.canceled, { status: 'canceled' }],
  [({ cause }) => cause === CAUSE.denied, { status: 'syscall-denied' }],
  // Before the clocks: a program whose children are killed for memory and started again ends by a clock.
  [
    ({ oomKills, cause }) => oomKills > 0 || cause === CAUSE.memory,
    { status: 'memory-limit', limit: 'memoryBytes' },
  ],
  // Where the kernel does not keep the limit, the last reading decides for one that ended between two looks.
  [
    ({ memoryBytes, watched }, limits) =>
      (watched || limits.memoryBytes < LEAST_MEMORY_BYTES) && memoryBytes > limits.memoryBytes,
    { status: 'memory-limit', limit: 'memoryBytes' },
  ],
  [({ outputExceeded }) => outputExceeded, { status: 'output-limit', limit: 'outputBytes' }],
  [({ cause }) => cause === CAUSE.cpu, { status: 'cpu-time-limit', limit: 'cpuTimeMs' }],
  // The last reading decides for one that ended between two looks (or by RLIMIT_CPU behind them).
  [({ cpuTimeMs }, limits) => cpuTimeMs > limits.cpuTimeMs, { status: 'cpu-time-limit', limit: 'cpuTimeMs' }],
  [({ cause }) => cause === CAUSE.wall, { status: 'wall-time-limit', limit: 'wallTimeMs' }],
  // As above: which of the limit and the end a busy machine lets init see first must not decide.
  [
    ({ wallTimeMs }, limits) => wallTimeMs > limits.wallTimeMs,
    { status: 'wall-time-limit', limit: 'wallTimeMs' },
  ],
  [
    evidence => killedBy(SIGXFSZ, evidence) && evidence.fileAtLimit,
    { status: 'output-limit', limit: 'fileSizeBytes' },
  ],
  // A refused fork alone is no failure: many programs go on with fewer threads.
  [
    evidence => evidence.refusedProcesses > 0 && endedBadly(evidence),
    { status: 'process-limit', limit: 'processes' },
  ],
  [({ how }) => how === CLD_EXITED, { status: 'exited' }],
]

/** The first rule that applies; what no limit explains is the signal's. */
export function deriveVerdict(evidence: Evidence, limits: VerdictLimits): Verdict {
  return RULES.find(([applies]) => applies(evidence, limits))?.[1] ?? { status: 'signaled' }
}

/** Whether the program itself ended: by exit, or by a signal that neither init nor the host sent. */
export function endedItself({ cause }: Evidence): boolean {
  return cause === CAUSE.none
}
