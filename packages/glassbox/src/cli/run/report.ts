/** Describes a result for a person at a terminal. Pure. */
import type { Measurer } from '../../job/ending.ts'
import type { AnyResult, LimitKind } from '../../job/result.ts'
import { formatDuration, formatSize } from '../units.ts'

const LIMITS: Readonly<
  Record<LimitKind, { readonly name: string; readonly format: (value: number) => string }>
> = {
  cpuTimeMs: { name: 'CPU time limit', format: formatDuration },
  wallTimeMs: { name: 'wall time limit', format: formatDuration },
  memoryBytes: { name: 'memory limit', format: formatSize },
  outputBytes: { name: 'output limit', format: formatSize },
  fileSizeBytes: { name: 'file size limit', format: formatSize },
  processes: { name: 'process limit', format: String },
}

function ending({ status, exitCode, signal, limit, violation }: AnyResult): string {
  if (limit) {
    const { name, format } = LIMITS[limit.kind]
    // Refusing a process does not end a program; the program ended itself, and the limit is the
    // likely reason.
    if (status === 'process-limit')
      return `${ownEnd({ exitCode, signal })}, after the ${name} (${format(limit.limit)}) refused it another`
    const used = limit.used > limit.limit ? ` (used ${format(limit.used)})` : ''
    return `killed by the ${name} of ${format(limit.limit)}${used}`
  }
  if (status === 'syscall-denied' && violation)
    return `killed by a denied system call: ${violation.syscall}(${violation.args})`
  if (status === 'canceled') return 'canceled'
  return ownEnd({ exitCode, signal })
}

function ownEnd({ exitCode, signal }: { exitCode: number | undefined; signal: string | undefined }): string {
  return signal === undefined ? `exited with code ${exitCode}` : `killed by signal ${signal}`
}

/** Page cache below this size, in bytes, is not worth mentioning. */
const SMALL_CACHE = 2 ** 20

function peakMemory({ memoryBytes, ownMemoryBytes = memoryBytes }: AnyResult): string {
  const cache = memoryBytes - ownMemoryBytes
  const own = cache > SMALL_CACHE ? ` (about ${formatSize(ownMemoryBytes)} without page cache)` : ''
  return `peak memory ${formatSize(memoryBytes)}${own}`
}

/** Marks usage that was not measured by a cgroup. */
function caveat({ cpuTime, memory }: AnyResult['measuredBy']): string {
  const weak = ([cpuTime, memory] as Measurer[]).includes('init')
  return weak ? ' · measured without a cgroup' : ''
}

/** How many calls were denied without ending the program, and how to see which. */
function denied({ denials, moreDenials = 0 }: AnyResult, explained: boolean): string {
  const count = (denials?.length ?? 0) + moreDenials
  if (count === 0) return ''
  return ` · ${count} denied ${count === 1 ? 'call' : 'calls'}${explained ? '' : ' (see --explain)'}`
}

/** So many names fit into the line. */
const MOST_NAMES = 3

/** Calls that the kernel runner does not have, and its own faults. */
function unserved({ unserved: found }: AnyResult): string {
  if (!found) return ''
  const names = Object.entries(found.calls)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}×`)
  const more = names.length > MOST_NAMES ? `, ${names.length - MOST_NAMES} more` : ''
  const calls = names.length > 0 ? ` · calls not served: ${names.slice(0, MOST_NAMES).join(', ')}${more}` : ''
  const faults =
    found.faults > 0 ? ` · ${found.faults} ${found.faults === 1 ? 'fault' : 'faults'} of the kernel` : ''
  return calls + faults
}

/**
 * One line: how the program ended, CPU and wall time, peak memory, denied calls. `explained` says
 * that lines of --explain follow.
 */
export function reportLine(result: AnyResult, explained = false): string {
  const { cpuTimeMs, wallTimeMs, measuredBy } = result
  const figures = `CPU ${formatDuration(cpuTimeMs)} · wall ${formatDuration(wallTimeMs)} · ${peakMemory(result)}`
  return `${ending(result)} · ${figures}${caveat(measuredBy)}${denied(result, explained)}${unserved(result)}`
}
