/** What processes have used: getrusage(2). */

export interface Usage {
  readonly cpuNs: number
  /** In KiB. */
  readonly maxResident: number
  readonly minorFaults: number
  readonly majorFaults: number
}

export const NO_USAGE: Usage = { cpuNs: 0, maxResident: 0, minorFaults: 0, majorFaults: 0 }

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    cpuNs: a.cpuNs + b.cpuNs,
    maxResident: Math.max(a.maxResident, b.maxResident),
    minorFaults: a.minorFaults + b.minorFaults,
    majorFaults: a.majorFaults + b.majorFaults,
  }
}
