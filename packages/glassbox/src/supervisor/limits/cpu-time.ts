/**
 * The CPU time of a program: the clocks of its dead processes, each read before the process was
 * reaped, and of its living ones. It counts every process, also children that their parents do
 * not wait for.
 */
import { syscall } from '../../gate/gate.ts'
import { syscallNumber } from '../../linux/syscalls.ts'

const CLOCK_GETTIME = syscallNumber('clock_gettime')
/** CPUCLOCK_SCHED of a whole process; see clock_getcpuclockid(3). */
const SCHED = 2
const time = new BigInt64Array(2)
const SECOND = 1_000_000_000n

/** The CPU time of a living process in ns; 0 if there is no such process. */
function processClock(pid: number): bigint {
  if (syscall(CLOCK_GETTIME, (~pid << 3) | SCHED, time) < 0) return 0n
  return (time[0] ?? 0n) * SECOND + (time[1] ?? 0n)
}

const MS_NS = 1_000_000

export class CpuTime {
  /** By pid: what the process had used before it executed the program, in ns. */
  readonly #living = new Map<number, bigint>()
  #deadNs = 0n
  #userMs = 0

  add(pid: number): void {
    this.#living.set(pid, 0n)
  }

  /** From now on the clock of this process counts. */
  start(pid: number): void {
    this.#living.set(pid, processClock(pid))
  }

  get processes(): IterableIterator<number> {
    return this.#living.keys()
  }

  /** Counts a process that ended. `userUs` and `systemUs`: the rusage, which gives the ratio. */
  ended(pid: number, clockNs: bigint, userUs: number, systemUs: number): void {
    const ns = clockNs - (this.#living.get(pid) ?? 0n)
    this.#living.delete(pid)
    this.#deadNs += ns
    const both = userUs + systemUs
    this.#userMs += (Number(ns) / MS_NS) * (both === 0 ? 0 : userUs / both)
  }

  /** The CPU time so far, in ns. */
  totalNs(): bigint {
    let total = this.#deadNs
    for (const [pid, before] of this.#living) {
      const ns = processClock(pid)
      // It may have ended just now: then its end will be counted.
      if (ns > before) total += ns - before
    }
    return total
  }

  /** Once every process is dead. */
  usage(): { readonly cpuTimeMs: number; readonly userTimeMs: number; readonly systemTimeMs: number } {
    const cpuTimeMs = Number(this.#deadNs) / MS_NS
    const userTimeMs = Math.min(this.#userMs, cpuTimeMs)
    return { cpuTimeMs, userTimeMs, systemTimeMs: cpuTimeMs - userTimeMs }
  }
}
