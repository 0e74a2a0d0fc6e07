/** From the end of a world to the ending of a job. */
import type { Ending } from '../../job/ending.ts'
import type { KernelEnding } from './wire.ts'

const MEASURED = { cpuTime: 'kernel', memory: 'kernel', processes: 'kernel' } as const
const SIGNAL_BITS = 0x7f

/** A wait status: an exit code, or the signal that ended the program. */
const exitOf = (status: number): NonNullable<Ending['exit']> =>
  (status & SIGNAL_BITS) === 0 ? { code: (status >> 8) & 0xff } : { signal: status & SIGNAL_BITS }

export function endingOf(ending: KernelEnding): Ending {
  const userTimeMs = ending.guestsNs / 1e6
  const systemTimeMs = ending.kernelNs / 1e6
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
  }
}
