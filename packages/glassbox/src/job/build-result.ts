/** Builds the result of a run from the ending of its job, its output and its files. Pure. */
import { signalName } from '../linux/signals.ts'
import type { Ending } from './ending.ts'
import { possibleLimits } from './limit-signs.ts'
import type { Limits } from './options.ts'
import type { AnyResult, CollectedFiles, LimitKind, RunnerName } from './result.ts'
import { deriveVerdict } from './verdict.ts'

/** The captured part of one output. */
export interface Captured {
  readonly bytes: Uint8Array
  readonly truncated: boolean
}

export interface ResultParts {
  readonly runner: RunnerName
  readonly ending: Ending
  readonly limits: Required<Limits>
  /** When run() was called: CLOCK_MONOTONIC in ns. */
  readonly calledAt: bigint
  readonly collected: CollectedFiles
  readonly outputs: Readonly<Record<'stdout' | 'stderr', Captured>>
  readonly encoding: 'utf8' | 'buffer'
}

const milliseconds = (ns: bigint): number => Number(ns) / 1e6

export function buildResult(parts: ResultParts): AnyResult {
  const { ending, limits, outputs, calledAt } = parts
  const { processes, ...usage } = ending.usage
  const wallTimeMs = milliseconds(ending.endedNs - ending.startedNs)
  const outputExceeded = outputs.stdout.truncated || outputs.stderr.truncated
  const { status, limit } = deriveVerdict({ ending, wallTimeMs, outputExceeded }, limits)
  const end = howItEnded(ending)
  const decode = (bytes: Uint8Array): string | Uint8Array =>
    parts.encoding === 'buffer' ? bytes : Buffer.from(bytes).toString('utf8')
  const ok = status === 'exited' && end.exitCode === 0
  const { measuredBy, disk } = ending
  const text = ok ? '' : excerptOf(outputs.stderr.bytes)
  const seen = { status, ok, ...end, memoryBytes: usage.memoryBytes, measuredBy }
  const possible = possibleLimits({ result: seen, limits, disk, text })
  return {
    status,
    ok,
    ...end,
    ...usage,
    wallTimeMs,
    setupTimeMs: milliseconds(ending.startedNs - calledAt),
    ...(processes === undefined ? {} : { processes }),
    stdout: decode(outputs.stdout.bytes),
    stderr: decode(outputs.stderr.bytes),
    stdoutTruncated: outputs.stdout.truncated,
    stderrTruncated: outputs.stderr.truncated,
    ...(limit ? { limit: { kind: limit, limit: limits[limit], used: used(limit, parts, wallTimeMs) } } : {}),
    ...(possible.length > 0 ? { possibleLimits: possible } : {}),
    ...(ending.denied ? { violation: ending.denied } : {}),
    ...(ending.denials ? { denials: ending.denials, moreDenials: ending.moreDenials ?? 0 } : {}),
    ...(ending.unserved ? { unserved: ending.unserved } : {}),
    ...parts.collected,
    runner: parts.runner,
    measuredBy,
    ...(ending.weaker ? { weaker: ending.weaker } : {}),
  }
}

/** How much of the beginning and of the end of stderr is searched, in bytes. */
const EXCERPT_BYTES = 32 * 1024

function excerptOf(bytes: Uint8Array): string {
  const text = (part: Uint8Array): string =>
    Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1')
  if (bytes.length <= 2 * EXCERPT_BYTES) return text(bytes)
  return `${text(bytes.subarray(0, EXCERPT_BYTES))}\n${text(bytes.subarray(-EXCERPT_BYTES))}`
}

/** The program's own exit code or signal. Absent if glassbox killed the program. */
function howItEnded({ cause, exit }: Ending): Pick<AnyResult, 'exitCode' | 'signal'> {
  if (cause !== 'itself' || exit === undefined) return {}
  return 'code' in exit ? { exitCode: exit.code } : { signal: signalName(exit.signal) }
}

function used(kind: LimitKind, { ending, limits, outputs }: ResultParts, wallTimeMs: number): number {
  const values: Record<LimitKind, number> = {
    cpuTimeMs: ending.usage.cpuTimeMs,
    wallTimeMs,
    memoryBytes: ending.usage.memoryBytes,
    // Output above the limit is not counted, so at least the limit was used.
    outputBytes: Math.max(outputs.stdout.bytes.length, outputs.stderr.bytes.length, limits.outputBytes),
    fileSizeBytes: limits.fileSizeBytes,
    processes: Math.max(ending.usage.processes ?? 0, limits.processes),
  }
  return values[kind]
}
