/** What a process itself has used, without its children. */
import type { Process } from './state.ts'
import type { Usage } from './usage.ts'

const PAGE_KIB = 4

export function ownUsage(process: Process): Usage {
  const pages = process.leader?.addressSpace.totalPages ?? 0
  process.maxResident = Math.max(process.maxResident, pages * PAGE_KIB)
  return {
    cpuNs: process.cpuNs(),
    maxResident: process.maxResident,
    minorFaults: 0,
    majorFaults: 0,
  }
}
