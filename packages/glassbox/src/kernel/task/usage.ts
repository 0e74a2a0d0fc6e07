/** What processes have used: getrusage(2), and /proc/PID/io. */
import { syscallNumber } from '../../linux/syscalls.ts'

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

const READS = 1
const WRITES = 2

/** Which calls move the bytes of files, by number. */
const MOVES = new Uint8Array(512)
for (const name of ['read', 'pread64', 'readv', 'preadv', 'preadv2']) MOVES[syscallNumber(name)] = READS
for (const name of ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2']) MOVES[syscallNumber(name)] = WRITES
for (const name of ['sendfile', 'copy_file_range']) MOVES[syscallNumber(name)] = READS | WRITES

/** How much a process has read and written. */
export class Transfers {
  reads = 0
  readBytes = 0
  writes = 0
  writtenBytes = 0

  /** A call has this result. */
  count(nr: number, result: number): void {
    const moves = MOVES[nr] ?? 0
    if (moves === 0 || result < 0) return
    if ((moves & READS) !== 0) {
      this.reads++
      this.readBytes += result
    }
    if ((moves & WRITES) !== 0) {
      this.writes++
      this.writtenBytes += result
    }
  }
}
