/** Puts a result together from what init, the counters and the channels know. */
import type { EndedReply, Reply } from '../container/wire.ts'
import { signalName } from '../linux/signals.ts'
import type { Account, Figures } from '../runners/namespace/accounting.ts'
import type { Collected } from '../run/collect.ts'
import type { Limits } from './options.ts'
import type { LimitKind, AnyResult } from './result.ts'
import { deriveVerdict, type Evidence } from './verdict.ts'
import { describeViolation } from '../runners/namespace/violation.ts'

const CLD_EXITED = 1
const NOT_STARTED = 0

export interface ResultParts {
  readonly report: EndedReply
  readonly figures: Figures
  readonly account: Pick<Account, 'means' | 'watch'>
  readonly limits: Required<Limits>
  readonly fileAtLimit: boolean
  readonly calledAt: bigint
  readonly collected: Collected
  readonly outputs: Record<'stdout' | 'stderr', { bytes: Uint8Array; truncated: boolean }>
  readonly encoding: 'utf8' | 'buffer'
}

/** What nothing used. */
export const NOTHING: Figures = {
  cpuTimeMs: 0,
  userTimeMs: 0,
  systemTimeMs: 0,
  memoryBytes: 0,
  oomKills: 0,
  refusedProcesses: 0,
}

const milliseconds = (ns: bigint): number => Number(ns) / 1e6

export function buildResult(parts: ResultParts): AnyResult {
  const { report, figures, limits, outputs, calledAt } = parts
  const { ended } = report
  const wallTimeMs = milliseconds(ended.endedNs - ended.startedNs)
  const evidence: Evidence = {
    ...report,
    ...figures,
    wallTimeMs,
    watched: parts.account.watch,
    processes: figures.processes ?? 0,
    outputExceeded: outputs.stdout.truncated || outputs.stderr.truncated,
    fileAtLimit: parts.fileAtLimit,
  }
  const { status, limit } = deriveVerdict(evidence, limits)
  const end = howItEnded(report)
  const decode = (bytes: Uint8Array): string | Uint8Array =>
    parts.encoding === 'buffer' ? bytes : Buffer.from(bytes).toString('utf8')
  return {
    status,
    ok: status === 'exited' && end.exitCode === 0,
    ...end,
    cpuTimeMs: figures.cpuTimeMs,
    userTimeMs: figures.userTimeMs,
    systemTimeMs: figures.systemTimeMs,
    wallTimeMs,
    setupTimeMs: milliseconds(ended.startedNs - calledAt),
    memoryBytes: figures.memoryBytes,
    ...(figures.processes === undefined ? {} : { processes: figures.processes }),
    stdout: decode(outputs.stdout.bytes),
    stderr: decode(outputs.stderr.bytes),
    stdoutTruncated: outputs.stdout.truncated,
    stderrTruncated: outputs.stderr.truncated,
    ...(limit ? { limit: { kind: limit, limit: limits[limit], used: used(limit, parts, wallTimeMs) } } : {}),
    ...(ended.denied ? { violation: describeViolation(ended.denied) } : {}),
    ...parts.collected,
    runner: 'namespace',
    means: { ...parts.account.means, ...(figures.memoryMeans ? { memory: figures.memoryMeans } : {}) },
  }
}

/** Only what the program did itself: a kill of ours is no signal of its. */
function howItEnded({ cause, how, status }: Reply): Pick<AnyResult, 'exitCode' | 'signal'> {
  if (cause !== 0 || how === NOT_STARTED) return {}
  return how === CLD_EXITED ? { exitCode: status } : { signal: signalName(status) }
}

function used(kind: LimitKind, { figures, limits, outputs }: ResultParts, wallTimeMs: number): number {
  const values: Record<LimitKind, number> = {
    cpuTimeMs: figures.cpuTimeMs,
    wallTimeMs,
    memoryBytes: figures.memoryBytes,
    // What came on top of the limit was not counted, only that there was more.
    outputBytes: Math.max(outputs.stdout.bytes.length, outputs.stderr.bytes.length, limits.outputBytes),
    fileSizeBytes: limits.fileSizeBytes,
    processes: Math.max(figures.processes ?? 0, limits.processes),
  }
  return values[kind]
}
