/** From the end of a world to the ending of a job. */
import type { Ending, Unserved } from '../../job/ending.ts'
import { syscallByNumber } from '../../linux/syscalls.ts'
import type { KernelEnding } from './wire.ts'

const MEASURED = { cpuTime: 'kernel', memory: 'kernel', processes: 'kernel' } as const
const SIGNAL_BITS = 0x7f

/** A wait status: an exit code, or the signal that ended the program. */
const exitOf = (status: number): NonNullable<Ending['exit']> =>
  (status & SIGNAL_BITS) === 0 ? { code: (status >> 8) & 0xff } : { signal: status & SIGNAL_BITS }

function unservedOf({ missing, faultCount, faults }: KernelEnding): Unserved | undefined {
  if (missing.length === 0 && faultCount === 0) return undefined
  const calls: Record<string, number> = {}
  for (const [nr, count] of missing) {
    const name = syscallByNumber(nr)?.name ?? 'unknown'
    calls[name] = (calls[name] ?? 0) + count
  }
  return { calls, faults: faultCount, faultTexts: faults }
}

export function endingOf(ending: KernelEnding): Ending {
  const userTimeMs = ending.guestsNs / 1e6
  const systemTimeMs = ending.kernelNs / 1e6
  const unserved = unservedOf(ending)
  return {
    cause: ending.cause,
    exit: exitOf(ending.status),
    startedNs: BigInt(Math.round(ending.startedNs)),
    endedNs: BigInt(Math.round(ending.endedNs)),
    usage: {
      cpuTimeMs: userTimeMs + systemTimeMs,
      userTimeMs,
      systemTimeMs,
      memoryBytes: ending.peakBytes,
      processes: ending.peakTasks,
    },
    measuredBy: MEASURED,
    oomKills: 0,
    refusedProcesses: ending.refusedProcesses,
    fileAtLimit: ending.fileAtLimit,
    ...(unserved ? { unserved } : {}),
  }
}
